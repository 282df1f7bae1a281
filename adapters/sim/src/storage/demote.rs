//! Makes a leg read-only and drains it.

use muster_contract::{ErrorClass, Mode};
use muster_plans::id::ConsistencyGroupId;

use super::OwnLeg;
use crate::op::{Call, Checked, Note, Todo, no, not_now};
use crate::world::World;

pub(super) fn check(world: &World, call: &Call<'_>, leg: &OwnLeg<'_>) -> Checked {
    let (group, own) = (leg.group, leg.own());
    if !own.open && (group.undrained(leg.side) == 0 || !group.replicating) {
        return Ok(Todo::Nothing);
    }
    if !group.stretched()
        && let Some(vm) = world.running_on(&own.site, &group.id)
    {
        return not_now(format!("{vm} runs here and has {} open", group.id));
    }
    let sends = group.stretched() || leg.ask(world);
    // In an unplanned run it is worth a lot that this leg stops, even if nothing can be sent.
    if !sends && call.ctx.mode != Mode::Unplanned {
        let text =
            format!("{} does not answer, so that nothing can be sent there", leg.peer().site);
        return no(ErrorClass::Retry, text);
    }
    if group.resync.is_some() && call.ctx.mode != Mode::Unplanned {
        return no(ErrorClass::Retry, format!("{} is catching up", group.id));
    }
    let behind = group.lag(leg.side, world.now).unwrap_or_default();
    Ok(Todo::Work(world.transfer(group, behind)))
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, id: &ConsistencyGroupId) -> Note {
    let now = world.now;
    let group = world.groups.get_mut(id)?;
    let side = group.side(call.site)?;
    group.legs[side].open = false;
    if group.source() == Some(side) && group.flowing.is_some() {
        group.send_all(side, now);
    }
    world.decide(id);
    let left = world.groups[id].undrained(side);
    (left > 0).then(|| format!("{left} writes could not be sent"))
}
