//! Turns replication round: the leg here is the source from now on.

use muster_contract::{ErrorClass, Mode, Reason};
use muster_plans::guard::{self, Guard};
use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::ReplicaRole;

use super::OwnLeg;
use crate::data::{Line, Upto};
use crate::op::{Call, Checked, Note, Todo, no, not_now};
use crate::truth::{Discard, Snapshot};
use crate::world::{Group, Leg, Side, World};

pub(super) fn check(world: &World, call: &Call<'_>, leg: &OwnLeg<'_>) -> Checked {
    let (group, own, peer) = (leg.group, leg.own(), leg.peer());
    let paired = group.replicating && own.role == ReplicaRole::Source;
    if paired && peer.role == ReplicaRole::Target && (peer.open || !group.stretched()) {
        return Ok(Todo::Nothing);
    }
    if call.ctx.mode == Mode::Unplanned {
        return not_now("an unplanned run does not speak to the other site");
    }
    if !leg.ask(world) {
        return no(ErrorClass::Retry, format!("{} does not answer", peer.site));
    }
    if guard::holds(Guard::PromotedFirst) {
        promoted(own, peer)?;
    }
    if peer.generation >= own.generation && guard::holds(Guard::Generation) {
        let (own, peer) = (own.generation, peer.generation);
        let text = format!("the other leg has generation {peer}, which is not below {own}");
        return not_now(text);
    }
    Ok(Todo::WORK)
}

/// The leg that overwrites is the one that was promoted, and nobody writes to the other one.
fn promoted(own: &Leg, peer: &Leg) -> Result<(), Reason> {
    if !own.open {
        return not_now(format!("the leg at {} was not promoted", own.site));
    }
    if peer.serving {
        return not_now(format!("the leg at {} is writable; demote it first", peer.site));
    }
    Ok(())
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, id: &ConsistencyGroupId) -> Note {
    let now = world.now;
    let group = world.groups.get_mut(id)?;
    let side = group.side(call.site)?;
    let victim = group.legs[1 - side].clone();
    let discarded = group.data.only_in(&victim.line, &group.legs[side].line);
    let holds = group.data.last_write(&victim.line).unwrap_or_else(|| victim.line.until(now));
    group.reverse(side);
    let (group, site) = (id.clone(), victim.site);
    if discarded > 0 {
        let snapshot = Snapshot { at: now, group: group.clone(), site: site.clone(), holds };
        if guard::holds(Guard::SnapshotFirst) {
            world.notes.snapshots.push(snapshot);
        }
        world.notes.discarded.push(Discard {
            at: now,
            group,
            site: site.clone(),
            records: discarded,
        });
    }
    world.decide(id);
    (discarded > 0)
        .then(|| format!("{discarded} writes of {site} were discarded, after a snapshot"))
}

impl Group {
    fn reverse(&mut self, side: Side) {
        let common = self.common(side);
        let source = &mut self.legs[side];
        source.role = ReplicaRole::Source;
        source.line.upto = Upto::Head;
        source.attested = false;
        let branch = source.line.branch;
        let stretched = self.stretched();
        let target = &mut self.legs[1 - side];
        target.role = ReplicaRole::Target;
        target.open = stretched;
        target.hold = false;
        target.mounted = stretched && target.mounted;
        target.promoted = None;
        if !self.in_sync {
            target.line = Line::at(branch, common);
            target.points.clear();
        }
        self.replicating = true;
        self.flowing = None;
        self.resync = None;
        self.ahead = (stretched && !self.in_sync).then_some(side);
    }

    /// Up to when both legs hold the same.
    fn common(&self, side: Side) -> muster_plans::time::Time {
        let own = self.data.lineage(&self.legs[side].line);
        let theirs = self.data.lineage(&self.legs[1 - side].line);
        let shared = own.iter().find_map(|(branch, upto)| {
            let other = theirs.iter().find(|(b, _)| b == branch)?;
            Some((*upto).min(other.1))
        });
        shared.unwrap_or_default()
    }
}
