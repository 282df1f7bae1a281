//! A planned migration: everything moves, nothing is lost, both sites are healthy.
//!
//! Stretched groups are written at both sites by their nature. They are neither demoted nor promoted:
//! their VMs move live, or are stopped at one site and started at the other, and the site preference
//! follows once none of them runs at the old site any more. All other groups are demoted at the old
//! site and promoted at the new one.
//!
//! The pivot is a barrier directly in front of the first promotion, not behind it. Before the barrier
//! everything can be undone: the old site is demoted, and demoted only. Once the first group is
//! promoted, some data is newer here than there. If promoting the next group then fails, undoing
//! would have to throw that data away, so the run halts and is continued instead.

use super::Request;
use super::costs::End;
use super::estimates::{POWER_OFF_SLACK, millis};
use super::found::Found;
use super::ground;
use super::hosts::HostNo;
use super::lay::Lay;
use super::lookup::{Lookup, with_room};
use super::model::Model;
use super::order::On;
use super::recover::{Came, Ready, recover};
use crate::document::LiveFailure;
use crate::graph::{Action, GroupIx, OnFailure, StepIx, VmIx, VmRef};
use crate::id::{ContainerId, VolumeId};
use crate::inventory::Host;
use crate::mobility::Method;

/// Lays a planned migration.
pub(crate) fn lay(request: &Request<'_>, model: &Model<'_>, lay: &mut Lay, found: &mut Found) {
    let checked = check(lay, model);
    let sent = sync(lay, model, "Send changes while the VMs run", |_| checked);
    let sent = join(lay, checked, &sent);
    let wakes = ground::wake(lay, model, sent);
    let any_live = model.chosen.iter().any(|chosen| chosen.method.is_live());
    // VMs that arrive live need their memory when they arrive; the others only after the pivot.
    let room = if any_live { ground::make_room(lay, model, sent) } else { sent };
    let came = move_live(lay, model, room, &wakes);
    let off = shut_down(lay, model, room, &came);
    let freed = free_storage(lay, model, &came, &off, sent);
    let freed = join(lay, sent, &freed);
    let room = if any_live { freed } else { ground::make_room(lay, model, freed) };
    let (pivot, usable) = promote(lay, model, &came, room, &wakes);
    let ready = Ready { storage: &usable, open: pivot, wired: None, wakes: &wakes, came: &came };
    let recovered = recover(lay, request, model, &ready, found);
    let mut ends = unregister(lay, model, &came, &recovered.last);
    ends.push(recovered.end);
    let groups: Vec<GroupIx> = model.storage.all().collect();
    ground::prove_and_report(lay, &groups, &ends);
}

/// Both sites answer, and both legs of every group are well.
fn check(lay: &mut Lay, model: &Model<'_>) -> StepIx {
    lay.phase("Check");
    let answered = ground::check_sites(lay, model.sites.all(), |_| false);
    let (all, on) = (|| model.storage.all(), OnFailure::Policy);
    let mut checks = ground::check_groups(lay, all(), ground::from, on, answered);
    checks.extend(ground::check_groups(lay, all(), ground::to, on, answered));
    let checks: Vec<StepIx> = checks.into_iter().map(|(_, step)| step).collect();
    join(lay, answered, &checks)
}

/// A barrier behind steps that must all have succeeded.
fn join(lay: &mut Lay, before: StepIx, steps: &[StepIx]) -> StepIx {
    if steps.is_empty() {
        return before;
    }
    let barrier = lay.barrier(lay.builder.graph.recovery);
    for step in steps {
        lay.needs(barrier, *step);
    }
    barrier
}

/// Sends what is not yet at the other side. Stretched groups never lag.
fn sync(
    lay: &mut Lay,
    model: &Model<'_>,
    phase: &str,
    after: impl Fn(GroupIx) -> StepIx,
) -> Vec<StepIx> {
    let mut steps = Vec::new();
    for group in model.storage.all().filter(|group| !model.storage.stretched(*group)) {
        if steps.is_empty() {
            lay.phase(phase);
        }
        let step = lay.step(ground::from(group, lay), Action::SyncStorage(group));
        lay.needs(step, after(group));
        steps.push(step);
    }
    steps
}

/// The live part. A VM that cannot move is restarted in the same run, or stops it, as the plan says.
fn move_live(
    lay: &mut Lay,
    model: &Model<'_>,
    after: StepIx,
    wakes: &Lookup<HostNo, StepIx>,
) -> Vec<Came> {
    let mut came = vec![Came::Restart; model.members.len()];
    let falls_back = model.spec.live_failure == LiveFailure::Restart;
    let mut begun = false;
    let containers = Containers::new(model);
    for (ix, chosen) in model.chosen.iter().enumerate() {
        if !chosen.method.is_live() {
            continue;
        }
        if !std::mem::replace(&mut begun, true) {
            lay.phase("Move VMs live");
        }
        let from = model.members[ix].way.from;
        let step = lay.step(from, Action::Migrate(VmIx(ix as u32), chosen.method));
        lay.needs(step, after);
        if let Some(wake) = model.placement.host[ix].and_then(|host| wakes.get(&host)) {
            lay.needs(step, *wake);
        }
        let cost = migration_cost(lay, model, &containers, ix);
        let at = lay.at(step);
        at.cost = cost;
        at.estimate_ms = millis(chosen.takes).max(1000);
        came[ix] = if falls_back {
            at.on_failure = OnFailure::Warn;
            Came::Else(step)
        } else {
            Came::Live(step)
        };
    }
    came
}

