//! What came back from a step.

use std::sync::Arc;

use muster_contract::{ErrorClass, Hint, Reason};
use muster_plans::graph::{Action, OnFailure, StepIx};
use muster_plans::time::Span;

use super::job::{How, site_of};
use super::resolve::resolve;
use super::shop::Job;
use super::{Executor, Report};
use crate::engine::Stop;
use crate::event::Event;
use crate::step;

impl Executor {
    pub(super) fn take_report(&mut self, job: Job, how: How) -> Result<(), Stop> {
        if !self.is_current(&job) {
            return Ok(());
        }
        let (step, undo) = (job.step, job.undo);
        match how {
            How::Done(receipt) => {
                self.emit(Event::Done { step, undo, receipt })?;
                self.forget(step);
                self.done_with(step);
            }
            How::Refused(reason) => self.refused(&job, reason)?,
            How::NeverHappened => {
                let message = String::from("the agent never heard of it");
                self.refused(&job, Reason { class: ErrorClass::Retry, message })?;
            }
            How::Unknown(hint) => {
                self.emit(Event::Unknown { step, undo, hint: hint.clone() })?;
                let until = Some(job.deadline);
                self.resolve(job, hint, until);
            }
            How::Expired(hint) => self.expired(job, hint)?,
            How::Evidence(evidence) => {
                self.emit(Event::EvidenceSeen(evidence))?;
                self.open_gates()?;
                if self.under_way.contains_key(&step) {
                    // Found, but older than something that was started there since: look again.
                    self.spawn(job);
                }
            }
        }
        Ok(())
    }

    /// A report can come too late: a person has ruled, or the run has moved on.
    fn is_current(&self, job: &Job) -> bool {
        let state = self.live.state();
        let active = state.step(job.step).is_some_and(crate::state::StepState::is_active);
        active
            && self.under_way.contains_key(&job.step)
            && state.attempt(job.step) == job.attempt
            && state.is_undoing(job.step) == job.undo
    }

    fn resolve(&mut self, job: Job, hint: Hint, until: Option<muster_plans::time::Time>) {
        let shop = Arc::clone(&self.shop);
        self.tasks
            .spawn(async move { Report::Step(Box::new(resolve(shop, job, hint, until).await)) });
    }

    /// Nobody could say until the deadline. Where the failure is only a warning or is owed, the run
    /// goes on without it: an unreachable protected site must not hold up a failover. Else it waits for
    /// a person, holding nothing, and looks again from time to time.
    fn expired(&mut self, job: Job, hint: Hint) -> Result<(), Stop> {
        let step = job.step;
        let policy = self.shop.graph.step(step).on_failure == OnFailure::Policy;
        if !policy && !job.undo {
            self.emit(Event::GivenUp { step, hint })?;
            self.done_with(step);
            return Ok(());
        }
        self.release(step);
        if !matches!(self.shop.graph.step(step).action, Action::Callout(_)) {
            self.resolve(job, hint, None);
        }
        Ok(())
    }

    fn refused(&mut self, job: &Job, reason: Reason) -> Result<(), Stop> {
        let (step, undo) = (job.step, job.undo);
        let outbid = reason.class == ErrorClass::Precondition
            && self.shop.outbid(job, &site_of(&self.shop, job));
        let last = !outbid && self.is_last(job, reason.class);
        self.emit(Event::Refused { step, undo, reason, last })?;
        if last {
            self.forget(step);
        }
        self.done_with(step);
        Ok(())
    }

    /// No further attempt where trying again does not help, where it was tried often enough, or where
    /// the step's time would be over before the next one.
    fn is_last(&self, job: &Job, class: ErrorClass) -> bool {
        let retry = step::retry(&self.shop.graph.step(job.step).action);
        let Some(first) = self.tries.get(&(job.step, job.undo)) else {
            return retry.is_last(class, 1);
        };
        let made = job.attempt.saturating_sub(first.attempt) + 1;
        let timeout = job.deadline.since(job.begun);
        let next = self.shop.now() + retry.pause(made);
        retry.is_last(class, made) || next >= first.at + timeout
    }

    /// Attempts are counted anew.
    pub(super) fn forget(&mut self, step: StepIx) {
        self.tries.remove(&(step, false));
        self.tries.remove(&(step, true));
    }

    /// A pause before another attempt; it holds nothing meanwhile.
    pub(super) fn rest(&mut self, step: StepIx, made: u32) {
        let retry = step::retry(&self.shop.graph.step(step).action);
        let pause: Span = retry.pause(made);
        let shop = Arc::clone(&self.shop);
        self.tasks.spawn(async move {
            shop.sleep(pause).await;
            Report::Rested(step)
        });
    }
}
