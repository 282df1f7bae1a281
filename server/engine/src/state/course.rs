//! Which way a run goes, when it turns, and when it is over.

use muster_plans::graph::{Action, StepIx, VerifyKind};
use muster_plans::guard::{Guard, holds};
use muster_plans::run::FailurePolicy;

use super::{Course, RunState, StepState};
use crate::event::{Cause, Ending, Event};

impl RunState {
    /// Whether a step that fails for good stops the run.
    pub(super) fn failure_stops(&self) -> bool {
        match self.graph.kind.failure_policy() {
            FailurePolicy::Unwind | FailurePolicy::UnwindBeforePivot | FailurePolicy::Halt => true,
            FailurePolicy::HaltDependents | FailurePolicy::Continue => false,
        }
    }

    /// Whether the run may still be undone.
    pub(super) fn may_unwind(&self) -> bool {
        match self.graph.kind.failure_policy() {
            FailurePolicy::Unwind => true,
            FailurePolicy::UnwindBeforePivot => !self.is_past_pivot() || !holds(Guard::PivotStands),
            FailurePolicy::Halt | FailurePolicy::HaltDependents | FailurePolicy::Continue => false,
        }
    }

    /// Whether the point after which nothing is undone lies behind.
    pub fn is_past_pivot(&self) -> bool {
        let pivot = self.graph.pivot.and_then(|ix| self.slots.get(ix as usize));
        self.promoted || pivot.is_some_and(|slot| slot.state.is_good())
    }

    /// Whether a step is under way that decides which way the run turns.
    fn pivot_is_open(&self) -> bool {
        self.active.iter().any(|&ix| {
            self.graph.pivot == Some(ix)
                || matches!(self.graph.step(ix).action, Action::PromoteStorage(_))
        })
    }

    /// The turn that is due: the run stops, and where that leads is certain.
    pub fn turn_due(&self) -> Option<Event> {
        if self.course != Course::Forward || !self.is_stopping() {
            return None;
        }
        let cause = match (&self.cancelled, self.first_failure) {
            (None, Some(step)) => Cause::StepFailed(step),
            _ => Cause::Cancelled,
        };
        if !self.may_unwind() {
            return Some(Event::Halting(cause));
        }
        let decides = self.graph.kind.failure_policy() == FailurePolicy::UnwindBeforePivot;
        (!decides || !self.pivot_is_open()).then_some(Event::Unwinding(cause))
    }

    /// The ending that is due: nothing is left to be done or to be waited for.
    pub fn ending_due(&self) -> Option<Ending> {
        if self.tally.active > 0 {
            return None;
        }
        match self.course {
            Course::Ended(_) => None,
            Course::Halting => Some(Ending::Halted),
            Course::Unwinding => self.undo_ending(),
            Course::Forward if self.is_stopping() || self.tally.unsettled > 0 => None,
            Course::Forward => Some(self.forward_ending()),
        }
    }

    fn undo_ending(&self) -> Option<Ending> {
        let over = self.unwind.is_some() && self.tally.undo_left == 0;
        let bad = self.tally.undo_bad > 0;
        over.then_some(if bad { Ending::Halted } else { Ending::Undone })
    }

    fn forward_ending(&self) -> Ending {
        let bad = self.tally.failed + self.tally.blocked > 0;
        let goes_on = self.graph.kind.failure_policy() == FailurePolicy::Continue;
        if bad && (!goes_on || self.something_is_left()) {
            Ending::Halted
        } else if bad || !self.sideways.is_empty() {
            Ending::SucceededWithWarnings
        } else {
            Ending::Succeeded
        }
    }

    /// A cleanup that could not prove that nothing is left can be resumed; one that failed on the way
    /// and has proved it in the end is over.
    fn something_is_left(&self) -> bool {
        (0..self.graph.len() as StepIx).any(|ix| {
            matches!(self.graph.step(ix).action, Action::Verify(VerifyKind::NothingLeft))
                && matches!(self.slots[ix as usize].state, StepState::Failed | StepState::Blocked)
        })
    }
}
