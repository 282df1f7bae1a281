//! What may still be at the backend, although nothing here waits for it any more: the agent was
//! restarted, or the answer got lost, or came too late. It holds up its object and every fence above
//! it until the backend, or a person, says that it is over.

use std::time::Duration;

use muster_contract::{ErrorClass, Hint, OpId, Outcome, Reason};

use super::Inner;
use super::ledger::LedgerError;
use super::perform::Job;
use super::settle::Settled;
use super::state::cancelled;

/// How often the backend is asked while somebody waits for what is open.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(1);

/// An operation that may still have its effect.
pub(super) struct Left {
    pub(super) id: OpId,
    /// What the backend says of it.
    pub(super) why: String,
    /// Asking again is in vain.
    pub(super) for_ever: bool,
}

/// What a person can do where the backend cannot tell.
pub(super) const HELP: &str = "Where the backend can never tell, make sure there that nothing of it is left to be done, and \
     start the agent anew with `--settled` and the operation's id";

impl Inner {
    /// Waits until no earlier operation on the object can still have its effect.
    pub(super) async fn free(&self, job: &mut Job, object: &str) -> Result<(), Reason> {
        loop {
            // Registered before looking, so that no end is missed in between.
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            let open = self.state().open_at(object).into_iter().find(|id| *id != job.ctx.op_id);
            let Some(open) = open else { return Ok(()) };
            let Err(Left { id, why, for_ever }) = self.clear(open).await else { continue };
            let late = self.now() >= job.ctx.deadline;
            if late || for_ever {
                let class = if for_ever { ErrorClass::Precondition } else { ErrorClass::Retry };
                let message = format!("{object} is taken: {id} is open: {why}. {HELP}");
                return Err(Reason { class, message });
            }
            tokio::select! {
                Ok(_) = job.cancel.wait_for(|cancel| *cancel) => return Err(cancelled()),
                () = ended => {}
                () = tokio::time::sleep(ASK_AGAIN) => {}
                () = self.until(job.ctx.deadline) => {}
            }
        }
    }

    /// Finds out whether an operation that nobody waits for any more can still have its effect.
    /// `Ok`: it cannot, and its end is remembered.
    ///
    /// A backend that says that it never got it does not say that it never will: the request may be
    /// on its way. Only its word on a cancel makes sure of that.
    pub(super) async fn clear(&self, id: OpId) -> Result<(), Left> {
        let left = |why: String, for_ever| Left { id, why, for_ever };
        match self.settle(id).await {
            Settled::Ended(_) if self.is_settled(&id) => Ok(()),
            Settled::Ended(_) => Err(left("its end cannot be written down".to_owned(), false)),
            Settled::Pending => Err(left("it is under way at the backend".to_owned(), false)),
            Settled::Open(hint) => Err(left(hint.message, false)),
            Settled::Never(hint) => Err(left(hint.message, true)),
            Settled::Unsure(hint) => self.over(id, hint).await.map_err(|why| left(why, false)),
            Settled::NeverHeardOf => {
                // Nobody wants it gone for good: its run may try again, with another attempt.
                let answer = self.cancel_open(id, ErrorClass::Retry).await;
                if self.is_settled(&id) {
                    return Ok(());
                }
                let said = match answer {
                    Outcome::Done(()) => "its end cannot be written down".to_owned(),
                    Outcome::Refused(reason) => reason.message,
                    Outcome::Unknown(hint) => hint.message,
                };
                let why = format!("the backend has not got it, and does not cancel it: {said}");
                Err(left(why, false))
            }
        }
    }

    /// Whether an operation is over of which the backend says that it does not know how it ended: done
    /// by half, perhaps. A backend that cannot say now, like an agent before another backend, says the
    /// same. Its answer to a cancel tells them apart: only what has ended is refused. What it did
    /// stays unknown, and is read from the object.
    async fn over(&self, id: OpId, hint: Hint) -> Result<(), String> {
        match self.cancel_open(id, ErrorClass::Retry).await {
            Outcome::Refused(reason) if reason.class == ErrorClass::Precondition => {
                let digest = self.state().entries.get(&id).and_then(|entry| entry.digest.clone());
                self.remember(id, digest.unwrap_or_default(), Outcome::Unknown(hint)).await;
            }
            _ if self.is_settled(&id) => {}
            _ => return Err(hint.message),
        }
        if self.is_settled(&id) { Ok(()) } else { Err("its end cannot be written down".to_owned()) }
    }

    /// Asks about all that is open at an object, and changes nothing there.
    pub(super) async fn refresh(&self, object: &str) {
        let open = self.state().open_at(object);
        for id in open {
            if !self.is_under_way(&id) {
                // What is found out is remembered; what is not stays open.
                drop(self.settle(id).await);
            }
        }
    }

    /// A person has made sure that nothing of an operation is left to be done at the backend. What it
    /// did stays unknown, and is read from the object. `false`: it was not open, or is under way.
    pub(super) async fn settled_by_hand(&self, id: OpId) -> Result<bool, LedgerError> {
        let digest = {
            let state = self.state();
            let open = state.entries.get(&id).filter(|entry| entry.outcome.is_none());
            open.and_then(|entry| entry.digest.clone())
        };
        let Some(digest) = digest.filter(|_| !self.is_under_way(&id)) else { return Ok(false) };
        let over = Outcome::unknown("a person says that it is over; look at the object");
        self.remember(id, digest, over).await;
        if self.is_settled(&id) { Ok(true) } else { Err(LedgerError::Failed) }
    }

    /// This process waits for its end.
    pub(super) fn is_under_way(&self, id: &OpId) -> bool {
        self.state().running.contains_key(id)
    }

    /// It can have no effect any more, as far as is written down.
    fn is_settled(&self, id: &OpId) -> bool {
        self.state().entries.get(id).is_none_or(|entry| entry.outcome.is_some())
    }
}
