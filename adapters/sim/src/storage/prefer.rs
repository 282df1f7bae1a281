//! Makes a site the preferred one of a stretched group.

use muster_contract::ErrorClass;
use muster_plans::id::{ConsistencyGroupId, SiteName};
use muster_plans::inventory::{DetachRule, ReplicaRole};

use super::OwnLeg;
use crate::op::{Checked, Note, Todo, no, not_now};
use crate::world::World;

pub(super) fn check(leg: &OwnLeg<'_>, site: &SiteName) -> Checked {
    let group = leg.group;
    if !group.stretched() {
        return no(ErrorClass::Unsupported, format!("{} is not stretched", group.id));
    }
    let Some(side) = group.side(site) else {
        return not_now(format!("{site} has no leg of {}", group.id));
    };
    if group.preferred.as_ref() == Some(site) {
        return Ok(Todo::Nothing);
    }
    if !group.legs[side].open {
        return not_now(format!("the leg at {site} is not writable"));
    }
    if !group.in_sync && group.ahead != Some(side) {
        return not_now(format!("the leg at {site} is not up to date"));
    }
    Ok(Todo::WORK)
}

/// The rule for a lost witness follows, and so do the roles: the preferred leg counts as the source.
pub(super) fn apply(world: &mut World, id: &ConsistencyGroupId, site: &SiteName) -> Note {
    let group = world.groups.get_mut(id)?;
    group.preferred = Some(site.clone());
    if let Some(DetachRule::Winner(winner)) = &mut group.detach {
        *winner = site.clone();
    }
    if group.replicating {
        for leg in &mut group.legs {
            let preferred = &leg.site == site;
            leg.role = if preferred { ReplicaRole::Source } else { ReplicaRole::Target };
        }
    }
    world.decide(id);
    None
}
