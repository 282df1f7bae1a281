//! Looking at a run's state.

use std::sync::Arc;

use muster_plans::graph::{Graph, StepIx};
use muster_plans::time::{Span, Time};

use super::{Course, Flags, RunState, StepState};
use crate::event::{By, Cause, Opening, Ordinal};

impl RunState {
    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// How many records it was folded from; the position of the next one.
    pub fn len(&self) -> Ordinal {
        self.len
    }

    /// Whether no record was applied yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Epoch of the last record.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The first record.
    pub fn opening(&self) -> Option<&Opening> {
        self.opening.as_deref()
    }

    /// Time of the first record.
    pub fn started_at(&self) -> Time {
        self.started_at
    }

    /// Time of the last record.
    pub fn last_at(&self) -> Time {
        self.now
    }

    /// Which way the run goes.
    pub fn course(&self) -> Course {
        self.course
    }

    /// Why it turned.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Who asked to cancel.
    pub fn cancelled(&self) -> Option<&By> {
        self.cancelled.as_ref()
    }

    /// Whether what was done is being undone, also where that came to a halt.
    pub fn is_unwinding(&self) -> bool {
        self.course == Course::Unwinding || self.unwind.is_some()
    }

    /// Where a step stands.
    pub fn step(&self, ix: StepIx) -> Option<StepState> {
        self.slots.get(ix as usize).map(|slot| slot.state)
    }

    /// Attempts that were begun of a step, without those of its undo.
    pub fn attempts(&self, ix: StepIx) -> u32 {
        self.slots.get(ix as usize).map_or(0, |slot| {
            let ready = slot.state == StepState::Ready || !slot.flags.has(Flags::BEGUN);
            u32::from(slot.attempt) + u32::from(!ready)
        })
    }

    /// Number of the attempt under way, or of the next one: of the undo where that is due.
    pub fn attempt(&self, ix: StepIx) -> u32 {
        self.slots.get(ix as usize).map_or(0, |slot| {
            let undo = matches!(
                slot.state,
                StepState::UndoReady | StepState::Undoing | StepState::UndoUnknown
            );
            u32::from(if undo { slot.undo_attempt } else { slot.attempt })
        })
    }

    /// Whether what is under way, or due, for a step is its undo.
    pub fn is_undoing(&self, ix: StepIx) -> bool {
        matches!(
            self.step(ix),
            Some(StepState::UndoReady | StepState::Undoing | StepState::UndoUnknown)
        )
    }

    /// When a step was first started; `None`: not yet.
    pub fn step_started_at(&self, ix: StepIx) -> Option<Time> {
        let slot = self.slots.get(ix as usize)?;
        let begun = slot.flags.has(Flags::BEGUN) || slot.state == StepState::Done;
        begun.then(|| self.started_at + Span(u64::from(slot.started)))
    }

    /// When a step came to its end; `None`: not yet.
    pub fn step_ended_at(&self, ix: StepIx) -> Option<Time> {
        let slot = self.slots.get(ix as usize)?;
        let ended = slot.state.is_settled()
            || matches!(slot.state, StepState::Undone | StepState::UndoFailed);
        ended.then(|| self.started_at + Span(u64::from(slot.ended)))
    }

    /// What is to be said of a step that did not go plainly.
    pub fn message(&self, ix: StepIx) -> Option<&str> {
        self.notes.get(&ix).map(AsRef::as_ref)
    }

    /// Steps that may be under way, in order.
    pub fn active(&self) -> impl Iterator<Item = StepIx> + '_ {
        self.active.iter().copied()
    }

    /// Steps that wait for a person or for evidence, in order.
    pub fn waiting(&self) -> impl Iterator<Item = StepIx> + '_ {
        self.waiting.iter().copied()
    }

    /// Steps whose failure is a warning or is owed, and skips that a person ruled, in order.
    pub fn sideways(&self) -> impl Iterator<Item = StepIx> + '_ {
        self.sideways.iter().copied()
    }

    /// Longest remaining path of a step in milliseconds.
    pub fn remaining(&self, ix: StepIx) -> u32 {
        self.remaining.get(ix as usize).copied().unwrap_or(0)
    }

    /// Takes the steps that have become ready, or ready to be undone, since the last call. A step may
    /// have changed again since; look at its state.
    pub fn take_fresh(&mut self) -> Vec<StepIx> {
        std::mem::take(&mut self.fresh)
    }

    /// Marks an intent as written ahead, or as sent. Known to the live owner only.
    pub(crate) fn hold(&mut self, ix: StepIx, held: bool) {
        if let Some(slot) = self.slots.get_mut(ix as usize) {
            slot.flags.put(Flags::HELD, held);
        }
    }

    pub(crate) fn is_held(&self, ix: StepIx) -> bool {
        self.slots.get(ix as usize).is_some_and(|slot| slot.flags.has(Flags::HELD))
    }

    pub(crate) fn sums(&self) -> &super::tally::Tally {
        &self.tally
    }

    /// Undos in all, and those that have come to a good end.
    pub(crate) fn undos(&self) -> (u32, u32) {
        (self.unwind.as_ref().map_or(0, |unwind| unwind.total), self.tally.undo_done)
    }
}
