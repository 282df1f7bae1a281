//! The way of one operation to the backend and back.

use std::sync::Arc;

use muster_contract::{
    ErrorClass, FenceDomain, OpContext, OpId, Operation, Outcome, Reason, Receipt,
};
use muster_plans::time::Span;
use tokio::sync::{OwnedMutexGuard, watch};

use super::ledger::Record;
use super::settle::Settled;
use super::state::cancelled;
use super::{Inner, scope};

/// An operation that was admitted.
pub(super) struct Job {
    pub(super) ctx: OpContext,
    pub(super) op: Operation,
    pub(super) cancel: watch::Receiver<bool>,
    /// It went to the backend before and nobody knows what became of it.
    pub(super) earlier: bool,
}

/// Takes the operation off the list of what is under way, also where its task is ended half-way:
/// whoever waits is told, and its intent stays open.
struct Listed<'a> {
    inner: &'a Inner,
    id: OpId,
    ended: bool,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.inner.state().running.remove(&self.id);
        }
        self.inner.ended.notify_waiters();
    }
}

pub(super) async fn perform(inner: Arc<Inner>, mut job: Job) {
    let id = job.ctx.op_id;
    let mut listed = Listed { inner: &inner, id, ended: false };
    loop {
        let worked = inner.work(&mut job).await;
        // In one step: whoever joins until here is answered, whoever comes later begins anew.
        let mut state = inner.state();
        let outcome = match worked {
            Ok(outcome) => outcome,
            // Somebody with a higher token has joined meanwhile.
            Err(_) if state.rises(&mut job.ctx) => continue,
            // Where an earlier request is open a refusal would say too much.
            Err(TooLow(reason)) if job.earlier => Outcome::unknown(reason.message),
            Err(TooLow(reason)) => Outcome::Refused(reason),
        };
        if let Outcome::Unknown(hint) = &outcome {
            let hint = hint.message.as_str();
            tracing::warn!(op.id = %id, hint, "the outcome of an operation is unknown");
        }
        if let Some(running) = state.running.remove(&id) {
            running.end.send_replace(Some(outcome));
        }
        listed.ended = true;
        return;
    }
}

impl Inner {
    /// Everything under the object's lock, and in this order: settle what is open, write the intent,
    /// compare the token, call, write the result.
    async fn work(&self, job: &mut Job) -> Result<Outcome<Receipt>, TooLow> {
        let object = job.op.object();
        let _turn = match self.turn(job, &object).await {
            Ok(turn) => turn,
            Err(reason) => return Ok(self.refuse(job, reason).await),
        };
        if job.earlier {
            match self.settle(job.ctx.op_id).await {
                Settled::Ended(outcome) => return Ok(outcome),
                Settled::NeverHeardOf => {}
                Settled::Pending => return Ok(Outcome::unknown("it is under way at the backend")),
                Settled::Open(hint) | Settled::Unsure(hint) | Settled::Never(hint) => {
                    return Ok(Outcome::Unknown(hint));
                }
            }
        }
        if let Err(outcome) = self.adopt().await {
            return Ok(outcome);
        }
        self.state().rises(&mut job.ctx);
        if let Err(stop) = self.approach(job, &object).await {
            return match stop {
                Stop::Refused(reason) => Ok(self.refuse(job, reason).await),
                Stop::TooLow(reason) => Err(TooLow(reason)),
                Stop::NotWritten => Ok(not_written()),
            };
        }
        let outcome = self.call(job).await;
        Ok(self.conclude(job, outcome).await)
    }

    /// Waits for the object, until the deadline or a cancel.
    async fn turn(&self, job: &mut Job, object: &str) -> Result<OwnedMutexGuard<()>, Reason> {
        let late = || Reason {
            class: ErrorClass::Retry,
            message: "its deadline passed before its turn came".to_owned(),
        };
        let deadline = job.ctx.deadline;
        let turn = tokio::select! {
            biased;
            Ok(_) = job.cancel.wait_for(|cancel| *cancel) => return Err(cancelled()),
            turn = self.locks.lock(object) => turn,
            () = self.until(deadline) => return Err(late()),
        };
        if self.now() >= deadline { Err(late()) } else { Ok(turn) }
    }

