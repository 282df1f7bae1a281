//! What comes next: a pure function of a run's state and of what is free.
//!
//! Two pools stand one behind the other. A step that is ready first waits for its *intent* to be
//! written: a little more than fits is written ahead, so that a free slot never waits for the disk.
//! Once the intent is durable it waits for its *slot* and for the resources that the graph says it
//! holds. In both the step with the longest remaining path goes first.

mod pool;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use muster_plans::graph::{Action, Graph, StepIx};
use muster_plans::guard::{Guard, holds};

use crate::event::Event;
use crate::limits::Limits;
use crate::state::{Course, RunState, StepState};
use pool::{Item, Pool};

/// A step whose intent is written and durable, and whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Send {
    /// The step.
    pub step: StepIx,
    /// Position of its intent: part of its token.
    pub seq: u64,
}

/// Decides what is written and what is sent next.
#[derive(Clone, Debug)]
pub struct Decider {
    /// Cost class of each step.
    classes: Vec<u32>,
    /// Before the journal.
    ahead: Pool,
    /// Before the sites.
    slots: Pool,
    /// Intents that are written and not yet durable, in the order of the journal.
    written: VecDeque<Item>,
    /// Intents that are written, and were not sent.
    held: BTreeMap<StepIx, u64>,
    /// Intents written again after a take-over: somebody else may have sent them, so they cannot be
    /// withdrawn, only asked about.
    again: BTreeMap<StepIx, u64>,
    /// Whether anything new is started: not while the server shuts down.
    closed: bool,
}

impl Decider {
    /// For a graph under limits.
    pub fn new(graph: &Graph, limits: &Limits) -> Decider {
        let mut needs: Vec<Vec<(u32, u32)>> = Vec::with_capacity(graph.costs.len() + 1);
        for cost in &graph.costs {
            let held = cost.iter().map(|(resource, units)| (resource + 1, *units));
            needs.push(std::iter::once((0, 1)).chain(held).collect());
        }
        // Whoever waits for a person or for evidence holds nothing.
        let waits = needs.len() as u32;
        needs.push(Vec::new());
        let class = |step: &muster_plans::graph::Step| match step.action {
            Action::Prompt(_) | Action::Gate(_) => waits,
            _ => step.cost,
        };
        let caps = |slots: u32, times: u32| -> Vec<u32> {
            let caps = graph.resources.iter().map(|r| r.cap.saturating_mul(times));
            std::iter::once(slots).chain(caps).collect()
        };
        let slots = limits.slots.max(1);
        Decider {
            classes: graph.steps.iter().map(class).collect(),
            ahead: Pool::new(&caps(slots.saturating_add(limits.lookahead), 2), &needs),
            slots: Pool::new(&caps(slots, 1), &needs),
            written: VecDeque::new(),
            held: BTreeMap::new(),
            again: BTreeMap::new(),
            closed: false,
        }
    }

    /// A step is ready, or ready to be undone.
    pub fn offer(&mut self, state: &RunState, step: StepIx) {
        let undo = match state.step(step) {
            Some(StepState::Ready) if !state.is_stopping() => false,
            Some(StepState::UndoReady) => true,
            _ => return,
        };
        self.ahead.push(self.classes[step as usize], item(state, step, undo, 0));
    }

    /// Nothing new is started from now on; what was written ahead is withdrawn.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The next thing to write down, if anything: call until there is nothing, applying each.
    pub fn decide(&mut self, state: &RunState) -> Option<Event> {
        let stands = self.closed || (state.is_stopping() && state.course() != Course::Unwinding);
        if stands && let Some(event) = self.withdraw() {
            return Some(event);
        }
        if self.closed {
            return None;
        }
        if let Some(turn) = state.turn_due() {
            self.ahead.clear();
            return Some(turn);
        }
        self.next_intent(state).or_else(|| state.ending_due().map(Event::Ended))
    }

    /// An intent that was written ahead and not sent is taken back.
    fn withdraw(&mut self) -> Option<Event> {
        let (step, _) = self.held.pop_first()?;
        self.ahead.release(self.classes[step as usize]);
        Some(Event::Withdrawn { step })
    }

    fn next_intent(&mut self, state: &RunState) -> Option<Event> {
        while let Some(item) = self.ahead.take() {
            let step = item.step.0;
            let ready = match state.step(step) {
                Some(StepState::Ready) => !state.is_stopping(),
                Some(StepState::UndoReady) => state.course() == Course::Unwinding,
                _ => false,
            };
            if ready {
                return state.next_intent(step);
            }
            self.ahead.release(self.classes[step as usize]);
        }
        None
    }

    /// The intent of a step that was under way when the run was taken over was written again. It holds
    /// its place ahead of all limits, and waits for a slot like any other.
    pub fn wrote_again(&mut self, state: &RunState, step: StepIx, undo: bool, seq: u64) {
        self.ahead.claim(self.classes[step as usize]);
        self.written.push_back(item(state, step, undo, seq));
        self.again.insert(step, seq);
    }

    /// An intent was written at this position.
    pub fn wrote(&mut self, state: &RunState, step: StepIx, undo: bool, seq: u64) {
        let item = item(state, step, undo, seq);
        if holds(Guard::IntentFirst) {
            self.written.push_back(item);
        } else {
            self.slots.push(self.classes[step as usize], item);
        }
        self.held.insert(step, seq);
    }

    /// Everything before this position is durable.
    pub fn durable(&mut self, len: u64) {
        while let Some(item) = self.written.front().copied().filter(|item| item.seq < len) {
            self.written.pop_front();
            self.slots.push(self.classes[item.step.0 as usize], item);
        }
    }

    /// The next step to send. Intents that were withdrawn in the meantime are passed over.
    pub fn send(&mut self) -> Option<Send> {
        while let Some(item) = self.slots.take() {
            let step = item.step.0;
            for waiting in [&mut self.held, &mut self.again] {
                if waiting.get(&step) == Some(&item.seq) {
                    waiting.remove(&step);
                    return Some(Send { step, seq: item.seq });
                }
            }
            self.slots.release(self.classes[step as usize]);
        }
        None
    }

    /// A step that was sent holds nothing any more.
    pub fn release(&mut self, step: StepIx) {
        let class = self.classes[step as usize];
        self.ahead.release(class);
        self.slots.release(class);
    }
}

/// Forwards the longest remaining path goes first; backwards what lies furthest from the start.
fn item(state: &RunState, step: StepIx, undo: bool, seq: u64) -> Item {
    let remaining = state.remaining(step);
    let key = if undo { u32::MAX - remaining } else { remaining };
    Item { key, step: Reverse(step), seq }
}
