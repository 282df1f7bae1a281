//! The journal: one row for each committed batch of a run, append-only.
//!
//! There is no statement in this crate that changes or deletes a row of it; a test holds that.

mod append;
mod read;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use muster_engine::{Append, AppendError, Journal, JournalError, Ordinal, Record};
use muster_plans::id::RunId;

use crate::lease::silent;
use crate::open::Store;

#[async_trait]
impl Journal for Store {
    async fn append(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<(), AppendError>>, JournalError> {
        self.append_batch(batch).await.map_err(silent)
    }

    async fn read(&self, run: RunId, from: Ordinal) -> Result<Vec<Record>, JournalError> {
        self.read_all(run, from).await.map_err(silent)
    }
}
