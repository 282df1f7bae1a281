//! What people and tests do to the world from outside: break, heal, inject, tune.

mod inject;
mod power;
mod thing;

use muster_plans::id::{HostId, NetworkName, RunTag, SiteName, VmId};
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

pub use thing::{Thing, ThingError};

use crate::world::{Bubble, Settings, World};

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
    /// Somebody else makes an isolated network, under a tag of their own.
    Plant {
        /// Where.
        site: SiteName,
        /// What it is called.
        bubble: NetworkName,
        /// Their tag.
        owner: RunTag,
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
            Command::Plant { site, bubble, owner } => {
                let found = self.sites.get_mut(site);
                let found = found.ok_or_else(|| ControlError::Unknown(format!("site {site}")))?;
                let theirs = Bubble { tag: owner.clone() };
                found.bubbles.entry(bubble.clone()).or_insert(theirs);
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
            Thing::Way(from, to) => self.set_way(from, to, up).ok_or_else(unknown)?,
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

    fn set_way(&mut self, from: &str, to: &str, up: bool) -> Option<()> {
        let named = |w: &&mut crate::world::Witness| [from, to].contains(&w.name.as_str());
        if let Some(witness) = self.witness.as_mut().filter(named) {
            let by_witness = witness.name.as_str() == from;
            let site = if by_witness { to } else { from };
            witness.seen.get_mut(site)?.mute[usize::from(by_witness)] = !up;
        } else {
            let (a, b) = (SiteName::from(from), SiteName::from(to));
            let pair = self.pairs.iter_mut().find(|pair| pair.joins(&a, &b))?;
            let end = usize::from(pair.a != a);
            pair.mute[end] = !up;
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

    fn heal_all(&mut self) {
        self.faults.clear();
        let sites: Vec<SiteName> = self.sites.keys().cloned().collect();
        for pair in &mut self.pairs {
            pair.up = true;
            pair.mute = [false; 2];
        }
        let now = self.now;
        if let Some(witness) = &mut self.witness {
            if !witness.up {
                witness.up_since = now;
            }
            witness.up = true;
            for seen in witness.seen.values_mut() {
                seen.line = true;
                seen.mute = [false; 2];
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
            self.find_room(&name);
        }
    }
}
