//! A world with a clock, and with a state file if wanted.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use muster_contract::SiteAdapter;
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::adapter::SimSite;
use crate::build::{SpecError, WorldSpec};
use crate::clock::SimClock;
use crate::control::{Command, ControlError};
use crate::persist::{Input, Store, StoreError};
use crate::truth::Truth;
use crate::world::World;

/// Why a simulator could not start, or a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The state file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The description of the world.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The command.
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// A simulator: what `muster sim` runs and what tests hold in their hands. Clones share one world.
#[derive(Clone)]
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
}

/// What all site adapters of one world share.
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) clock: Arc<dyn SimClock>,
    /// Operations and queries that each site got. Not a part of the world: nothing depends on it.
    calls: Mutex<BTreeMap<SiteName, u64>>,
}

/// How much was asked since the process was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Operations and queries by site.
    pub calls: BTreeMap<SiteName, u64>,
    /// How often an operation at one site asked the array of the other one for something.
    pub contacts: u64,
}

pub(crate) struct State {
    pub(crate) world: World,
    store: Option<Store>,
    /// What the world's time is ahead of the clock, because it ran further in an earlier life.
    ahead: Span,
    /// The last instant of an answer that is in the file.
    answered: Time,
}

impl Sim {
    /// A world in memory.
    pub fn new(world: World, clock: Arc<dyn SimClock>) -> Sim {
        Sim::with(world, None, clock)
    }

    /// The world in a state file, or, where there is none yet, a new one from a description. What
    /// was answered before the process was killed, at whatever moment, is in it.
    ///
    /// # Errors
    /// Where the file cannot be read or written or is damaged, or the description makes no world.
    pub fn open(path: &Path, spec: &WorldSpec, clock: Arc<dyn SimClock>) -> Result<Sim, SimError> {
        let world = match Store::load(path)? {
            Some(world) => world,
            None => spec.build(clock.now())?,
        };
        let store = Store::create(path, &world)?;
        Ok(Sim::with(world, Some(store), clock))
    }

    fn with(world: World, store: Option<Store>, clock: Arc<dyn SimClock>) -> Sim {
        let ahead = world.now().since(clock.now());
        let answered = world.now();
        let state = Mutex::new(State { world, store, ahead, answered });
        Sim { shared: Arc::new(Shared { state, clock, calls: Mutex::default() }) }
    }

    /// Names of its sites.
    pub fn sites(&self) -> Vec<SiteName> {
        self.shared.at_now(|state| state.world.sites())
    }

    /// The adapter of a site; `None`: there is no such site.
    pub fn site(&self, name: &SiteName) -> Option<Arc<dyn SiteAdapter>> {
        Some(Arc::new(self.sim_site(name)?))
    }

    /// The same, as the type that also gives storage, hypervisor and fencing alone.
    pub fn sim_site(&self, name: &SiteName) -> Option<SimSite> {
        let there = self.shared.at_now(|state| state.world.sites.contains_key(name));
        there.then(|| SimSite::new(name.clone(), self.shared.clone()))
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// Where it names nothing of this world, or the state file cannot be written.
    pub fn control(&self, command: Command) -> Result<(), SimError> {
        self.shared.at_now(|state| {
            state.write(&Input::Control(Box::new(command.clone())))?;
            state.world.control(&command)?;
            Ok(())
        })
    }

    /// What really happened so far.
    pub fn truth(&self) -> Truth {
        self.shared.at_now(|state| state.world.truth())
    }

    /// How much was asked since this simulator was made.
    pub fn calls(&self) -> Calls {
        let calls = self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let contacts = self.shared.at_now(|state| state.world.contacts.count());
        Calls { calls, contacts }
    }

    /// Directions of lines in which nothing arrives, as from and to.
    pub fn dead_ways(&self) -> Vec<(String, String)> {
        self.shared.at_now(|state| state.world.dead_ways())
    }

    /// The world's time.
    pub fn now(&self) -> Time {
        self.shared.at_now(|state| state.world.now())
    }

    /// A copy of the world as it is now: for comparing and for trying something out.
    pub fn snapshot(&self) -> World {
        self.shared.at_now(|state| {
            state.world.settle_all();
            state.world.clone()
        })
    }
}

impl Shared {
    /// Counts a call.
    pub(crate) fn called(&self, site: &SiteName) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(site.clone()).or_default() += 1;
    }

    /// Lets time pass up to now and then does something, alone.
    pub(crate) fn at_now<R>(&self, then: impl FnOnce(&mut State) -> R) -> R {
        // A panic under the lock would be a bug of this crate; the world is a value that is still
        // whole enough to be looked at.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now() + state.ahead;
        state.world.advance(now);
        let result = then(&mut state);
        // A command may have let the world run ahead of its clock.
        let behind = state.world.now().since(now);
        state.ahead += behind;
        result
    }
}

impl State {
    /// Writes an input down.
    pub(crate) fn write(&mut self, input: &Input) -> Result<(), StoreError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        // Before this input, not after it: the world has acted on all others.
        store.compact(&self.world)?;
        store.append(self.world.now(), input)?;
        self.answered = self.world.now();
        Ok(())
    }

    /// Writes down that something is answered now.
    pub(crate) fn write_answer(&mut self) -> Result<(), StoreError> {
        if self.answered == self.world.now() {
            return Ok(());
        }
        self.write(&Input::Answered)
    }

    /// A caller's instant in the world's time.
    pub(crate) fn instant(&self, at: Time) -> Time {
        at + self.ahead
    }
}
