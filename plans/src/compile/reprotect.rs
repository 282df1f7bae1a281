//! Turning the direction round after a recovery: the new side becomes the source, the old side the
//! target. `from` and `to` are still those of the recovery: VMs run at `to`, old copies may be left at
//! `from`.

use super::Request;
use super::fences::{is_kept_out, is_up, may_lift};
use super::found::{Found, Names};
use super::ground;
use super::lay::Lay;
use super::model::Model;
use crate::finding::Code;
use crate::graph::{
    Action, CheckKind, GroupIx, HostTarget, OnFailure, SiteIx, StepIx, VmIx, VmRef,
};
use crate::guard::{Guard, holds};
use crate::inventory::HostState;

/// Lays a reprotect.
pub(crate) fn lay(request: &Request<'_>, model: &Model<'_>, lay: &mut Lay, found: &mut Found) {
    judge_recovered(model, found);
    lay.phase("Check");
    let checked = ground::check_sites(lay, model.sites.all(), |_| false);
    let awake = wake_old_hosts(lay, model, checked);
    let cleared = unregister(lay, model, awake);
    let (groups, mut ends) = turn(lay, model, cleared);
    ends.push(cleared);
    let_in(request, model, lay, &mut ends, found);
    ground::prove_and_report(lay, &groups, &ends);
}

/// Lifts what an earlier failover has put up against the old side: its legs are targets by now, and it
/// could not be recovered to while it is kept out. Where nothing was put up there is nothing to lift, and
/// a site that cannot fence has put up nothing. Where another plan counts on that the plan would only
/// seem to be protected, so that it is not turned round yet.
fn let_in(
    request: &Request<'_>,
    model: &Model<'_>,
    lay: &mut Lay,
    ends: &mut Vec<StepIx>,
    found: &mut Found,
) {
    let mut old: Vec<(SiteIx, SiteIx)> = model.ways.iter().map(|way| (way.from, way.to)).collect();
    old.sort_unstable();
    old.dedup();
    old.retain(|(from, to)| {
        let (site, by) = (model.sites.name(*from), model.sites.name(*to));
        let kept_out = is_up(request, site, by) && is_kept_out(request, site, by, found);
        !kept_out && may_lift(request, site, by, found)
    });
    if old.is_empty() {
        return;
    }
    let turned = std::mem::take(ends);
    for (from, to) in old {
        lay.phase(format!("Let {} in again", lay.builder.graph.site(from)));
        let step = lay.lenient(to, Action::Unfence(from), OnFailure::Warn);
        if holds(Guard::TurnFirst) {
            turned.iter().for_each(|end| lay.needs(step, *end));
        }
        ends.push(step);
    }
}

/// Only after a complete recovery: turning round a group whose VM still runs at the old side would
/// overwrite what it writes.
fn judge_recovered(model: &Model<'_>, found: &mut Found) {
    let left: Names = model
        .members
        .iter()
        .filter(|member| member.there.is_none())
        .map(|member| &member.vm.name)
        .collect();
    if left.count() > 0 {
        found.error(
            Code::NotRecovered,
            format!("VMs that are not registered at the recovery site: {left}"),
            "finish the recovery first; a reprotect overwrites the storage that is left behind",
        );
    }
}

/// Hosts on which old copies are registered; one in standby cannot let go of them.
fn wake_old_hosts(lay: &mut Lay, model: &Model<'_>, after: StepIx) -> StepIx {
    let mut asleep: Vec<_> = model
        .members
        .iter()
        .filter(|member| member.here)
        .filter_map(|member| model.hosts.no(member.way.from, member.vm.host.as_ref()?))
        .filter(|no| model.hosts.host(*no).state == HostState::Standby)
        .collect();
    asleep.sort_unstable();
    asleep.dedup();
    if asleep.is_empty() {
        return after;
    }
    lay.phase("Wake hosts");
    let mut steps = Vec::new();
    for no in asleep {
        let host = HostTarget { id: model.hosts.host(no).id.clone(), site: model.hosts.site(no) };
        steps.push(ground::wake_one(lay, host, after));
    }
    let barrier = lay.barrier(lay.builder.graph.recovery);
    steps.iter().for_each(|step| lay.needs(barrier, *step));
    barrier
}

/// Removes old copies where any are left.
fn unregister(lay: &mut Lay, model: &Model<'_>, after: StepIx) -> StepIx {
    let old = |member: &super::members::Member<'_>| member.here && member.there.is_some();
    if !model.members.iter().any(old) {
        return after;
    }
    lay.phase("Remove old registrations");
    let mut steps = Vec::new();
    for (ix, member) in (0_u32..).zip(&model.members) {
        if old(member) {
            let vm = VmRef::Production(VmIx(ix));
            let step = lay.step(member.way.from, Action::UnregisterVm(vm));
            lay.needs(step, after);
            steps.push(step);
        }
    }
    let barrier = lay.barrier(lay.builder.graph.recovery);
    steps.iter().for_each(|step| lay.needs(barrier, *step));
    barrier
}

/// Reverses replication and fills the other side. A stretched group replicates both ways already,
/// unless a failover promoted one leg away from the other: then it is brought together again in the
/// same way. It gets its preference where that is wrong, and is looked at.
fn turn(lay: &mut Lay, model: &Model<'_>, after: StepIx) -> (Vec<GroupIx>, Vec<StepIx>) {
    lay.phase("Reverse replication");
    let (mut groups, mut ends) = (Vec::new(), Vec::new());
    for group in model.storage.all() {
        groups.push(group);
        let site = ground::to(group, lay);
        let step = if model.storage.stretched(group) {
            let whole = if model.storage.apart(group) {
                reverse_and_sync(lay, group, site, after)
            } else {
                after
            };
            prefer_and_check(lay, model, group, site, whole)
        } else {
            reverse_and_sync(lay, group, site, after)
        };
        ends.push(step);
    }
    (groups, ends)
}

fn reverse_and_sync(lay: &mut Lay, group: GroupIx, site: SiteIx, after: StepIx) -> StepIx {
    let reverse = lay.step(site, Action::ReverseReplication(group));
    lay.needs(reverse, after);
    let sync = lay.step(site, Action::SyncStorage(group));
    lay.needs(sync, reverse);
    sync
}

fn prefer_and_check(
    lay: &mut Lay,
    model: &Model<'_>,
    group: GroupIx,
    site: SiteIx,
    after: StepIx,
) -> StepIx {
    let leg = model.storage.legs[group.0 as usize];
    let preferred = leg.and_then(|leg| leg.preferred.as_ref());
    let mut before = after;
    if preferred != Some(model.sites.name(site)) {
        before = lay.step(site, Action::SetSitePreference(group, site));
        lay.needs(before, after);
    }
    let check = lay.step(site, Action::Check(CheckKind::GroupHealthy(group)));
    lay.needs(check, before);
    check
}
