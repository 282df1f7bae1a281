//! What people and tests do to the world from outside: break, heal, inject, tune.

use std::fmt;
use std::str::FromStr;

use muster_contract::{OpId, Outcome, Receipt};
use muster_plans::id::{HostId, SiteName, VmId};
use muster_plans::inventory::HostState;
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

use crate::fault::{ActiveFault, Fault, FaultId};
use crate::ledger::Phase;
use crate::world::{Settings, World};

/// Something that can be broken and healed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// A whole site loses its power.
    Site(SiteName),
    /// A host, wherever it stands.
    Host(HostId),
    /// The link between two sites, or between a site and the witness.
    Link(String, String),
    /// The array of a site.
    Array(SiteName),
    /// The witness.
    Witness,
    /// The line between the server and a site's agent; the site itself goes on.
    ServerLink(SiteName),
    /// A backend gets a fault; healing takes every fault of that id off the site.
    Backend(Fault),
}

/// Why a text names nothing that can be broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nothing that can be broken; expected site/NAME, host/ID, link/A/B, array/SITE, \
     witness or server-link/SITE"
)]
pub struct ThingError(String);

impl FromStr for Thing {
    type Err = ThingError;

    fn from_str(text: &str) -> Result<Thing, ThingError> {
        let parts: Vec<&str> = text.split('/').collect();
        Ok(match parts.as_slice() {
            ["site", site] => Thing::Site((*site).into()),
            ["host", host] => Thing::Host((*host).into()),
            ["link", a, b] => Thing::Link((*a).to_owned(), (*b).to_owned()),
            ["array", site] => Thing::Array((*site).into()),
            ["witness"] => Thing::Witness,
            ["server-link", site] => Thing::ServerLink((*site).into()),
            _ => return Err(ThingError(text.to_owned())),
        })
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thing::Site(site) => write!(f, "site/{site}"),
            Thing::Host(host) => write!(f, "host/{host}"),
            Thing::Link(a, b) => write!(f, "link/{a}/{b}"),
            Thing::Array(site) => write!(f, "array/{site}"),
            Thing::Witness => f.write_str("witness"),
            Thing::ServerLink(site) => write!(f, "server-link/{site}"),
            Thing::Backend(fault) => write!(f, "backend/{}/{:?}", fault.site, fault.id),
        }
    }
}

/// Something that is done to the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Breaks a thing. What is broken already stays so.
    Break(Thing),
    /// Heals it.
    Heal(Thing),
    /// Heals everything and takes all faults away.
    HealAll,
    /// Changes how long things take.
    Tune(Settings),
    /// Changes a link: round trip in ms, bandwidth in Mbit/s, loss from 0 to 1.
    TuneLink {
        /// One end.
        a: SiteName,
        /// The other end.
        b: SiteName,
        /// Round-trip time in milliseconds.
        rtt_ms: f64,
        /// Bandwidth in megabits per second.
        bandwidth_mbps: f64,
        /// Share of packets lost.
        loss: f64,
    },
    /// A guest stops, or begins again, to react to a shutdown.
    HangGuest {
        /// The VM.
        vm: VmId,
        /// Whether it hangs.
        hung: bool,
    },
    /// Lets virtual time pass up to this instant. A clock that is behind catches up later.
    Advance(Time),
}

/// Why a command was not carried out. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// It names something that is not in this world.
    #[error("there is no {0} in this world")]
    Unknown(String),
    /// The fault cannot be used like this.
    #[error("{0}")]
    Fault(String),
}

impl World {
    /// Carries out a command.
    pub(crate) fn control(&mut self, command: &Command) -> Result<(), ControlError> {
        match command {
            Command::Break(thing) => self.break_thing(thing)?,
            Command::Heal(thing) => self.heal(thing)?,
            Command::HealAll => self.heal_all(),
            Command::Tune(settings) => {
                self.settings = settings.clone();
                let now = self.now;
                for group in self.groups.values_mut() {
                    group.settle(now);
                    group.cdp_lag = settings.cdp_lag;
                    group.async_transfer = settings.async_transfer;
                }
            }
            Command::TuneLink { a, b, rtt_ms, bandwidth_mbps, loss } => {
                let pair = self.pairs.iter_mut().find(|pair| pair.joins(a, b));
                let pair = pair.ok_or_else(|| ControlError::Unknown(format!("link {a}/{b}")))?;
                pair.rtt_ms = *rtt_ms;
                pair.bandwidth_mbps = *bandwidth_mbps;
                pair.loss = *loss;
            }
            Command::HangGuest { vm, hung } => {
                let found = self.vms.get_mut(vm);
                found.ok_or_else(|| ControlError::Unknown(format!("VM {vm}")))?.hung = *hung;
            }
            Command::Advance(to) => self.advance(*to),
        }
        // Whatever takes no time happens within the same instant.
        self.advance(self.now);
        Ok(())
    }

