//! Powers on.

use muster_contract::{ErrorClass, Instance, Reason};
use muster_plans::guard::{Guard, holds};
use muster_plans::id::{SiteName, VmId};
use muster_plans::inventory::{HostState, NetworkRole, Power};

use super::registered;
use crate::op::{Call, Checked, Note, Todo, missing, no, not_now};
use crate::world::{Registration, Site, World, key};

pub(super) fn check(world: &World, site: &Site, call: &Call<'_>, which: &Instance) -> Checked {
    let instance = registered(site, which)?;
    match instance.power {
        Power::On => return Ok(Todo::Nothing),
        Power::Suspended => return not_now("it is suspended; resume it"),
        Power::Off => {}
    }
    room(site, instance)?;
    match &instance.tag {
        None => {
            world.storage_ready(call.site, instance.vm)?;
            alone(world, call.site, instance.vm)?;
        }
        Some(_) => test_ready(site, instance)?,
    }
    Ok(Todo::WORK)
}

/// Whether its host is up and has the memory.
pub(super) fn room(site: &Site, instance: &Registration) -> Result<(), Reason> {
    let Some(host) = site.hosts.get(&instance.host) else {
        return missing(format!("the host {}", instance.host));
    };
    if host.state != HostState::Up {
        return not_now(format!("the host {} is not up", instance.host));
    }
    let free = host.memory_mib.saturating_sub(host.used_mib);
    let wanted = u64::from(instance.memory_mib);
    if free < wanted {
        let text = format!("{} has {free} MiB free and {wanted} are needed", instance.host);
        return no(ErrorClass::Capacity, text);
    }
    Ok(())
}

/// The disk lock: nobody else runs it, as far as it can be known here.
pub(super) fn alone(world: &World, here: &SiteName, vm: VmId) -> Result<(), Reason> {
    let key = format!("vm/{vm}");
    let elsewhere = world.sites.iter().find(|(name, other)| {
        *name != here
            && world.lock_holds(here, name)
            && other.instances.get(&key).is_some_and(|i| i.power != Power::Off)
    });
    elsewhere.map_or(Ok(()), |(name, _)| not_now(format!("it runs at {name}")))
}

/// A test copy runs on its own clones and on networks for tests, or not at all.
fn test_ready(site: &Site, instance: &Registration) -> Result<(), Reason> {
    for name in &instance.clones {
        match site.clones.get(name) {
            Some(clone) if clone.mounted && Some(&clone.tag) == instance.tag.as_ref() => {}
            Some(_) => return not_now(format!("the clone {name} is not mounted")),
            None => return missing(format!("the clone {name}")),
        }
    }
    for network in instance.cards.iter().filter_map(|card| card.network.as_ref()) {
        let role = site.networks.get(network).map(|network| network.role);
        if role.is_some_and(|role| role != NetworkRole::Test) && holds(Guard::BubbleAtSite) {
            return not_now(format!("the network {network} is not for tests"));
        }
    }
    Ok(())
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, which: &Instance) -> Note {
    let booted = world.now + world.settings.scaled(world.settings.boot);
    let key = key(which);
    let instance = world.instance_mut(call.site, &key)?;
    instance.booted = booted;
    instance.waiting = false;
    // What runs in production is started again after a power loss, as a cluster does it.
    instance.autostart = instance.tag.is_none();
    world.set_power(call.site, &key, Power::On);
    None
}

impl World {
    /// Whether all storage of a VM can be written from here.
    pub(crate) fn storage_ready(&self, site: &SiteName, vm: VmId) -> Result<(), Reason> {
        for id in self.groups_of(vm) {
            let leg = self.groups.get(&id).and_then(|group| group.legs.get(group.side(site)?));
            match leg {
                Some(leg) if leg.serving && leg.mounted => {}
                Some(leg) if leg.serving => return not_now(format!("{id} is not mounted here")),
                Some(_) => return not_now(format!("{id} cannot be written here")),
                None => return missing(format!("a leg of {id}")),
            }
        }
        Ok(())
    }
}
