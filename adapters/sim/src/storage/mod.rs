//! What the arrays do: one file for each verb.

mod demote;
mod prefer;
mod promote;
mod reverse;
mod snapshot;
mod sync;

use muster_contract::{ErrorClass, Reason, StorageOp};
use muster_plans::id::{ConsistencyGroupId, SiteName};

use crate::op::{Call, Checked, Note, missing, no};
use crate::world::{Group, Side, World};

/// The group that an operation is about.
pub(crate) fn group(op: &StorageOp) -> &ConsistencyGroupId {
    match op {
        StorageOp::Sync { group }
        | StorageOp::Demote { group }
        | StorageOp::Promote { group, .. }
        | StorageOp::Reverse { group }
        | StorageOp::SetPreference { group, .. }
        | StorageOp::SnapshotForTest { group, .. }
        | StorageOp::DropTest { group, .. } => group,
    }
}

pub(crate) fn check(world: &World, call: &Call<'_>, op: &StorageOp) -> Checked {
    let leg = OwnLeg::find(world, call.site, group(op))?;
    match op {
        StorageOp::Sync { .. } => sync::check(world, call, &leg),
        StorageOp::Demote { .. } => demote::check(world, call, &leg),
        StorageOp::Promote { point, forced, .. } => {
            promote::check(world, &leg, point.as_ref(), *forced)
        }
        StorageOp::Reverse { .. } => reverse::check(world, call, &leg),
        StorageOp::SetPreference { site, .. } => prefer::check(&leg, site),
        StorageOp::SnapshotForTest { clone, .. } => snapshot::check_make(world, call, &leg, clone),
        StorageOp::DropTest { clone, .. } => snapshot::check_drop(world, call, clone),
    }
}

pub(crate) fn apply(world: &mut World, call: &Call<'_>, op: &StorageOp) -> Note {
    let id = group(op);
    match op {
        StorageOp::Sync { .. } => sync::apply(world, call, id),
        StorageOp::Demote { .. } => demote::apply(world, call, id),
        StorageOp::Promote { point, forced, above, .. } => {
            promote::apply(world, call, id, point.as_ref(), *forced, *above)
        }
        StorageOp::Reverse { .. } => reverse::apply(world, call, id),
        StorageOp::SetPreference { site, .. } => prefer::apply(world, id, site),
        StorageOp::SnapshotForTest { clone, .. } => snapshot::make(world, call, id, clone),
        StorageOp::DropTest { clone, .. } => snapshot::remove(world, call, clone),
    }
}

/// The leg of a group at the site that was asked.
pub(crate) struct OwnLeg<'a> {
    pub(crate) group: &'a Group,
    pub(crate) side: Side,
}

impl<'a> OwnLeg<'a> {
    fn find(
        world: &'a World,
        site: &SiteName,
        id: &ConsistencyGroupId,
    ) -> Result<OwnLeg<'a>, Reason> {
        let leg = world.groups.get(id).and_then(|group| Some((group, group.side(site)?)));
        let Some((group, side)) = leg else { return missing(format!("the group {id}")) };
        if !world.serves(site) {
            return no(ErrorClass::Retry, format!("the array of {site} does not answer"));
        }
        Ok(OwnLeg { group, side })
    }

    pub(crate) fn own(&self) -> &crate::world::Leg {
        &self.group.legs[self.side]
    }

    pub(crate) fn peer(&self) -> &crate::world::Leg {
        &self.group.legs[1 - self.side]
    }

    /// Asks the other array for something; whether it answers.
    pub(crate) fn ask(&self, world: &World) -> bool {
        world.contacts.add();
        self.contact(world)
    }

    /// Whether the two arrays see each other, which each knows of its own line without asking.
    pub(crate) fn contact(&self, world: &World) -> bool {
        world.contact(&self.own().site, &self.peer().site)
    }
}