    /// Token, nothing else open at the object, intent on disk, token again. After `Ok` the backend may
    /// be called at once.
    async fn approach(&self, job: &mut Job, object: &str) -> Result<(), Stop> {
        self.of_this_site(&job.ctx.domain).and_then(|()| scope::check(&job.ctx, &job.op))?;
        // What is too low does not wait for the object, and cancels nothing there.
        self.state().check(&job.ctx, object).map_err(Stop::TooLow)?;
        self.free(job, object).await?;
        let ctx = &job.ctx;
        let intent = Record::Intent {
            id: ctx.op_id,
            digest: job.op.digest(),
            object: object.to_owned(),
            group: ctx.domain.group.clone(),
            token: ctx.token,
            at: self.now(),
        };
        self.state().begin(ctx, intent.clone()).map_err(Stop::TooLow)?;
        self.ledger.append(intent).await.map_err(|_| Stop::NotWritten)?;
        // A fence may have been raised meanwhile, or the operation cancelled.
        let launched = self.state().launch(ctx, object);
        if let (Err(Stop::TooLow(_)), false) = (&launched, job.earlier) {
            let withdrawn = Record::Withdrawn { id: ctx.op_id };
            self.ledger.append(withdrawn.clone()).await.map_err(|_| Stop::NotWritten)?;
            self.state().replay(withdrawn);
        }
        launched
    }

    async fn call(&self, job: &Job) -> Outcome<Receipt> {
        let linger = u64::try_from(self.settings.linger.as_millis()).unwrap_or(u64::MAX);
        tokio::select! {
            outcome = self.backend.execute(&job.ctx, &job.op) => outcome,
            () = self.until(job.ctx.deadline + Span(linger)) => {
                Outcome::unknown("the backend has not answered long after the deadline")
            }
        }
    }

    async fn refuse(&self, job: &Job, reason: Reason) -> Outcome<Receipt> {
        if job.earlier {
            // Its earlier request is open: a refusal would say too much.
            return Outcome::unknown(reason.message);
        }
        self.conclude(job, Outcome::Refused(reason)).await
    }

    /// Remembers an end before anybody is told of it. An unknown outcome is no end.
    async fn conclude(&self, job: &Job, outcome: Outcome<Receipt>) -> Outcome<Receipt> {
        match outcome {
            Outcome::Unknown(_) => outcome,
            Outcome::Done(_) | Outcome::Refused(_) => {
                self.remember(job.ctx.op_id, job.op.digest(), outcome).await
            }
        }
    }

    pub(super) async fn remember(
        &self,
        id: OpId,
        digest: String,
        outcome: Outcome<Receipt>,
    ) -> Outcome<Receipt> {
        let at = self.now();
        let record = Record::Ended { id, digest: digest.clone(), outcome: outcome.clone(), at };
        if self.ledger.append(record).await.is_err() {
            return not_written();
        }
        self.state().end(id, digest, outcome.clone(), at);
        self.ended.notify_waiters();
        outcome
    }

    pub(super) fn of_this_site(&self, domain: &FenceDomain) -> Result<(), Reason> {
        if domain.site == self.site {
            return Ok(());
        }
        let message =
            format!("this is the agent of site `{}`, not of `{}`", self.site, domain.site);
        Err(Reason { class: ErrorClass::Precondition, message })
    }
}

/// [`Stop::TooLow`], as long as somebody may still join with a higher token.
struct TooLow(Reason);

/// Why an operation does not reach the backend.
pub(super) enum Stop {
    /// That is its end.
    Refused(Reason),
    /// Its word does not count, and never will: tokens only rise. Nothing is remembered, so that a
    /// new owner of the run, who comes with a higher one, can ask for the same operation.
    TooLow(Reason),
    NotWritten,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Stop {
        Stop::Refused(reason)
    }
}

/// What cannot be remembered cannot be promised.
pub(super) fn not_written<T>() -> Outcome<T> {
    Outcome::unknown("the agent cannot write its ledger; see its log")
}
