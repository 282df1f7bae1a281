//! The journal's one writer, for all runs.
//!
//! Group commit that adapts by itself: whatever has come in while the last commit was on its way
//! goes into the next one. An idle server commits at once; a busy one commits more at a time. Each
//! run has one append on its way at most, so a run's records stay in order.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::ports::{Append, AppendError, Journal};

/// Why an append did not come to a good end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// The journal refused it.
    #[error(transparent)]
    Refused(#[from] AppendError),
    /// Nobody knows whether it was written: the run must be read again before it goes on.
    #[error("{0}")]
    Silent(String),
}

type Reply = oneshot::Sender<Result<(), WriteError>>;

pub(crate) struct Entry {
    append: Append,
    reply: Reply,
}

/// Hands appends to the writer.
#[derive(Clone, Debug)]
pub(crate) struct Writer(mpsc::Sender<Entry>);

impl Writer {
    /// A writer's two ends. The queue is bounded: who writes faster than the disk waits.
    pub(crate) fn channel() -> (Writer, mpsc::Receiver<Entry>) {
        let (sender, receiver) = mpsc::channel(1024);
        (Writer(sender), receiver)
    }

    /// Hands an append over; the receiver tells when it is durable.
    pub(crate) async fn submit(&self, append: Append) -> oneshot::Receiver<Result<(), WriteError>> {
        let (reply, receiver) = oneshot::channel();
        // Where the writer is gone the reply is dropped, and the receiver sees that.
        _ = self.0.send(Entry { append, reply }).await;
        receiver
    }

    /// Appends and waits until it is durable.
    pub(crate) async fn append(&self, append: Append) -> Result<(), WriteError> {
        heard(self.submit(append).await.await)
    }
}

/// What a reply means when the writer may be gone.
pub(crate) fn heard(
    reply: Result<Result<(), WriteError>, oneshot::error::RecvError>,
) -> Result<(), WriteError> {
    reply
        .unwrap_or_else(|_| Err(WriteError::Silent(String::from("the journal writer has stopped"))))
}

/// Writes until nobody is left who could hand something over.
pub(crate) async fn write(
    journal: Arc<dyn Journal>,
    mut queue: mpsc::Receiver<Entry>,
    records_per_commit: usize,
) {
    while let Some(first) = queue.recv().await {
        let mut records = first.append.records.len();
        let (mut batch, mut replies) = (vec![first.append], vec![first.reply]);
        while records < records_per_commit
            && let Ok(entry) = queue.try_recv()
        {
            records += entry.append.records.len();
            batch.push(entry.append);
            replies.push(entry.reply);
        }
        commit(journal.as_ref(), batch, replies).await;
    }
}

async fn commit(journal: &dyn Journal, batch: Vec<Append>, replies: Vec<Reply>) {
    let answers = match journal.append(batch).await {
        Ok(answers) => answers.into_iter().map(|a| a.map_err(WriteError::from)).collect(),
        Err(error) => {
            let words = crate::ports::chain(&error);
            tracing::error!(journal.error = words, "the journal does not answer");
            vec![Err(WriteError::Silent(words)); replies.len()]
        }
    };
    let missing = || Err(WriteError::Silent(String::from("the journal gave no answer")));
    let answers = answers.into_iter().chain(std::iter::repeat_with(missing));
    for (reply, answer) in replies.into_iter().zip(answers) {
        // A run that has gone away in the meantime does not hear it.
        _ = reply.send(answer);
    }
}
