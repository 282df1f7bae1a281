//! Mounts and unmounts volumes on the hosts of a site.

use muster_contract::Reason;
use muster_plans::id::ConsistencyGroupId;

use crate::op::{Call, Checked, Note, Todo, missing, not_now};
use crate::world::{Leg, Site, World};

fn leg<'a>(world: &'a World, call: &Call<'_>, id: &ConsistencyGroupId) -> Result<&'a Leg, Reason> {
    let group = world.groups.get(id);
    let leg = group.and_then(|group| group.legs.get(group.side(call.site)?));
    leg.map_or_else(|| missing(format!("the group {id}")), Ok)
}

pub(super) fn check_unmount(world: &World, call: &Call<'_>, id: &ConsistencyGroupId) -> Checked {
    if !leg(world, call, id)?.mounted {
        return Ok(Todo::Nothing);
    }
    match world.running_on(call.site, id) {
        Some(vm) => not_now(format!("{vm} runs here and has {id} open")),
        None => Ok(Todo::WORK),
    }
}

pub(super) fn check_mount(world: &World, call: &Call<'_>, id: &ConsistencyGroupId) -> Checked {
    Ok(if leg(world, call, id)?.mounted { Todo::Nothing } else { Todo::WORK })
}

pub(super) fn set(
    world: &mut World,
    call: &Call<'_>,
    id: &ConsistencyGroupId,
    mounted: bool,
) -> Note {
    let group = world.groups.get_mut(id)?;
    let side = group.side(call.site)?;
    group.legs[side].mounted = mounted;
    None
}

pub(super) fn check_test(site: &Site, call: &Call<'_>, name: &str) -> Checked {
    let Some(clone) = site.clones.get(name) else {
        return missing(format!("the clone {name}"));
    };
    call.owns(&clone.tag, format!("the clone {name}"))?;
    Ok(if clone.mounted { Todo::Nothing } else { Todo::WORK })
}

pub(super) fn mount_test(world: &mut World, call: &Call<'_>, name: &str) -> Note {
    world.sites.get_mut(call.site)?.clones.get_mut(name)?.mounted = true;
    None
}
