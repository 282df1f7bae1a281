//! Wakes a host from standby.

use muster_plans::id::HostId;
use muster_plans::inventory::HostState;

use crate::op::{Call, Checked, Note, Todo, missing, not_now};
use crate::world::{Site, World};

pub(super) fn check(world: &World, site: &Site, host: &HostId) -> Checked {
    match site.hosts.get(host).map(|host| host.state) {
        Some(HostState::Up) => Ok(Todo::Nothing),
        Some(HostState::Standby) => Ok(Todo::Work(world.settings.scaled(world.settings.host_boot))),
        Some(HostState::Down) => not_now(format!("the host {host} is down and cannot be woken")),
        None => missing(format!("the host {host}")),
    }
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, host: &HostId) -> Note {
    let host = world.sites.get_mut(call.site)?.hosts.get_mut(host)?;
    host.state = HostState::Up;
    host.wanted = HostState::Up;
    None
}