/// The container of each volume at both ends; empty where nothing moves live.
struct Containers<'a>(Vec<Lookup<&'a VolumeId, &'a ContainerId>>);

impl<'a> Containers<'a> {
    fn new(model: &Model<'a>) -> Containers<'a> {
        let any = model.chosen.iter().any(|chosen| chosen.method.is_live());
        let of_site = |site| {
            let volumes = if any { &model.sites.inventory(site).volumes[..] } else { &[] };
            let mut lookup = with_room(volumes.len());
            lookup.extend(volumes.iter().map(|volume| (&volume.id, &volume.container)));
            lookup
        };
        Containers(model.sites.all().map(of_site).collect())
    }
}

fn migration_cost(lay: &mut Lay, model: &Model<'_>, containers: &Containers<'_>, ix: usize) -> u32 {
    let member = &model.members[ix];
    let way = member.way;
    let from = member.vm.host.as_ref().and_then(|id| model.hosts.no(way.from, id));
    let hosts = [(way.from, from), (way.to, model.placement.host[ix])];
    let ends = hosts.into_iter().filter_map(|(site, no)| {
        let Host { id, migration_mbps, .. } = model.hosts.host(no?);
        let of_volume = &containers.0[site.0 as usize];
        let volumes = model.storage.of_vm[ix].volumes.iter();
        let mut containers: Vec<&ContainerId> =
            volumes.filter_map(|volume| of_volume.get(volume).copied()).collect();
        containers.sort_unstable();
        containers.dedup();
        Some(End { site, host: id, mbps: *migration_mbps, containers })
    });
    let ends: Vec<End<'_>> = ends.collect();
    let (costs, builder) = lay.costs();
    costs.migration(builder, model.chosen[ix].method, &ends)
}

/// Shuts down what did not move live, priority 5 first, and what depends on a VM before it. Gives for
/// each VM the step behind which it runs at the old site no more.
fn shut_down(
    lay: &mut Lay,
    model: &Model<'_>,
    after: StepIx,
    came: &[Came],
) -> Vec<Option<StepIx>> {
    let mut off: Vec<Option<StepIx>> = vec![None; model.members.len()];
    // The live part comes to its end first, so that a VM that falls back is shut down in its turn.
    let mut open = after;
    let moves: Vec<StepIx> = came.iter().filter_map(Came::migrate).collect();
    if !moves.is_empty() {
        open = lay.barrier(lay.builder.graph.recovery);
        moves.iter().for_each(|step| lay.follows(open, *step));
    }
    for priority in (1..=5).rev() {
        let mut steps = Vec::new();
        for (ix, settings) in model.settings.iter().enumerate() {
            if settings.priority != priority {
                continue;
            }
            if let Came::Live(migrate) = came[ix] {
                off[ix] = Some(migrate);
                continue;
            }
            if steps.is_empty() {
                lay.phase(format!("Shut down VMs, priority {priority}"));
            }
            let from = model.members[ix].way.from;
            let step = lay.step(from, Action::GuestShutdown(VmIx(ix as u32)));
            lay.needs(step, open);
            let at = lay.at(step);
            at.timeout_ms = millis(settings.shutdown.timeout + POWER_OFF_SLACK);
            at.unless = came[ix].migrate();
            off[ix] = Some(step);
            steps.push(step);
        }
        if !steps.is_empty() {
            open = lay.barrier(lay.builder.graph.recovery);
            steps.iter().for_each(|step| lay.follows(open, *step));
        }
    }
    stop_dependents_first(lay, model, &off);
    off
}

/// `after`, turned round: a VM is stopped when all that depends on it has stopped.
fn stop_dependents_first(lay: &mut Lay, model: &Model<'_>, off: &[Option<StepIx>]) {
    // A live move is no stop: nothing has to wait for it.
    let stop = |lay: &Lay, vm: u32| {
        off[vm as usize]
            .filter(|step| matches!(lay.builder.graph.step(*step).action, Action::GuestShutdown(_)))
    };
    let mut hubs: Vec<Option<StepIx>> = vec![None; model.order.hubs.len()];
    for &(vm, on) in &model.order.waits {
        let Some(dependent) = stop(lay, vm) else { continue };
        match on {
            On::Vm(target) => {
                if let Some(target) = stop(lay, target) {
                    lay.follows(target, dependent);
                }
            }
            On::Hub(hub) => {
                let barrier = *hubs[hub as usize].get_or_insert_with(|| {
                    let barrier = lay.barrier(lay.builder.graph.recovery);
                    for &target in &model.order.hubs[hub as usize] {
                        if let Some(target) = stop(lay, target) {
                            lay.follows(target, barrier);
                        }
                    }
                    barrier
                });
                lay.follows(barrier, dependent);
            }
        }
    }
}

/// The live move after which a group needs no demotion and no promotion, because the move itself has
/// turned its roles: only such a group holds nothing but one VM that runs.
fn turned_by(model: &Model<'_>, came: &[Came], group: GroupIx) -> Option<Came> {
    let of_group = &model.storage.vms[group.0 as usize];
    let by_move =
        |vm: &&u32| model.chosen[**vm as usize].method == Method::LongDistanceActivePassive;
    of_group.iter().find(by_move).map(|vm| came[*vm as usize])
}

/// Takes the storage away from the old site: for a stretched group its preference, for any other its
/// right to write. Gives the last step of each group.
fn free_storage(
    lay: &mut Lay,
    model: &Model<'_>,
    came: &[Came],
    off: &[Option<StepIx>],
    after: StepIx,
) -> Vec<StepIx> {
    let mut ends = Vec::with_capacity(model.storage.groups.len());
    let (stretched, others): (Vec<GroupIx>, Vec<GroupIx>) =
        model.storage.all().partition(|group| model.storage.stretched(*group));
    let stopped = |lay: &mut Lay, step: StepIx, group: GroupIx| {
        lay.needs(step, after);
        for vm in &model.storage.vms[group.0 as usize] {
            if let Some(off) = off[*vm as usize] {
                lay.needs(step, off);
            }
        }
    };
    if !stretched.is_empty() {
        lay.phase("Prefer the recovery site");
    }
    for group in stretched {
        let site = ground::to(group, lay);
        let step = lay.step(site, Action::SetSitePreference(group, site));
        stopped(lay, step, group);
        ends.push(step);
    }
    if !others.is_empty() {
        lay.phase("Unmount and demote the old storage, send the rest");
    }
    for group in others {
        let site = ground::from(group, lay);
        let unless = match turned_by(model, came, group) {
            Some(Came::Live(migrate)) => {
                ends.push(migrate);
                continue;
            }
            turned => turned.and_then(|came| came.migrate()),
        };
        let actions =
            [Action::Unmount(group), Action::DemoteStorage(group), Action::SyncStorage(group)];
        let mut last: Option<StepIx> = None;
        for action in actions {
            let step = lay.step(site, action);
            lay.at(step).unless = unless;
            match last {
                None => stopped(lay, step, group),
                Some(last) => lay.needs(step, last),
            }
            last = Some(step);
        }
        ends.extend(last);
    }
    ends
}

/// The pivot and the promotions. Gives the pivot, and for each group the step that makes it usable.
fn promote(
    lay: &mut Lay,
    model: &Model<'_>,
    came: &[Came],
    room: StepIx,
    wakes: &Lookup<HostNo, StepIx>,
) -> (StepIx, Vec<StepIx>) {
    lay.phase("Promote storage");
    let pivot = lay.barrier(lay.builder.graph.recovery);
    lay.needs(pivot, room);
    let mut woken: Vec<StepIx> = wakes.values().copied().collect();
    woken.sort_unstable();
    for wake in woken {
        lay.needs(pivot, wake);
    }
    lay.builder.graph.pivot = Some(pivot);
    let usable = |group: GroupIx| {
        let turned = turned_by(model, came, group);
        if model.storage.stretched(group) || matches!(turned, Some(Came::Live(_))) {
            return pivot;
        }
        let step = lay.step(ground::to(group, lay), Action::PromoteStorage(group));
        lay.needs(step, pivot);
        lay.at(step).unless = turned.and_then(|came| came.migrate());
        step
    };
    let usable = model.storage.all().map(usable).collect();
    (pivot, usable)
}

/// Removes the old registrations of VMs that were restarted, once they run. A live move takes its
/// registration along.
fn unregister(lay: &mut Lay, model: &Model<'_>, came: &[Came], last: &[StepIx]) -> Vec<StepIx> {
    lay.phase("Remove old registrations");
    let mut steps = Vec::new();
    for (ix, member) in (0_u32..).zip(&model.members) {
        if matches!(came[ix as usize], Came::Live(_)) {
            continue;
        }
        // The VM runs at the new site already; an old entry that resists is no reason to halt.
        let action = Action::UnregisterVm(VmRef::Production(VmIx(ix)));
        let step = lay.lenient(member.way.from, action, OnFailure::Owe);
        lay.at(step).unless = came[ix as usize].migrate();
        lay.needs(step, last[ix as usize]);
        steps.push(step);
    }
    steps
}
