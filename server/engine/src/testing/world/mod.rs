//! Sites whose objects follow operations.

mod agent;
mod answers;
mod effects;
mod objects;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_contract::{ErrorClass, FenceDomain, OpId, OpStatus, SiteAdapter, Token, WitnessSight};
use muster_plans::graph::{Graph, StepIx};
use muster_plans::id::{SiteName, VmId};
use tokio::sync::Notify;

pub use agent::WorldSite;
pub use objects::Objects;

use super::{MemoryJournal, ScriptedCallouts};
use crate::ports::Sites;

/// What goes wrong with one attempt of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused and changes nothing.
    Refuse(ErrorClass),
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It never arrives, and the sender does not know that.
    RequestLost,
    /// It is accepted and never done; the sender gets no answer.
    Stuck,
    /// The agent says that it is done, and it is not.
    Lie,
    /// The answer never comes; it is done.
    Hang,
    /// The adapter breaks down.
    Panic,
}

#[derive(Debug, Default)]
struct Inner {
    objects: Objects,
    faults: BTreeMap<(StepIx, bool), VecDeque<Fault>>,
    /// Steps, and undos, that fail the same way as long as they are tried.
    always: BTreeMap<(StepIx, bool), Fault>,
    ops: BTreeMap<OpId, OpStatus>,
    floors: BTreeMap<FenceDomain, Token>,
    /// The highest token that each object has seen.
    tokens: BTreeMap<(SiteName, String), Token>,
    down: BTreeSet<SiteName>,
    sick: BTreeSet<VmId>,
    latency: Duration,
    witness: BTreeMap<SiteName, WitnessSight>,
    /// Requests that arrived, and effects, in order.
    calls: Vec<OpId>,
    effects: Vec<OpId>,
    asked: BTreeMap<SiteName, u64>,
    violations: Vec<String>,
    used: Vec<u32>,
    peak: Vec<u32>,
    at_once: u32,
    peak_at_once: u32,
}

/// A table of objects at all sites of a graph, and a script of what goes wrong.
#[derive(Debug)]
pub struct World {
    graph: Arc<Graph>,
    inner: Mutex<Inner>,
    sites: BTreeMap<SiteName, Arc<WorldSite>>,
    journal: Mutex<Option<Arc<MemoryJournal>>>,
    callouts: Arc<ScriptedCallouts>,
    changed: Notify,
}

impl World {
    /// As it is before the graph is executed.
    pub fn new(graph: &Arc<Graph>) -> Arc<World> {
        Arc::new_cyclic(|world| {
            let sites = graph.sites.iter();
            let site = |name: &SiteName| Arc::new(WorldSite::new(name.clone(), world.clone()));
            let inner = Inner {
                objects: Objects::before(graph),
                used: vec![0; graph.resources.len()],
                peak: vec![0; graph.resources.len()],
                ..Inner::default()
            };
            World {
                graph: Arc::clone(graph),
                inner: Mutex::new(inner),
                sites: sites.map(|name| (name.clone(), site(name))).collect(),
                journal: Mutex::new(None),
                callouts: Arc::new(ScriptedCallouts::default()),
                changed: Notify::new(),
            }
        })
    }

    /// The same objects, before another graph over the same sites.
    pub fn then(&self, graph: &Arc<Graph>) -> Arc<World> {
        let next = World::new(graph);
        let objects = self.objects();
        next.inner().objects = objects;
        next
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on every request is checked against this journal: its intent must be there.
    pub fn check_against(&self, journal: &Arc<MemoryJournal>) {
        let mut watched = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        *watched = Some(Arc::clone(journal));
    }

    /// The next attempt of a step goes wrong like this; several are taken one after the other.
    pub fn fault(&self, step: StepIx, fault: Fault) {
        self.inner().faults.entry((step, false)).or_default().push_back(fault);
    }

    /// The same for its undo.
    pub fn fault_undo(&self, step: StepIx, fault: Fault) {
        self.inner().faults.entry((step, true)).or_default().push_back(fault);
    }

    /// Every attempt of a step goes wrong like this; `None`: no longer.
    pub fn always(&self, step: StepIx, fault: Option<Fault>) {
        match fault {
            Some(fault) => _ = self.inner().always.insert((step, false), fault),
            None => _ = self.inner().always.remove(&(step, false)),
        }
    }

    /// The same for its undo.
    pub fn always_undo(&self, step: StepIx, fault: Option<Fault>) {
        match fault {
            Some(fault) => _ = self.inner().always.insert((step, true), fault),
            None => _ = self.inner().always.remove(&(step, true)),
        }
    }

    /// Whether a site is out of reach.
    pub fn down(&self, site: &SiteName, down: bool) {
        let mut inner = self.inner();
        if down {
            inner.down.insert(site.clone());
        } else {
            inner.down.remove(site);
        }
    }

    /// The world's callouts.
    pub fn callouts(&self) -> Arc<ScriptedCallouts> {
        Arc::clone(&self.callouts)
    }

    /// Whether a VM boots, but never writes.
    pub fn sick(&self, vm: VmId, sick: bool) {
        let mut inner = self.inner();
        if sick {
            inner.sick.insert(vm);
        } else {
            inner.sick.remove(&vm);
        }
    }

    /// How long every operation takes.
    pub fn latency(&self, latency: Duration) {
        self.inner().latency = latency;
    }

    /// What the witness says of a site.
    pub fn witness_says(&self, site: &SiteName, sight: WitnessSight) {
        self.inner().witness.insert(site.clone(), sight);
    }

    /// Changes objects behind everybody's back.
    pub fn change(&self, change: impl FnOnce(&mut Objects)) {
        change(&mut self.inner().objects);
    }

    /// All objects.
    pub fn objects(&self) -> Objects {
        self.inner().objects.clone()
    }

    /// Requests that arrived, in order.
    pub fn calls(&self) -> Vec<OpId> {
        self.inner().calls.clone()
    }

    /// Operations that had an effect, in order.
    pub fn effects(&self) -> Vec<OpId> {
        self.inner().effects.clone()
    }

    /// How often each site was asked or told anything.
    pub fn asked(&self, site: &SiteName) -> u64 {
        self.inner().asked.get(site).copied().unwrap_or(0)
    }

    /// Rules of the contract, or of the engine, that a request broke.
    pub fn violations(&self) -> Vec<String> {
        self.inner().violations.clone()
    }

    /// The most units of each resource, and the most operations, that were in use at once.
    pub fn peaks(&self) -> (Vec<u32>, u32) {
        let inner = self.inner();
        (inner.peak.clone(), inner.peak_at_once)
    }

    /// Waits until a request of a step has arrived.
    pub async fn called(&self, step: StepIx) {
        loop {
            let changed = self.changed.notified();
            if self.inner().calls.iter().any(|id| id.step == step) {
                return;
            }
            changed.await;
        }
    }
}

impl Sites for World {
    fn adapter(&self, site: &SiteName) -> Option<Arc<dyn SiteAdapter>> {
        self.sites.get(site).map(|site| Arc::clone(site) as Arc<dyn SiteAdapter>)
    }
}
