//! Undoing in reverse: the graph walked against its edges.
//!
//! A step is undone when everything that came after it is undone. Steps that leave nothing behind
//! pass at once. What an undo needs mirrors what the step gave: where a later step needed the success
//! of an earlier one, the earlier one's undo needs the later one's; where it only waited for its end,
//! a failed undo holds nobody up.

use std::sync::Arc;

use muster_plans::graph::{Graph, Needs, StepIx};

use super::{Course, Flags, RunState, StepState};
use crate::step;

const END_BIT: u32 = 1 << 31;

/// Edges against their direction, sorted by their later step.
#[derive(Clone, Debug)]
pub(super) struct Unwind {
    offsets: Vec<u32>,
    earlier: Vec<u32>,
    /// How many undos there are in all.
    pub(super) total: u32,
}

impl Unwind {
    fn new(graph: &Graph) -> Unwind {
        let mut offsets = vec![0_u32];
        let mut sum = 0;
        for degree in graph.edges.in_degrees() {
            sum += degree;
            offsets.push(sum);
        }
        let mut next = offsets.clone();
        let mut earlier = vec![0_u32; graph.edges.len()];
        for ix in 0..graph.len() as StepIx {
            for edge in graph.edges.from(ix) {
                let place = &mut next[edge.to as usize];
                let bit = if edge.needs == Needs::End { END_BIT } else { 0 };
                earlier[*place as usize] = ix | bit;
                *place += 1;
            }
        }
        Unwind { offsets, earlier, total: 0 }
    }

    fn before(&self, ix: StepIx) -> std::ops::Range<usize> {
        self.offsets[ix as usize] as usize..self.offsets[ix as usize + 1] as usize
    }
}

impl RunState {
    /// Begins to undo as soon as the run goes back and everything under way has come to rest.
    pub(super) fn unwind_when_at_rest(&mut self) {
        if self.course != Course::Unwinding || self.unwind.is_some() || self.tally.active > 0 {
            return;
        }
        let mut unwind = Unwind::new(&self.graph);
        for ix in 0..self.graph.len() as StepIx {
            let slot = &mut self.slots[ix as usize];
            let left_something = (slot.state == StepState::Done && !slot.flags.has(Flags::ALREADY))
                || slot.flags.has(Flags::MAYBE);
            if left_something && step::undoable(&self.graph, ix) {
                slot.flags.put(Flags::TO_UNDO, true);
                unwind.total += 1;
            }
        }
        self.tally.undo_left = unwind.total;
        self.unwind = Some(Box::new(unwind));
        self.rebuild_undo();
    }

    /// Finds out anew which undo waits for which.
    pub(super) fn rebuild_undo(&mut self) {
        let graph = Arc::clone(&self.graph);
        let mut alone = Vec::new();
        for ix in 0..graph.len() as StepIx {
            let slot = &mut self.slots[ix as usize];
            slot.flags.put(Flags::UNDO_BLOCKED, false);
            slot.undo_waits = graph.edges.from(ix).count() as u32;
            if slot.undo_waits == 0 {
                alone.push(ix);
            }
            if slot.state == StepState::UndoBlocked {
                self.set(ix, StepState::Done);
                self.tally.undo_left += 1;
            }
        }
        for ix in alone {
            self.wake_undo(ix);
            self.pass_undo_on();
        }
    }

    /// An undo came to its end.
    pub(super) fn finish_undo(&mut self, ix: StepIx, to: StepState) {
        self.tally.undo_left = self.tally.undo_left.saturating_sub(1);
        self.set(ix, to);
        self.work.push((ix, to == StepState::Undone));
        self.pass_undo_on();
    }

    fn pass_undo_on(&mut self) {
        let Some(unwind) = self.unwind.take() else {
            self.work.clear();
            return;
        };
        while let Some((ix, good)) = self.work.pop() {
            for place in unwind.before(ix) {
                let (earlier, needs_success) =
                    (unwind.earlier[place] & !END_BIT, unwind.earlier[place] & END_BIT == 0);
                let slot = &mut self.slots[earlier as usize];
                slot.undo_waits = slot.undo_waits.saturating_sub(1);
                if slot.flags.has(Flags::UNDO_BLOCKED) {
                    continue;
                }
                if !good && needs_success {
                    self.block_undo(earlier);
                } else if slot.undo_waits == 0 {
                    self.wake_undo(earlier);
                }
            }
        }
        self.unwind = Some(unwind);
    }

    fn block_undo(&mut self, ix: StepIx) {
        let slot = &mut self.slots[ix as usize];
        slot.flags.put(Flags::UNDO_BLOCKED, true);
        if slot.flags.has(Flags::TO_UNDO) {
            self.tally.undo_left = self.tally.undo_left.saturating_sub(1);
            self.set(ix, StepState::UndoBlocked);
        }
        self.work.push((ix, false));
    }

    fn wake_undo(&mut self, ix: StepIx) {
        let slot = &self.slots[ix as usize];
        match slot.state {
            StepState::UndoReady | StepState::Undoing | StepState::UndoUnknown => {}
            StepState::UndoFailed => self.work.push((ix, false)),
            StepState::Undone => self.work.push((ix, true)),
            _ if slot.flags.has(Flags::TO_UNDO) => {
                self.set(ix, StepState::UndoReady);
                self.fresh.push(ix);
            }
            _ => self.work.push((ix, true)),
        }
    }
}
