//! Passing on that a step came to its end: who is ready, skipped or blocked by it.

use std::sync::Arc;

use muster_plans::graph::{Action, Needs, OnFailure, StepIx};

use super::{Flags, RunState, StepState, derived};

impl RunState {
    /// A step came to an end. Takes as long as it has edges, plus whatever follows from it.
    pub(super) fn finish(&mut self, ix: StepIx, to: StepState) {
        self.set(ix, to);
        self.work.push((ix, to.is_good()));
        self.pass_on();
    }

    /// A step failed for good; what that means is written in the graph.
    pub(super) fn fail(&mut self, ix: StepIx, maybe: bool) {
        let step = self.graph.step(ix);
        let to = match step.on_failure {
            OnFailure::Policy => StepState::Failed,
            OnFailure::Warn => StepState::Warned,
            OnFailure::Owe => StepState::Owed,
        };
        if maybe && matches!(step.action, Action::PromoteStorage(_)) {
            self.promoted = true;
        }
        self.slots[ix as usize].flags.put(Flags::MAYBE, maybe);
        if to == StepState::Failed && self.first_failure.is_none() {
            self.first_failure = Some(ix);
        }
        self.finish(ix, to);
    }

    fn pass_on(&mut self) {
        let graph = Arc::clone(&self.graph);
        while let Some((ix, good)) = self.work.pop() {
            for edge in graph.edges.from(ix) {
                let slot = &mut self.slots[edge.to as usize];
                slot.waits = slot.waits.saturating_sub(1);
                if slot.state != StepState::Pending {
                    continue;
                }
                if !good && edge.needs == Needs::Success {
                    self.set(edge.to, StepState::Blocked);
                    self.work.push((edge.to, false));
                } else if slot.waits == 0 {
                    self.wake(edge.to);
                }
            }
        }
    }

    /// Everything that a step waited for has come to an end. Barriers stand still while a run stops:
    /// the pivot may be one.
    fn wake(&mut self, ix: StepIx) {
        let unless = self.graph.step(ix).unless;
        let unneeded = unless
            .and_then(|other| self.slots.get(other as usize))
            .is_some_and(|slot| slot.state == StepState::Done);
        if unneeded {
            self.set(ix, StepState::Skipped);
            self.work.push((ix, true));
        } else if !derived(&self.graph, ix) {
            self.set(ix, StepState::Ready);
            self.fresh.push(ix);
        } else if self.is_stopping() {
            self.set(ix, StepState::Ready);
        } else {
            let offset = self.offset();
            self.slots[ix as usize].started = offset;
            self.set(ix, StepState::Done);
            self.work.push((ix, true));
        }
    }

    /// Finds out anew who waits for whom: at the start, and when a step that had failed gets another
    /// chance. Steps that are ready, under way or at their end stay so.
    pub(super) fn rebuild(&mut self) {
        let graph = Arc::clone(&self.graph);
        for (ix, waits) in (0..).zip(graph.edges.in_degrees()) {
            let slot = &mut self.slots[ix as usize];
            slot.waits = waits;
            let standing = slot.state == StepState::Ready && derived(&graph, ix);
            if slot.state == StepState::Blocked || standing {
                self.set(ix, StepState::Pending);
            }
        }
        let settled = (0..).zip(&self.slots).filter(|(_, slot)| slot.state.is_settled());
        self.work = settled.map(|(ix, slot)| (ix, slot.state.is_good())).collect();
        self.pass_on();
        for ix in 0..graph.len() as StepIx {
            let slot = &self.slots[ix as usize];
            if slot.state == StepState::Pending && slot.waits == 0 {
                self.wake(ix);
                self.pass_on();
            }
        }
    }
}