    /// Breaks a thing, now.
    fn break_thing(&mut self, thing: &Thing) -> Result<(), ControlError> {
        self.set_thing(thing, false)
    }

    fn heal(&mut self, thing: &Thing) -> Result<(), ControlError> {
        self.set_thing(thing, true)
    }

    fn set_thing(&mut self, thing: &Thing, up: bool) -> Result<(), ControlError> {
        let unknown = || ControlError::Unknown(thing.to_string());
        match thing {
            Thing::Site(name) => {
                let site = self.sites.get(name).ok_or_else(unknown)?;
                match (site.powered, up) {
                    (true, false) => self.power_lost(name),
                    (false, true) => self.power_back(name),
                    _ => {}
                }
            }
            Thing::Array(name) => {
                let site = self.sites.get_mut(name).ok_or_else(unknown)?;
                if std::mem::replace(&mut site.array, up) != up {
                    self.array_changed(name);
                }
            }
            Thing::Host(host) => self.set_host(host, up).ok_or_else(unknown)?,
            Thing::Link(a, b) => self.set_link(a, b, up).ok_or_else(unknown)?,
            Thing::Witness => {
                let now = self.now;
                let witness = self.witness.as_mut().ok_or_else(unknown)?;
                if up && !witness.up {
                    witness.up_since = now;
                }
                witness.up = up;
                self.world_changed();
            }
            Thing::ServerLink(name) => {
                self.sites.get_mut(name).ok_or_else(unknown)?.server_link = up;
            }
            Thing::Backend(fault) => {
                self.sites.get(&fault.site).ok_or_else(unknown)?;
                if up { self.take_fault(fault) } else { self.inject(fault)? }
            }
        }
        Ok(())
    }

    fn set_link(&mut self, a: &str, b: &str, up: bool) -> Option<()> {
        let witness = self.witness.as_mut();
        if let Some(witness) = witness.filter(|w| w.name.as_str() == a || w.name.as_str() == b) {
            let site = if witness.name.as_str() == a { b } else { a };
            witness.seen.get_mut(site)?.line = up;
        } else {
            let (a, b) = (SiteName::from(a), SiteName::from(b));
            self.pairs.iter_mut().find(|pair| pair.joins(&a, &b))?.up = up;
        }
        self.world_changed();
        Some(())
    }

    fn set_host(&mut self, host: &HostId, up: bool) -> Option<()> {
        let (name, site) = self.sites.iter_mut().find(|(_, site)| site.hosts.contains_key(host))?;
        let (name, powered) = (name.clone(), site.powered);
        if !up {
            self.break_host(&name, host);
            return Some(());
        }
        let found = site.hosts.get_mut(host)?;
        if std::mem::replace(&mut found.broken, false) && powered {
            self.boot_host(&name, host);
        }
        Some(())
    }

    /// Everything at a site stops at once. What was under way may or may not have happened.
    fn power_lost(&mut self, name: &SiteName) {
        self.drop_in_flight(name);
        let Some(site) = self.sites.get_mut(name) else { return };
        site.powered = false;
        let hosts: Vec<HostId> = site.hosts.keys().cloned().collect();
        for host in &hosts {
            self.host_stops(name, host);
        }
        self.array_changed(name);
    }

    /// The array comes up read-only, then the hosts boot and start what they may.
    fn power_back(&mut self, name: &SiteName) {
        let Some(site) = self.sites.get_mut(name) else { return };
        site.powered = true;
        let boot = site.hosts.iter().filter(|(_, host)| host.wanted != HostState::Down);
        let hosts: Vec<HostId> = boot.map(|(id, _)| id.clone()).collect();
        self.array_changed(name);
        for host in &hosts {
            self.boot_host(name, host);
        }
    }

    /// An array that was away asks before it writes.
    fn array_changed(&mut self, name: &SiteName) {
        if !self.serves(name) {
            // Held from the moment on in which it fails, so that no decision between now and its
            // return counts on it.
            self.hold_legs(name, None);
        }
        self.world_changed();
    }

    fn drop_in_flight(&mut self, name: &SiteName) {
        let open = self.ledger(name).map(|ledger| ledger.open()).unwrap_or_default();
        for id in open {
            if self.rng.chance(0.5) {
                self.effect(name, id);
            }
            let Some(ledger) = self.ledger(name) else { continue };
            let ended = ledger.entries.get(&id).is_none_or(|entry| entry.phase == Phase::Ended);
            if !ended {
                ledger.entries.remove(&id);
            }
        }
        if let Some(ledger) = self.ledger(name) {
            ledger.queues.clear();
            ledger.detached.clear();
        }
    }

