//! Going on where somebody else stood.

use muster_plans::graph::{Action, StepIx};

use super::{Executor, UnderWay};
use crate::engine::Stop;
use crate::event::Event;
use crate::state::StepState;
use crate::step::only_looks;

impl Executor {
    /// Whatever may be under way is asked about before anything else: its intent is written again under
    /// a higher token, and it is sent as resumed.
    pub(super) fn take_over(&mut self) -> Result<(), Stop> {
        let active: Vec<StepIx> = self.live.state().active().collect();
        let stopping = self.live.state().is_stopping();
        for step in active {
            let row = self.shop.graph.step(step);
            match row.action {
                Action::Callout(_) => self.leave_to_a_person(step)?,
                // Looking leaves no trace, and nobody asks a question any more whose run has stopped.
                _ if stopping && only_looks(row) => self.leave_be(step)?,
                _ => self.intend_again(step)?,
            }
        }
        Ok(())
    }

    fn leave_be(&mut self, step: StepIx) -> Result<(), Stop> {
        self.emit(Event::Withdrawn { step }).map(|_| ())
    }

    /// A callout that may have been begun is never begun again by itself.
    fn leave_to_a_person(&mut self, step: StepIx) -> Result<(), Stop> {
        if self.live.state().step(step) == Some(StepState::Running) {
            let message =
                String::from("the server that ran it went away before it came to its end");
            let hint = muster_contract::Hint { message };
            self.emit(Event::Unknown { step, undo: false, hint })?;
        }
        self.under_way.insert(step, UnderWay { abort: None, holds: false });
        Ok(())
    }

    fn intend_again(&mut self, step: StepIx) -> Result<(), Stop> {
        let Some(intent) = self.live.state().next_intent(step) else {
            return Ok(());
        };
        let undo = matches!(intent, Event::Intent { undo: true, .. });
        let seq = self.emit(intent)?;
        self.resumed.insert(step);
        self.decider.wrote_again(&self.live.state(), step, undo, seq);
        Ok(())
    }
}
