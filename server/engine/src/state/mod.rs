//! State of a run, folded from its journal.
//!
//! [`RunState::apply`] is the only way in which it changes, live and on replay alike. It is total: a
//! record either applies in full, or is [`Illegal`] and changes nothing. What follows from records is
//! derived here and not journalled: barriers that are passed, steps that are skipped because another
//! way was taken, steps that are blocked by a failed one.

mod apply;
mod course;
mod evidence;
mod forward;
mod illegal;
mod read;
mod slot;
mod steps;
mod tally;
mod unwind;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_plans::graph::{Action, Graph, StepIx};
use muster_plans::time::Time;

pub use illegal::Illegal;
pub use slot::StepState;

use crate::event::{By, Cause, Ending, Opening, Ordinal, Record};
use evidence::{Held, Moment, Raised};
use slot::{Flags, Slot};
use tally::Tally;
use unwind::Unwind;

/// Which way a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Towards its end.
    Forward,
    /// Back.
    Unwinding,
    /// It comes to rest and waits for a person.
    Halting,
    /// It is over.
    Ended(Ending),
}

/// State of a run.
#[derive(Clone, Debug)]
pub struct RunState {
    graph: Arc<Graph>,
    /// Longest remaining path of each step, in milliseconds.
    remaining: Arc<[u32]>,
    slots: Vec<Slot>,
    tally: Tally,
    /// Steps that may be under way.
    active: BTreeSet<StepIx>,
    /// Of these the ones that wait for a person or for evidence.
    waiting: BTreeSet<StepIx>,
    /// Words about steps that did not go plainly.
    notes: BTreeMap<StepIx, Box<str>>,
    /// Steps whose failure is a warning or is owed, and skips that a person ruled.
    sideways: BTreeSet<StepIx>,
    /// Steps that have become ready, or ready to be undone, since somebody last took them.
    fresh: Vec<StepIx>,
    /// Steps whose end is still to be passed on; empty between records.
    work: Vec<(StepIx, bool)>,
    opening: Option<Box<Opening>>,
    evidence: Vec<Held>,
    /// When each site last showed that it lives: something was started that may write there, or it has done
    /// what this run asked of it.
    alive_at: Vec<Option<Moment>>,
    /// The fences against each site whose steps have come to a good end.
    fences: Vec<Vec<Raised>>,
    len: Ordinal,
    epoch: u64,
    started_at: Time,
    now: Time,
    course: Course,
    cancelled: Option<By>,
    first_failure: Option<StepIx>,
    cause: Option<Cause>,
    /// A production promote that was done or may have been done: whatever the graph says, nothing
    /// that was demoted becomes writable again after it.
    promoted: bool,
    unwind: Option<Box<Unwind>>,
}

/// Folds a whole journal.
///
/// # Errors
/// [`Illegal`] at the first record that cannot follow the ones before it.
pub fn fold<'a>(
    graph: &Arc<Graph>,
    records: impl IntoIterator<Item = &'a Record>,
) -> Result<RunState, Illegal> {
    let mut state = RunState::new(Arc::clone(graph));
    for record in records {
        state.apply(record)?;
    }
    state.settle_after_replay();
    Ok(state)
}

impl RunState {
    /// The state before the first record.
    pub fn new(graph: Arc<Graph>) -> RunState {
        let remaining = graph.remaining_path();
        let remaining = remaining.into_iter().map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
        RunState {
            remaining: remaining.collect(),
            slots: vec![Slot::NEW; graph.len()],
            tally: Tally::new(&graph),
            active: BTreeSet::new(),
            waiting: BTreeSet::new(),
            notes: BTreeMap::new(),
            sideways: BTreeSet::new(),
            fresh: Vec::new(),
            work: Vec::new(),
            opening: None,
            evidence: Vec::new(),
            alive_at: vec![None; graph.sites.len()],
            fences: vec![Vec::new(); graph.sites.len()],
            len: 0,
            epoch: 0,
            started_at: Time(0),
            now: Time(0),
            course: Course::Forward,
            cancelled: None,
            first_failure: None,
            cause: None,
            promoted: false,
            unwind: None,
            graph,
        }
    }

    /// Whether nothing new is started any more, also before the turn is written down.
    pub fn is_stopping(&self) -> bool {
        self.course != Course::Forward
            || self.cancelled.is_some()
            || (self.first_failure.is_some() && self.failure_stops())
    }

    /// After a replay the list of fresh steps holds everything that ever became ready; what counts is
    /// what is ready now.
    fn settle_after_replay(&mut self) {
        let slots = self.slots.iter().zip(0..);
        self.fresh = slots
            .filter(|(slot, _)| matches!(slot.state, StepState::Ready | StepState::UndoReady))
            .map(|(_, ix)| ix)
            .filter(|ix| !derived(&self.graph, *ix))
            .collect();
    }

    /// Milliseconds since the run's start, as slots hold them: 49 days.
    fn offset(&self) -> u32 {
        u32::try_from(self.now.since(self.started_at).0).unwrap_or(u32::MAX)
    }

    /// The one place where a step's state changes, so that all sums hold.
    fn set(&mut self, ix: StepIx, to: StepState) {
        let offset = self.offset();
        let slot = &mut self.slots[ix as usize];
        let from = std::mem::replace(&mut slot.state, to);
        if to.is_active() {
            if !from.is_active() {
                self.active.insert(ix);
            }
        } else {
            slot.flags.put(Flags::HELD, false);
            if from.is_active() {
                self.active.remove(&ix);
            }
            if to.is_settled() || matches!(to, StepState::Undone | StepState::UndoFailed) {
                slot.ended = offset;
            }
        }
        let step = self.graph.step(ix);
        let asks = matches!(step.action, Action::Prompt(_) | Action::Gate(_));
        if to.is_unknown() || (asks && to == StepState::Running) {
            self.waiting.insert(ix);
        } else if from.is_unknown() || asks {
            self.waiting.remove(&ix);
        }
        if matches!(to, StepState::Warned | StepState::Owed) {
            self.sideways.insert(ix);
        } else if matches!(from, StepState::Warned | StepState::Owed) {
            self.sideways.remove(&ix);
        }
        if let (Action::Fence(against), true) = (step.action, to.is_good()) {
            let (from, when) = (step.site, self.moment());
            self.fences[against.0 as usize].push(Raised { from, when });
        }
        self.tally.change(&self.graph, step, from, to);
    }

    fn note(&mut self, ix: StepIx, words: &str) {
        self.notes.insert(ix, Box::from(words));
    }
}

/// Whether a step passes by itself: nobody does anything for it.
fn derived(graph: &Graph, ix: StepIx) -> bool {
    matches!(graph.step(ix).action, Action::Barrier | Action::Report)
}
