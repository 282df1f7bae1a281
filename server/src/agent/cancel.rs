//! Stopping an operation: before it began, that is sure; after, the backend is asked.

use std::time::Duration;

use muster_contract::{ErrorClass, OpId, Outcome, Receipt};

use super::Inner;
use super::admit::End;
use super::ledger::Record;
use super::perform::not_written;

/// How long a cancel waits for the operation's own end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a cancel finds the operation.
enum Found {
    /// Never heard of; from now on refused.
    Nowhere(Record),
    /// Under way, and not at the backend.
    Before(End),
    /// Under way at the backend.
    AtBackend(End),
    /// At the backend once; nobody knows.
    Open,
    Ended(Outcome<Receipt>),
}

impl Inner {
    pub(super) async fn cancel(&self, id: OpId) -> Outcome<()> {
        match self.find(id) {
            Found::Nowhere(record) => match self.ledger.append(record).await {
                Ok(()) => Outcome::Done(()),
                Err(_) => not_written(),
            },
            Found::Before(end) => as_cancel(ended(end).await),
            Found::AtBackend(end) => match self.backend.cancel(&id).await {
                Outcome::Done(()) => as_cancel(ended(end).await),
                other => other,
            },
            Found::Open => self.cancel_open(id, ErrorClass::Precondition).await,
            // Remembered, so that it is an end.
            Found::Ended(Outcome::Unknown(hint)) => {
                let message = format!("it has ended, nobody knows how: {}", hint.message);
                Outcome::refused(ErrorClass::Precondition, message)
            }
            Found::Ended(outcome) => as_cancel(outcome),
        }
    }

    fn find(&self, id: OpId) -> Found {
        let at = self.now();
        let mut state = self.state();
        if let Some(running) = state.running.get(&id) {
            let end = running.end.subscribe();
            if running.launched {
                return Found::AtBackend(end);
            }
            running.cancel.send_replace(true);
            return Found::Before(end);
        }
        match state.entries.get(&id).map(|entry| entry.outcome.clone()) {
            Some(Some(outcome)) => Found::Ended(outcome),
            Some(None) => Found::Open,
            None => {
                // In memory at once, so that the operation cannot slip in while it is written.
                state.cancelled(id, at);
                Found::Nowhere(Record::Cancelled { id, at })
            }
        }
    }

    /// `class`: how it is refused from then on.
    pub(super) async fn cancel_open(&self, id: OpId, class: ErrorClass) -> Outcome<()> {
        let answer = self.backend.cancel(&id).await;
        if answer == Outcome::Done(()) {
            let entry = self.state().entries.get(&id).and_then(|entry| entry.digest.clone());
            let outcome = Outcome::refused(class, "it was cancelled at the backend");
            let kept = self.remember(id, entry.unwrap_or_default(), outcome).await;
            return as_cancel(kept);
        }
        answer
    }
}

async fn ended(mut end: End) -> Outcome<Receipt> {
    let wait = tokio::time::timeout(PATIENCE, end.wait_for(Option::is_some)).await;
    let outcome = wait.ok().and_then(Result::ok).and_then(|outcome| outcome.clone());
    outcome.unwrap_or_else(|| Outcome::unknown("it has not ended yet"))
}

/// An operation that was refused had no effect, which is what a cancel wants.
fn as_cancel(outcome: Outcome<Receipt>) -> Outcome<()> {
    match outcome {
        Outcome::Refused(_) => Outcome::Done(()),
        Outcome::Done(_) => Outcome::refused(ErrorClass::Precondition, "it has been done"),
        Outcome::Unknown(hint) => Outcome::Unknown(hint),
    }
}
