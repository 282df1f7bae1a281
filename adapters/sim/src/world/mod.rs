//! The world as a value, and how time passes in it.

mod arbiter;
mod contact;
mod group;
mod link;
mod queue;
mod replicate;
mod rules;
mod settings;
mod site;
mod tally;
mod vm;

use std::collections::BTreeMap;

use muster_plans::id::{ConsistencyGroupId, SiteName, VmId, VolumeId};
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

pub(crate) use arbiter::Changes;
pub(crate) use group::{Facts, Group, Leg, Side};
pub(crate) use link::{Pair, Seen, Witness};
pub(crate) use queue::{Event, Queue};
pub use settings::Settings;
pub(crate) use site::{Bubble, Host, LocalVolume, Site, TestClone};
pub(crate) use tally::Tally;
pub(crate) use vm::{Card, CardDef, Disk, Move, Registration, VmDef, key};

use crate::fault::ActiveFault;
use crate::fencing::SiteFence;
use crate::rng::Rng;
use crate::truth::Notes;

/// Everything there is. Made by [`crate::WorldSpec`], changed through [`crate::Sim`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct World {
    pub(crate) now: Time,
    pub(crate) rng: Rng,
    pub(crate) settings: Settings,
    pub(crate) sites: BTreeMap<SiteName, Site>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) witness: Option<Witness>,
    /// What each VM is, wherever it is registered.
    pub(crate) vms: BTreeMap<VmId, VmDef>,
    /// Replicated volumes and their groups.
    pub(crate) volumes: BTreeMap<VolumeId, ConsistencyGroupId>,
    pub(crate) groups: BTreeMap<ConsistencyGroupId, Group>,
    pub(crate) fences: Vec<SiteFence>,
    pub(crate) faults: Vec<ActiveFault>,
    pub(crate) queue: Queue,
    pub(crate) notes: Notes,
    /// Effects since a checker last looked; `None`: nobody watches.
    #[serde(skip)]
    pub(crate) watched: Option<Vec<crate::glance::Effect>>,
    /// How often an operation asked the array of another site for something.
    #[serde(skip)]
    pub(crate) contacts: Tally,
    /// Faults with a moment that have struck; `None`: nobody watches.
    #[serde(skip)]
    pub(crate) hits: Option<Vec<crate::moment::Hit>>,
}

impl World {
    /// How far its time has come.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Names of its sites.
    pub fn sites(&self) -> Vec<SiteName> {
        self.sites.keys().cloned().collect()
    }

    /// Lets time pass: everything that was due happens in order. Time never runs backwards; an
    /// instant that is past changes nothing.
    pub fn advance(&mut self, now: Time) {
        while let Some((at, event)) = self.queue.pop(now) {
            self.now = self.now.max(at);
            self.happen(event);
        }
        self.now = self.now.max(now);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Effect { site, op } if self.put_off(&site, op) => {}
            Event::Effect { site, op } => self.effect(&site, op),
            Event::HalfWay { site, op } => self.half_way(&site, op),
            Event::Again { site, op } => self.effect_again(&site, op),
            Event::Deadline { site, op } => self.give_up(&site, op),
            Event::HostUp { site, host } => self.host_is_up(&site, &host),
            Event::SelfFence { site, peer, since } => self.self_fence(&site, &peer, since),
            Event::StorageLost { site, group, since } => self.storage_lost(&site, &group, since),
            Event::Resynced { group, since } => self.resynced(&group, since),
        }
    }
}
