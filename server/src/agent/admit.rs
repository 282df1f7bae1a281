//! How an operation comes in: a new one begins, one that is under way is joined, one that ended is
//! answered from memory.

use std::sync::Arc;

use muster_contract::{ErrorClass, OpContext, Operation, Outcome, Receipt};
use muster_plans::time::{Span, Time};
use tokio::sync::watch;

use super::perform::{Job, perform};
use super::state::{Running, State};
use super::{Inner, scope};

/// Where an operation ends.
pub(super) type End = watch::Receiver<Option<Outcome<Receipt>>>;

/// How long after its deadline an operation is still waited for, so that one that ends just in time
/// is not called unknown.
const GRACE: Span = Span(500);

pub(super) enum Admission {
    /// It ended before.
    Answer(Outcome<Receipt>),
    /// It is under way.
    Join(End),
    /// It begins, or goes on where a crash or a lost answer left it.
    Start { end: End, cancel: watch::Receiver<bool>, earlier: bool },
}

impl State {
    /// Decides in one step, so that of five at once one begins.
    pub(super) fn admit(&mut self, ctx: &OpContext, op: &Operation) -> Admission {
        let digest = op.digest();
        if let Some(running) = self.running.get_mut(&ctx.op_id) {
            if running.digest != digest {
                return Admission::Answer(reused(ctx));
            }
            running.token = running.token.max(ctx.token);
            return Admission::Join(running.end.subscribe());
        }
        let entry = self.entries.get(&ctx.op_id);
        if entry.and_then(|entry| entry.digest.as_ref()).is_some_and(|found| *found != digest) {
            return Admission::Answer(reused(ctx));
        }
        if let Some(outcome) = entry.and_then(|entry| entry.outcome.clone()) {
            return Admission::Answer(outcome);
        }
        let earlier = entry.is_some();
        let (end, ended) = watch::channel(None);
        let (cancel, cancelled) = watch::channel(false);
        let running = Running {
            digest,
            object: op.object(),
            token: ctx.token,
            launched: earlier,
            cancel,
            end,
        };
        self.running.insert(ctx.op_id, running);
        Admission::Start { end: ended, cancel: cancelled, earlier }
    }
}

fn reused(ctx: &OpContext) -> Outcome<Receipt> {
    let message = format!("operation id {} was used for another operation before", ctx.op_id);
    Outcome::refused(ErrorClass::Precondition, message)
}

impl Inner {
    pub(super) async fn execute(
        self: &Arc<Inner>,
        ctx: &OpContext,
        op: &Operation,
    ) -> Outcome<Receipt> {
        if ctx.dry_run {
            return self.look(ctx, op).await;
        }
        let admission = self.state().admit(ctx, op);
        let end = match admission {
            Admission::Answer(outcome) => return outcome,
            Admission::Join(end) => end,
            Admission::Start { end, cancel, earlier } => {
                let job = Job { ctx: ctx.clone(), op: op.clone(), cancel, earlier };
                // On a task of its own: who asked may go away, the operation goes on. Its end comes
                // through the channel.
                drop(self.tasks.run(perform(self.clone(), job)));
                end
            }
        };
        self.wait(end, ctx.deadline).await
    }

    async fn wait(&self, mut end: End, deadline: Time) -> Outcome<Receipt> {
        tokio::select! {
            biased;
            ended = end.wait_for(Option::is_some) => {
                let outcome = ended.ok().and_then(|outcome| outcome.clone());
                outcome.unwrap_or_else(|| Outcome::unknown("the agent was cut off"))
            }
            () = self.until(deadline + GRACE) => {
                Outcome::unknown("it was still under way at its deadline")
            }
        }
    }

    /// A dry run: nothing is remembered, nothing is raised, and the backend changes nothing.
    async fn look(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let allowed = self
            .of_this_site(&ctx.domain)
            .and_then(|()| scope::check(ctx, op))
            .and_then(|()| self.state().check(ctx, &op.object()));
        if let Err(reason) = allowed {
            return Outcome::Refused(reason);
        }
        tokio::select! {
            outcome = self.backend.execute(ctx, op) => outcome,
            () = self.until(ctx.deadline + GRACE) => {
                Outcome::unknown("the dry run was not ready at its deadline")
            }
        }
    }
}
