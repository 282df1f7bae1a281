//! Makes a leg writable.

use muster_contract::{Mode, OpContext, Reason};
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Time;

use super::OwnLeg;
use crate::data::{Line, Upto};
use crate::op::{Call, Checked, Note, Todo, not_now};
use crate::truth::{Loss, ViolationKind};
use crate::world::{Group, Side, World};

pub(super) fn check(
    world: &World,
    leg: &OwnLeg<'_>,
    point: Option<&RecoveryPointId>,
    forced: bool,
) -> Checked {
    let (group, own, peer) = (leg.group, leg.own(), leg.peer());
    let contact = leg.contact(world);
    let promoted = matches!(own.role, ReplicaRole::Source | ReplicaRole::FailedOver);
    let other_point = point.is_some() && own.promoted.is_some() && own.promoted.as_ref() != point;
    // A leg that the witness made a writer is promoted all the same when its peer is given up, so
    // that the higher generation keeps the peer from coming back as if nothing had happened.
    let give_up = group.stretched() && group.replicating && forced && !contact;
    if own.serving && promoted && !other_point && !give_up {
        return Ok(Todo::Nothing);
    }
    if world.fenced(&own.site, &peer.site) {
        return not_now(format!("{} is fenced by {}", own.site, peer.site));
    }
    let taken_back = group.stretched() && group.in_sync && own.role == ReplicaRole::Source;
    if contact && peer.serving && !taken_back {
        return not_now(format!("the leg at {} is writable; demote it first", peer.site));
    }
    if !forced && !taken_back {
        planned(leg, contact)?;
    }
    if other_point && let Some(vm) = world.running_on(&own.site, &group.id) {
        return not_now(format!("{vm} runs here and has {} open", group.id));
    }
    let window = world.settings.cdp_window;
    if group.find_point(leg.side, point, world.now, window).is_none() {
        let id = point.map_or_else(String::new, ToString::to_string);
        return not_now(format!("{} has no recovery point {id} here", group.id));
    }
    Ok(Todo::WORK)
}

/// Without evidence a leg is promoted only where the other one was demoted and nothing is missing,
/// or where the leg takes back what it gave up itself: out of contact only one of the two may do
/// that, or both would.
fn planned(leg: &OwnLeg<'_>, contact: bool) -> Result<(), Reason> {
    let (group, own, peer) = (leg.group, leg.own(), leg.peer());
    let undo = own.role == ReplicaRole::Source && group.replicating && !group.stretched();
    if undo && !own.hold {
        return Ok(());
    }
    if !contact || peer.open {
        let state = if contact { "was not demoted" } else { "does not answer" };
        let text = "this needs evidence that it cannot write";
        return not_now(format!("{} {state}; {text}", peer.site));
    }
    // The leg that was promoted last holds the newest data, and may take back what it gave up.
    if !group.replicating && own.role != ReplicaRole::FailedOver {
        return not_now(format!(
            "nothing is sent here from {}: this is no replica of it",
            peer.site
        ));
    }
    let missing = group.undrained(1 - leg.side);
    if group.replicating && missing > 0 {
        return not_now(format!("{missing} writes of {} are not here; sync first", peer.site));
    }
    Ok(())
}

pub(super) fn apply(
    world: &mut World,
    call: &Call<'_>,
    id: &ConsistencyGroupId,
    point: Option<&RecoveryPointId>,
    forced: bool,
    above: u64,
) -> Note {
    let (now, window) = (world.now, world.settings.cdp_window);
    let group = world.groups.get(id)?;
    let side = group.side(call.site)?;
    let held = group.find_point(side, point, now, window)?;
    let [own, peer] = [&group.legs[side].site, &group.legs[1 - side].site];
    let contact = world.contact(own, peer);
    let group = world.groups.get_mut(id)?;
    let lost = group.promote(side, held, now, contact, forced, above);
    let point = point.cloned().unwrap_or_else(|| group.point_id(held));
    group.legs[side].promoted = Some(point.clone());
    if lost > 0 {
        note_loss(world, call.ctx, id, point, lost);
    }
    world.decide(id);
    (lost > 0).then(|| format!("{lost} later writes are not in this point"))
}

fn note_loss(
    world: &mut World,
    ctx: &OpContext,
    id: &ConsistencyGroupId,
    point: RecoveryPointId,
    records: u64,
) {
    let (at, mode) = (world.now, ctx.mode);
    if mode == Mode::Planned {
        let what = format!("a planned promote of {id} left {records} acknowledged writes behind");
        world.notes.violation(at, ViolationKind::PlannedLoss, what);
    }
    let site = ctx.domain.site.clone();
    world.notes.lost.push(Loss {
        at,
        group: id.clone(),
        site,
        op: ctx.op_id,
        point,
        mode,
        records,
    });
}

impl Group {
    /// Makes a leg the production one, from the state of an instant. Says how many records that
    /// were acknowledged are not in it.
    fn promote(
        &mut self,
        side: Side,
        held: Time,
        now: Time,
        contact: bool,
        forced: bool,
        above: u64,
    ) -> u64 {
        let before = [self.legs[side].line, self.legs[1 - side].line];
        let peer_role = self.legs[1 - side].role;
        let undo = !self.stretched() && self.legs[side].role == ReplicaRole::Source;
        // What the other side had and this one not was lost, and noted, when this one was promoted first.
        let again =
            self.legs[side].role == ReplicaRole::FailedOver && peer_role != ReplicaRole::FailedOver;
        let in_sync = self.stretched() && self.in_sync && contact;
        let together = self.replicating && (in_sync || undo);
        if !together {
            self.stop_flow(now);
            self.resync = None;
            self.replicating = false;
            self.in_sync = false;
            self.take_line(side, held, now);
        }
        let known =
            if contact { self.legs[1 - side].generation } else { self.legs[side].peer_generation };
        let leg = &mut self.legs[side];
        leg.generation = leg.generation.max(known).max(above) + 1;
        leg.open = true;
        leg.hold = false;
        leg.mounted = true;
        leg.attested = forced && !contact;
        leg.role = if together { ReplicaRole::Source } else { ReplicaRole::FailedOver };
        if contact {
            let peer = &mut self.legs[1 - side];
            peer.role = match (together, undo) {
                (true, true) => peer_role,
                (true, false) => ReplicaRole::Target,
                (false, _) => ReplicaRole::RemoteFailedOver,
            };
        }
        let now_held = self.legs[side].line;
        let own_loss = self.data.only_in(&before[0], &now_held);
        if again { own_loss } else { own_loss.max(self.data.only_in(&before[1], &now_held)) }
    }

    /// Goes on from an instant: on the same branch where the leg is the only one that can write
    /// there, on a new one else.
    fn take_line(&mut self, side: Side, held: Time, now: Time) {
        let line = self.legs[side].line;
        let peer = self.legs[1 - side].line;
        let shared = peer.branch == line.branch && peer.upto == Upto::Head;
        let complete =
            self.data.only_in(&Line::head(line.branch), &Line::at(line.branch, held)) == 0;
        self.legs[side].line = if complete && !shared {
            Line::head(line.branch)
        } else {
            Line::head(self.data.fork(line.branch, held, now))
        };
    }
}
