//! The conformance kit's hand on a simulated world: it breaks, counts, and lends a group.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use muster_contract::SiteAdapter;
use muster_contract::kit::{Aim, Count, Hand, Hook, Lab};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Power, ReplicaRole, ReplicationMode, SiteInventory};

use crate::control::{Command, Thing};
use crate::fault::{Fault, FaultId};
use crate::sim::{Calls, Sim};
use crate::truth::Truth;

/// Whatever a world is controlled through: itself, or its control API.
#[async_trait]
pub trait Console: Send + Sync {
    /// Carries out a command.
    async fn control(&self, command: Command) -> Result<(), String>;
    /// What really happened.
    async fn truth(&self) -> Result<Truth, String>;
    /// How much was asked.
    async fn calls(&self) -> Result<Calls, String>;
}

#[async_trait]
impl Console for Sim {
    async fn control(&self, command: Command) -> Result<(), String> {
        Sim::control(self, command).map_err(|error| error.to_string())
    }

    async fn truth(&self) -> Result<Truth, String> {
        Ok(Sim::truth(self))
    }

    async fn calls(&self) -> Result<Calls, String> {
        Ok(Sim::calls(self))
    }
}

/// A hand on one site of a simulated world.
pub struct SimHand<C> {
    console: C,
    site: SiteName,
    peer: Option<SiteName>,
    lab: Option<Lab>,
    broken: Mutex<Vec<Thing>>,
}

impl<C: Console> SimHand<C> {
    /// A hand on a site, without a group to fail over.
    pub fn new(console: C, site: SiteName) -> SimHand<C> {
        SimHand { console, site, peer: None, lab: None, broken: Mutex::default() }
    }

    /// Lends the first asynchronous group that the site receives from this peer, as its inventory
    /// says, and a VM of a stretched one for its lock. In a simulated world nobody minds.
    ///
    /// # Errors
    /// Where an inventory has no answer.
    pub async fn lending(
        self,
        here: &dyn SiteAdapter,
        peer: Arc<dyn SiteAdapter>,
    ) -> Result<SimHand<C>, String> {
        let own = here.inventory().await.map_err(|error| error.message)?;
        let theirs = peer.inventory().await.map_err(|error| error.message)?;
        let name = Some(theirs.site.clone());
        let lab = lent(&own, &theirs, peer);
        Ok(SimHand { peer: name, lab, ..self })
    }

    fn thing(&self, how: Hook, aim: &Aim) -> Option<Thing> {
        let fault = |id| Fault {
            object: aim.object.clone(),
            times: aim.times,
            delay: aim.delay,
            ..Fault::at(id, self.site.clone())
        };
        let id = match how {
            Hook::Lost => FaultId::F2,
            Hook::AnswerLost => FaultId::F3,
            Hook::Late => FaultId::F4,
            Hook::Hang => FaultId::F9,
            Hook::HalfWay => FaultId::F10,
            Hook::Expire => FaultId::F14,
            Hook::Rename => FaultId::F15,
            Hook::Throttle => FaultId::F16,
            Hook::Garble => FaultId::F17,
            Hook::Cut => {
                return Some(Thing::Link(self.site.to_string(), self.peer.as_ref()?.to_string()));
            }
            _ => return None,
        };
        Some(Thing::Backend(fault(id)))
    }
}

fn lent(own: &SiteInventory, theirs: &SiteInventory, peer: Arc<dyn SiteAdapter>) -> Option<Lab> {
    let received = own.groups.iter().find(|group| {
        group.peer == theirs.site
            && group.role == ReplicaRole::Target
            && group.mode == ReplicationMode::Async
    })?;
    let stretched: BTreeSet<_> = theirs
        .groups
        .iter()
        .filter(|group| group.mode == ReplicationMode::Stretched)
        .flat_map(|group| &group.volumes)
        .collect();
    let locked = theirs.vms.iter().find(|vm| {
        let on_it = vm.objects.iter().any(|object| stretched.contains(&object.volume));
        on_it && vm.power == Power::On && vm.run_tag.is_none()
    });
    Some(Lab { peer, group: received.id.clone(), locked: locked.map(|vm| vm.id) })
}

#[async_trait]
impl<C: Console> Hand for SimHand<C> {
    fn hooks(&self) -> BTreeSet<Hook> {
        let can = |hook: &Hook| match hook {
            Hook::Restart | Hook::Line | Hook::Log => false,
            Hook::Cut => self.peer.is_some(),
            Hook::Lab => self.lab.is_some(),
            _ => true,
        };
        Hook::ALL.into_iter().filter(can).collect()
    }

    async fn harm(&self, how: Hook, aim: &Aim) -> Result<(), String> {
        let thing = self.thing(how, aim).ok_or_else(|| format!("no harm is called `{how}`"))?;
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).push(thing.clone());
        self.console.control(Command::Break(thing)).await
    }

    async fn heal(&self) -> Result<(), String> {
        let broken =
            std::mem::take(&mut *self.broken.lock().unwrap_or_else(PoisonError::into_inner));
        for thing in broken {
            self.console.control(Command::Heal(thing)).await?;
        }
        Ok(())
    }

    async fn count(&self, what: &Count) -> Result<u64, String> {
        Ok(match what {
            Count::Effects(id) => {
                let truth = self.console.truth().await?;
                truth.effects.get(id).copied().unwrap_or_default().into()
            }
            Count::Calls => {
                let calls = self.console.calls().await?.calls;
                calls.get(&self.site).copied().unwrap_or_default()
            }
            Count::Contacts => self.console.calls().await?.contacts,
            Count::Snapshots(group) => {
                let truth = self.console.truth().await?;
                truth.snapshots.iter().filter(|made| &made.group == group).count() as u64
            }
        })
    }

    fn lab(&self) -> Option<Lab> {
        self.lab.clone()
    }
}
