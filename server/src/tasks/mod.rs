//! Reconcilers: they come round again, take no input, and never retry a single call.

pub mod inventory;
pub mod runs;
pub mod upkeep;

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// The supervised task set: a panic in one is logged, and a stop ends them all.
#[derive(Debug, Default)]
pub struct Tasks {
    set: Mutex<JoinSet<()>>,
}

impl Tasks {
    /// Starts a task.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        // Ended tasks are looked at whenever another one is started, so that the set stays small.
        while let Some(ended) = set.try_join_next() {
            report(ended);
        }
        set.spawn(async move {
            task.await;
            tracing::debug!(task.name = name, "task ended");
        });
    }

    /// Ends all tasks. Nothing is lost by it: every reconciler starts from what is stored.
    pub async fn stop(&self) {
        let mut set = std::mem::take(&mut *self.set.lock().unwrap_or_else(PoisonError::into_inner));
        set.abort_all();
        while let Some(ended) = set.join_next().await {
            report(ended);
        }
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(error = %error, "a task panicked");
    }
}
