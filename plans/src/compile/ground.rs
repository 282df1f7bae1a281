//! What several workflows begin or end with: checks, hosts to wake, VMs that make room, storage.

use super::hosts::HostNo;
use super::lay::Lay;
use super::lookup::{Lookup, with_room};
use super::model::Model;
use crate::graph::{
    Action, CheckKind, GroupIx, HostIx, HostTarget, OnFailure, OtherVm, OtherVmIx, SiteIx, StepIx,
    VerifyKind,
};

/// Checks that sites answer; gives the barrier behind it. Sites where `lenient` says so may be away.
pub(crate) fn check_sites(
    lay: &mut Lay,
    sites: impl IntoIterator<Item = SiteIx>,
    lenient: impl Fn(SiteIx) -> bool,
) -> StepIx {
    let recovery = lay.builder.graph.recovery;
    let steps: Vec<StepIx> = sites
        .into_iter()
        .map(|site| {
            let on = if lenient(site) { OnFailure::Warn } else { OnFailure::Policy };
            lay.lenient(site, Action::Check(CheckKind::SiteAnswers(site)), on)
        })
        .collect();
    let barrier = lay.barrier(recovery);
    for step in steps {
        lay.needs(barrier, step);
    }
    barrier
}

/// Checks one leg of each group; gives the step of each.
pub(crate) fn check_groups(
    lay: &mut Lay,
    groups: impl IntoIterator<Item = GroupIx>,
    site: impl Fn(GroupIx, &Lay) -> SiteIx,
    on: OnFailure,
    after: StepIx,
) -> Vec<(GroupIx, StepIx)> {
    let check = |group: GroupIx| {
        let at = site(group, lay);
        let step = lay.lenient(at, Action::Check(CheckKind::GroupHealthy(group)), on);
        lay.needs(step, after);
        (group, step)
    };
    groups.into_iter().map(check).collect()
}

/// The site where a group is written at the start.
pub(crate) fn from(group: GroupIx, lay: &Lay) -> SiteIx {
    lay.builder.graph.groups[group.0 as usize].from
}

/// The site where it is written at the end.
pub(crate) fn to(group: GroupIx, lay: &Lay) -> SiteIx {
    lay.builder.graph.groups[group.0 as usize].to
}

/// All sites that something leaves, and all that something goes to.
pub(crate) fn sites(model: &Model<'_>) -> (Vec<SiteIx>, Vec<SiteIx>) {
    let mut from: Vec<SiteIx> = model.ways.iter().map(|way| way.from).collect();
    let mut to: Vec<SiteIx> = model.ways.iter().map(|way| way.to).collect();
    from.sort_unstable();
    from.dedup();
    to.sort_unstable();
    to.dedup();
    (from, to)
}

/// Wakes the hosts that were chosen although they are in standby.
pub(crate) fn wake(lay: &mut Lay, model: &Model<'_>, after: StepIx) -> Lookup<HostNo, StepIx> {
    let mut wakes = with_room(model.placement.woken.len());
    if model.placement.woken.is_empty() {
        return wakes;
    }
    lay.phase("Wake hosts");
    for &no in &model.placement.woken {
        let (id, site) = (model.hosts.host(no).id.clone(), model.hosts.site(no));
        wakes.insert(no, wake_one(lay, HostTarget { id, site }, after));
    }
    wakes
}

/// Wakes one host.
pub(crate) fn wake_one(lay: &mut Lay, host: HostTarget, after: StepIx) -> StepIx {
    let site = host.site;
    let hosts = &mut lay.builder.graph.hosts;
    hosts.push(host);
    let ix = HostIx(hosts.len() as u32 - 1);
    let step = lay.step(site, Action::WakeHost(ix));
    lay.needs(step, after);
    step
}

/// Suspends the VMs that make room; gives the barrier behind them. That one of them goes on running
/// is a warning: what needed its memory finds out by itself.
pub(crate) fn make_room(lay: &mut Lay, model: &Model<'_>, after: StepIx) -> StepIx {
    if model.room.is_empty() {
        return after;
    }
    lay.phase("Suspend VMs that make room");
    let mut steps = Vec::with_capacity(model.room.len());
    for (ix, (vm, site)) in (0_u32..).zip(&model.room) {
        let other = OtherVm { id: vm.id, name: vm.name.clone(), site: *site };
        lay.builder.graph.others.push(other);
        let suspend = Action::SuspendVm(OtherVmIx(ix));
        let step = lay.lenient(*site, suspend, OnFailure::Warn);
        lay.needs(step, after);
        steps.push(step);
    }
    let barrier = lay.barrier(lay.builder.graph.recovery);
    for step in steps {
        lay.follows(barrier, step);
    }
    barrier
}

/// Proves for each group that one site writes it, and closes the report.
pub(crate) fn prove_and_report(lay: &mut Lay, groups: &[GroupIx], ends: &[StepIx]) {
    lay.phase("Verify and report");
    let recovery = lay.builder.graph.recovery;
    let done = lay.barrier(recovery);
    for end in ends {
        lay.follows(done, *end);
    }
    let mut proofs = Vec::with_capacity(groups.len());
    for &group in groups {
        let site = to(group, lay);
        let step = lay.step(site, Action::Verify(VerifyKind::OneWriter(group)));
        lay.needs(step, done);
        proofs.push(step);
    }
    report(lay, done, &proofs);
}

/// Closes the report when everything has come to an end.
pub(crate) fn report(lay: &mut Lay, done: StepIx, ends: &[StepIx]) {
    let recovery = lay.builder.graph.recovery;
    let report = lay.step(recovery, Action::Report);
    lay.needs(report, done);
    for end in ends {
        lay.follows(report, *end);
    }
}
