//! Work that must not end because whoever asked for it went away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};

/// A supervised set of tasks: a panic is logged, and a stop can wait for all of them.
///
/// Dropping the set ends its tasks where they are, as a kill would.
#[derive(Debug, Default)]
pub struct Tasks {
    set: Mutex<JoinSet<()>>,
}

/// The task panicked or was ended; what it was doing may or may not have had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task was cut off")]
pub struct CutOff;

impl Tasks {
    /// Runs the work to its end even where the returned future is dropped: an operation that has
    /// begun at a backend is not abandoned because a connection broke.
    ///
    /// # Errors
    /// [`CutOff`] where the work panicked or the set was dropped.
    pub fn run<T, W>(&self, work: W) -> impl Future<Output = Result<T, CutOff>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: Future<Output = T> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let mut set = self.lock();
        while let Some(ended) = set.try_join_next() {
            report(ended);
        }
        set.spawn(async move {
            // Nobody listens any more where the caller went away; the work is done all the same.
            let _ = sender.send(work.await);
        });
        async move { receiver.await.map_err(|_| CutOff) }
    }

    /// Waits until all of them have ended.
    pub async fn drain(&self) {
        let mut set = std::mem::take(&mut *self.lock());
        while let Some(ended) = set.join_next().await {
            report(ended);
        }
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "an operation panicked");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn work_goes_on_when_its_caller_goes_away() {
        let (tasks, done) = (Tasks::default(), Arc::new(AtomicBool::new(false)));
        let flag = done.clone();
        drop(tasks.run(async move {
            tokio::task::yield_now().await;
            flag.store(true, Ordering::SeqCst);
        }));
        tasks.drain().await;
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let tasks = Tasks::default();
        let answer = tasks.run(async { panic!("as planned") }).await;
        assert_eq!(answer, Err::<(), _>(CutOff));
    }
}
