//! Sends what is not yet at the other leg.

use muster_contract::ErrorClass;
use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::ReplicationMode;

use super::OwnLeg;
use crate::op::{Call, Checked, Note, Todo, no, not_now};
use crate::world::World;

pub(super) fn check(world: &World, _call: &Call<'_>, leg: &OwnLeg<'_>) -> Checked {
    let group = leg.group;
    if !group.replicating {
        return not_now(format!("{} does not replicate; reverse it first", group.id));
    }
    if group.equal() {
        return Ok(Todo::Nothing);
    }
    if !leg.ask(world) {
        return no(ErrorClass::Retry, format!("{} does not answer", leg.peer().site));
    }
    if group.resync.is_some() || (group.mode == ReplicationMode::Sync && group.flowing.is_none()) {
        return no(ErrorClass::Retry, format!("{} is catching up", group.id));
    }
    let behind = group.lag(leg.side, world.now).unwrap_or_default();
    Ok(Todo::Work(world.transfer(group, behind)))
}

pub(super) fn apply(world: &mut World, _call: &Call<'_>, id: &ConsistencyGroupId) -> Note {
    let now = world.now;
    let group = world.groups.get_mut(id)?;
    let source = group.source()?;
    group.send_all(source, now);
    None
}
