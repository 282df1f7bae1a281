//! Writable snapshots for tests.

use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::Power;

use super::OwnLeg;
use crate::op::{Call, Checked, Note, Todo, not_now};
use crate::world::{TestClone, World};

pub(super) fn check_make(world: &World, call: &Call<'_>, leg: &OwnLeg<'_>, name: &str) -> Checked {
    let tag = call.tag()?;
    let Some(clone) = world.sites.get(call.site).and_then(|site| site.clones.get(name)) else {
        return Ok(Todo::WORK);
    };
    call.owns(&clone.tag, format!("the clone {name}"))?;
    if clone.group != leg.group.id {
        return not_now(format!("the clone {name} of {tag} is of the group {}", clone.group));
    }
    Ok(Todo::Nothing)
}

pub(super) fn make(
    world: &mut World,
    call: &Call<'_>,
    id: &ConsistencyGroupId,
    name: &str,
) -> Note {
    let group = world.groups.get(id)?;
    let holds = group.legs[group.side(call.site)?].line.until(world.now);
    let tag = call.ctx.run_tag.clone()?;
    let clone = TestClone { group: id.clone(), tag, holds, mounted: false };
    world.sites.get_mut(call.site)?.clones.insert(name.to_owned(), clone);
    None
}

pub(super) fn check_drop(world: &World, call: &Call<'_>, name: &str) -> Checked {
    let Some(site) = world.sites.get(call.site) else { return Ok(Todo::Nothing) };
    let Some(clone) = site.clones.get(name) else { return Ok(Todo::Nothing) };
    call.owns(&clone.tag, format!("the clone {name}"))?;
    let user = site
        .instances
        .iter()
        .find(|(_, i)| i.power != Power::Off && i.clones.iter().any(|own| own == name));
    if let Some((key, _)) = user {
        return not_now(format!("the test copy {key} still uses the clone {name}"));
    }
    Ok(Todo::WORK)
}

pub(super) fn remove(world: &mut World, call: &Call<'_>, name: &str) -> Note {
    world.sites.get_mut(call.site)?.clones.remove(name);
    None
}
