//! What a live move asks of the storage, and the role flip that comes with one kind of it.

use muster_contract::{ErrorClass, Reason};
use muster_plans::id::{SiteName, VmId};
use muster_plans::inventory::{ReplicaRole, ReplicationMode};
use muster_plans::mobility::Method;

use super::Wanted;
use crate::data::{Line, Upto};
use crate::op::{Call, no, not_now};
use crate::world::{Group, Side, World};

impl World {
    /// Whether the storage of a VM allows a move by this method.
    pub(super) fn move_storage(&self, call: &Call<'_>, wanted: &Wanted<'_>) -> Result<(), Reason> {
        let groups: Vec<&Group> =
            self.groups_of(wanted.vm).iter().filter_map(|id| self.groups.get(id)).collect();
        match wanted.method {
            // Between hosts of one site the disks stay where they are.
            Method::VMotion if wanted.to_site == call.site => Ok(()),
            Method::LongDistanceActiveActive | Method::VMotion => {
                if groups.is_empty() {
                    return not_now("its disks are not on stretched storage");
                }
                groups.iter().try_for_each(|group| in_sync_there(group, wanted.to_site))
            }
            Method::LongDistanceActivePassive => {
                if groups.is_empty() {
                    return not_now("its disks are not replicated");
                }
                groups.iter().try_for_each(|group| can_flip(group, call.site, wanted.to_site))
            }
            Method::StorageVMotion
            | Method::XvMotion
            | Method::CrossManager
            | Method::LongDistance => match groups.first() {
                Some(group) => not_now(format!("copying its disks would tear {} apart", group.id)),
                None => Ok(()),
            },
            Method::Restart => no(ErrorClass::Unsupported, "a restart is no live move"),
        }
    }

    /// Turns the groups of a VM round, unless a VM that moved along already did.
    pub(super) fn flip_groups(&mut self, from: &SiteName, vm: VmId) {
        let now = self.now;
        for id in self.groups_of(vm) {
            let Some(group) = self.groups.get_mut(&id) else { continue };
            let Some(side) = group.side(from).filter(|side| group.legs[*side].open) else {
                continue;
            };
            group.settle(now);
            group.flip(side, now);
            self.decide(&id);
        }
    }
}

fn in_sync_there(group: &Group, to: &SiteName) -> Result<(), Reason> {
    let leg = group.legs.iter().find(|leg| &leg.site == to);
    if !group.stretched() || !group.in_sync || !leg.is_some_and(|leg| leg.serving) {
        return not_now(format!("{} is not stretched to {to} and in sync", group.id));
    }
    Ok(())
}

fn can_flip(group: &Group, from: &SiteName, to: &SiteName) -> Result<(), Reason> {
    let sides = group.side(from).zip(group.side(to));
    let Some((from, to)) = sides.filter(|_| !group.stretched() && group.replicating) else {
        return not_now(format!("{} does not replicate from {from} to {to}", group.id));
    };
    let flipped = group.legs[to].serving && group.source() == Some(to);
    let flows = group.flowing.is_some() && group.legs[from].serving && group.source() == Some(from);
    if flipped || flows {
        return Ok(());
    }
    no(ErrorClass::Retry, format!("{} is not replicating at this moment", group.id))
}

impl Group {
    /// Sends the last of it and changes the roles, while the guests stand still.
    fn flip(&mut self, from: Side, now: muster_plans::time::Time) {
        let to = 1 - from;
        self.send_all(from, now);
        let branch = self.legs[from].line.branch;
        let generation = self.legs[0].generation.max(self.legs[1].generation) + 1;
        let old = &mut self.legs[from];
        old.role = ReplicaRole::Target;
        old.open = false;
        old.generation = generation;
        old.journal_from = now;
        old.points = vec![now];
        let sync = self.mode == ReplicationMode::Sync;
        old.line.upto = if sync { Upto::Head } else { Upto::At(now) };
        let new = &mut self.legs[to];
        new.role = ReplicaRole::Source;
        new.open = true;
        new.mounted = true;
        new.generation = generation;
        new.points.clear();
        new.line = Line::head(branch);
        self.flowing = Some(now);
    }
}