    fn heal_all(&mut self) {
        self.faults.clear();
        let sites: Vec<SiteName> = self.sites.keys().cloned().collect();
        for pair in &mut self.pairs {
            pair.up = true;
        }
        let now = self.now;
        if let Some(witness) = &mut self.witness {
            if !witness.up {
                witness.up_since = now;
            }
            witness.up = true;
            for seen in witness.seen.values_mut() {
                seen.line = true;
            }
        }
        self.world_changed();
        for name in sites {
            let Some(site) = self.sites.get_mut(&name) else { continue };
            site.server_link = true;
            let hosts: Vec<HostId> = site.hosts.keys().cloned().collect();
            // Both cannot fail: the site is there.
            let _ = self.set_thing(&Thing::Array(name.clone()), true);
            let _ = self.set_thing(&Thing::Site(name.clone()), true);
            for host in hosts {
                self.set_host(&host, true);
            }
            self.free_hung(&name);
        }
    }

    fn inject(&mut self, fault: &Fault) -> Result<(), ControlError> {
        if fault.id == FaultId::F15 {
            return self.rename(fault);
        }
        self.faults.push(ActiveFault { fault: fault.clone(), cache: Default::default() });
        Ok(())
    }

    /// Behind our back a VM gets another name and another host; its UUID stays.
    fn rename(&mut self, fault: &Fault) -> Result<(), ControlError> {
        let object = fault.object.as_deref().unwrap_or_default();
        let unknown = || ControlError::Fault("F15 needs the object vm/UUID".to_owned());
        let site = self.sites.get_mut(&fault.site).ok_or_else(unknown)?;
        let instance = site.instances.get_mut(object).ok_or_else(unknown)?;
        let memory = u64::from(instance.memory_mib);
        let room = |host: &crate::world::Host| host.memory_mib.saturating_sub(host.used_mib);
        let other = site.hosts.iter().find(|(id, host)| {
            **id != instance.host && host.state == HostState::Up && room(host) >= memory
        });
        if let Some(other) = other.map(|(id, _)| id.clone()) {
            let runs = instance.power == muster_plans::inventory::Power::On;
            let old = std::mem::replace(&mut instance.host, other.clone());
            for (host, sign) in [(old, false), (other, true)] {
                if let Some(host) = site.hosts.get_mut(&host).filter(|_| runs) {
                    host.used_mib =
                        if sign { host.used_mib + memory } else { host.used_mib - memory };
                }
            }
        }
        let vm = self.vms.get_mut(&instance.vm).ok_or_else(unknown)?;
        vm.name = format!("{}-renamed", vm.name).into();
        Ok(())
    }

    fn take_fault(&mut self, fault: &Fault) {
        let same = |active: &ActiveFault| {
            let other = &active.fault;
            other.id == fault.id
                && other.site == fault.site
                && (fault.kind.is_none() || other.kind == fault.kind)
                && (fault.object.is_none() || other.object == fault.object)
        };
        self.faults.retain(|active| !same(active));
        if fault.id == FaultId::F9 {
            self.free_hung(&fault.site);
        }
    }

    /// Operations that hang are killed: they had no effect and are forgotten.
    fn free_hung(&mut self, site: &SiteName) {
        let open = self.ledger(site).map(|ledger| ledger.open()).unwrap_or_default();
        for id in open {
            let hangs = self
                .ledger(site)
                .and_then(|ledger| ledger.entries.get(&id))
                .is_some_and(|entry| entry.phase == Phase::Running(None));
            if hangs {
                self.forget(site, id);
            }
        }
    }

    fn forget(&mut self, site: &SiteName, id: OpId) {
        let entry = self.ledger(site).and_then(|ledger| ledger.entries.remove(&id));
        if let Some(entry) = entry {
            if let Some(call) = &entry.call {
                self.end_move(site, &call.1);
            }
            self.next(site, &entry.object, id);
        }
    }

    /// Asks to stop an operation.
    pub(crate) fn cancel(&mut self, site: &SiteName, id: &OpId) -> Outcome<()> {
        if !self.reachable(site) {
            return Outcome::unknown("no answer");
        }
        let entry = self.ledger(site).and_then(|ledger| ledger.entries.get(id));
        let Some(entry) = entry else { return Outcome::Done(()) };
        let moves = entry
            .call
            .as_ref()
            .is_some_and(|call| call.1.kind() == muster_contract::OperationKind::Migrate);
        match (entry.phase, entry.result.is_some()) {
            (_, true) | (Phase::Ended, _) => {
                let class = muster_contract::ErrorClass::Precondition;
                Outcome::refused(class, "it has ended already")
            }
            (Phase::Queued | Phase::Running(None), _) => self.cancelled(site, *id),
            (Phase::Running(Some(_)), _) if moves => self.cancelled(site, *id),
            (Phase::Running(Some(_)) | Phase::Detached, _) => {
                Outcome::unknown("it is under way and cannot be stopped")
            }
        }
    }

    fn cancelled(&mut self, site: &SiteName, id: OpId) -> Outcome<()> {
        let refused: Outcome<Receipt> =
            Outcome::refused(muster_contract::ErrorClass::Precondition, "cancelled");
        self.end(site, id, refused);
        self.advance(self.now);
        Outcome::Done(())
    }
}
