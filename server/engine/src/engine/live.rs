//! A run as others see it while it is executed here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_plans::id::RunId;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::{CommandError, Stop};
use crate::event::{Event, Record};
use crate::state::RunState;

/// How far a run is, as it is told to those who watch it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Durable records.
    pub records: u64,
    /// Why it is not executed here any more; `None`: it is.
    pub stop: Option<Stop>,
}

/// A person's word on its way to a run.
pub(crate) struct Command {
    pub(crate) event: Event,
    pub(crate) reply: oneshot::Sender<Result<(), CommandError>>,
}

/// What is shared between a run's executor and those who look at it.
pub(crate) struct Live {
    pub(crate) run: RunId,
    state: Mutex<RunState>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) close: watch::Sender<bool>,
    pub(crate) pulse: watch::Sender<Pulse>,
    /// Gone when the run has come to a stop, so that whoever listens hears the end.
    records: Mutex<Option<broadcast::Sender<Arc<Record>>>>,
}

impl Live {
    pub(crate) fn new(run: RunId, state: RunState) -> (Arc<Live>, mpsc::Receiver<Command>) {
        let (commands, receiver) = mpsc::channel(64);
        let records = state.len();
        let live = Live {
            run,
            state: Mutex::new(state),
            commands,
            close: watch::Sender::new(false),
            pulse: watch::Sender::new(Pulse { records, stop: None }),
            records: Mutex::new(Some(broadcast::Sender::new(4096))),
        };
        (Arc::new(live), receiver)
    }

    /// The state; never held over an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, RunState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records as they become durable; `None`: there will be no more.
    pub(crate) fn listen(&self) -> Option<broadcast::Receiver<Arc<Record>>> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.as_ref().map(broadcast::Sender::subscribe)
    }

    /// Tells whoever listens.
    pub(crate) fn tell(&self, records: Vec<Record>) {
        let sender = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = sender.as_ref().filter(|sender| sender.receiver_count() > 0) else {
            return;
        };
        for record in records {
            // Nobody may be left who listens.
            _ = sender.send(Arc::new(record));
        }
    }

    /// The run came to a stop.
    pub(crate) fn end(&self, stop: Stop) {
        *self.records.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.pulse.send_modify(|pulse| pulse.stop = Some(stop));
    }

    pub(crate) fn stop(&self) -> Option<Stop> {
        self.pulse.borrow().stop.clone()
    }
}

/// Runs that are executed here, runs that are being opened, and the last ones that came to a stop.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Runs>);

#[derive(Default)]
struct Runs {
    live: BTreeMap<RunId, Arc<Live>>,
    opening: std::collections::BTreeSet<RunId>,
    stopped: VecDeque<Arc<Live>>,
}

impl Registry {
    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps two callers from opening one run at once.
    pub(crate) fn reserve(&self, run: RunId) -> bool {
        let mut runs = self.runs();
        !runs.live.contains_key(&run) && runs.opening.insert(run)
    }

    pub(crate) fn free(&self, run: RunId) {
        self.runs().opening.remove(&run);
    }

    pub(crate) fn insert(&self, live: &Arc<Live>) {
        let mut runs = self.runs();
        runs.opening.remove(&live.run);
        runs.stopped.retain(|old| old.run != live.run);
        runs.live.insert(live.run, Arc::clone(live));
    }

    /// A run came to a stop; it is kept for a last look.
    pub(crate) fn retire(&self, live: &Arc<Live>, remembered: usize) {
        let mut runs = self.runs();
        runs.live.remove(&live.run);
        runs.stopped.push_back(Arc::clone(live));
        while runs.stopped.len() > remembered.max(1) {
            runs.stopped.pop_front();
        }
    }

    pub(crate) fn live(&self, run: RunId) -> Option<Arc<Live>> {
        self.runs().live.get(&run).cloned()
    }

    /// Also one that came to a stop a short while ago.
    pub(crate) fn known(&self, run: RunId) -> Option<Arc<Live>> {
        let runs = self.runs();
        let stopped = || runs.stopped.iter().find(|live| live.run == run).cloned();
        runs.live.get(&run).cloned().or_else(stopped)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        self.runs().live.values().cloned().collect()
    }
}
