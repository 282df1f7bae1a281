//! Reading, a few rows at a time.

use muster_engine::{Ordinal, Record};
use muster_plans::id::RunId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::append::length;
use crate::Error;
use crate::entity::journal;
use crate::open::Store;
use crate::text::{from_json, int};

/// Rows read in one go: what stands in memory twice for a moment.
const ROWS: u64 = 64;

impl Store {
    /// How many records a run's journal holds; 0 for a run that does not exist.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn journal_length(&self, run: RunId) -> Result<Ordinal, Error> {
        length(self.reader(), run).await
    }

    /// Some records of a run from a position on, at most `limit` of them.
    ///
    /// # Errors
    /// Where the database does not answer or a row cannot be read.
    pub async fn journal_page(
        &self,
        run: RunId,
        from: Ordinal,
        limit: usize,
    ) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        let mut row_from = self.row_that_holds(run, from).await?;
        while records.len() < limit {
            let rows = journal::Entity::find()
                .filter(journal::Column::RunId.eq(run.0))
                .filter(journal::Column::FirstSeq.gte(row_from))
                .order_by_asc(journal::Column::FirstSeq)
                .limit(ROWS)
                .all(self.reader())
                .await?;
            let Some(last) = rows.last() else { break };
            row_from = last.first_seq + last.count;
            for row in &rows {
                let batch: Vec<Record> = from_json("journal record", &row.payload)?;
                records.extend(batch.into_iter().filter(|record| record.seq >= from));
            }
            // Reading a long journal must not keep others from this thread.
            tokio::task::yield_now().await;
        }
        records.truncate(limit);
        Ok(records)
    }

    pub(super) async fn read_all(&self, run: RunId, from: Ordinal) -> Result<Vec<Record>, Error> {
        self.journal_page(run, from, usize::MAX).await
    }

    /// First position of the row in which a position stands.
    async fn row_that_holds(&self, run: RunId, position: Ordinal) -> Result<i64, Error> {
        let row = journal::Entity::find()
            .select_only()
            .column(journal::Column::FirstSeq)
            .filter(journal::Column::RunId.eq(run.0))
            .filter(journal::Column::FirstSeq.lte(int(position)))
            .order_by_desc(journal::Column::FirstSeq)
            .into_tuple::<i64>()
            .one(self.reader())
            .await?;
        Ok(row.unwrap_or(0))
    }
}
