//! Powering a host off.

use muster_plans::id::HostId;
use muster_plans::inventory::HostState;

use crate::op::{Call, Checked, Note, Todo, missing};
use crate::world::World;

pub(super) fn check(world: &World, call: &Call<'_>, host: &HostId) -> Checked {
    let Some(found) = world.sites.get(call.site).and_then(|site| site.hosts.get(host)) else {
        return missing(format!("the host {host}"));
    };
    let off = found.state == HostState::Down && found.broken;
    Ok(if off { Todo::Nothing } else { Todo::WORK })
}

/// It stays off until it is mended by hand: whoever fences a host does not want it back by itself.
pub(super) fn apply(world: &mut World, call: &Call<'_>, host: &HostId) -> Note {
    world.break_host(call.site, host);
    None
}
