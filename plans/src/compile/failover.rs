//! An unplanned failover: the protected side may be gone, and nothing may depend on it.
//!
//! Steps at the protected side are tried with short deadlines, and what fails is owed. Everything
//! behind them waits only for their end. Then, for each protected site: a fence, evidence of after it
//! that the site cannot write, and the promotion of its groups. A forced failover leaves the tried
//! steps out.

use super::Request;
use super::estimates::{POWER_OFF_SLACK, SHORT_DEADLINE, SHORT_SHUTDOWN, millis};
use super::found::Found;
use super::ground;
use super::lay::Lay;
use super::model::Model;
use super::recover::{Came, Ready, recover};
use crate::graph::{Action, GateKind, GroupIx, OnFailure, SiteIx, StepIx, VmIx, VmRef};
use crate::guard::{Guard, holds};

/// Lays a failover.
///
/// It has no pivot: a failover is never undone by itself, before or after any step.
pub(crate) fn lay(request: &Request<'_>, model: &Model<'_>, lay: &mut Lay, found: &mut Found) {
    lay.phase("Check");
    let (from, to) = ground::sites(model);
    let checked = ground::check_sites(lay, to, |_| false);
    // A leg that looks unwell is still promoted: it may be all that is left.
    let groups = model.storage.all();
    ground::check_groups(lay, groups, ground::to, OnFailure::Warn, checked);
    let tried = match request.forced {
        true => vec![None; model.sites.names.len()],
        false => try_protected_side(lay, model, checked),
    };
    let proved = fences_and_gates(lay, model, &from, checked, &tried);
    let promoted = promote(lay, model, &proved);
    let wakes = ground::wake(lay, model, checked);
    let open = make_room(lay, model, checked, &proved);
    let came = vec![Came::Restart; model.members.len()];
    let ready = Ready { storage: &promoted, open, wired: None, wakes: &wakes, came: &came };
    let recovered = recover(lay, request, model, &ready, found);
    let ends = match request.forced {
        true => Vec::new(),
        false => unregister(lay, model, &recovered.last),
    };
    lay.phase("Report");
    ground::report(lay, recovered.end, &ends);
}

/// A step at the protected side: short, and owed if it fails.
fn owed(lay: &mut Lay, site: SiteIx, action: Action) -> StepIx {
    let step = lay.lenient(site, action, OnFailure::Owe);
    let limit = millis(SHORT_DEADLINE);
    let at = lay.at(step);
    at.timeout_ms = limit;
    at.estimate_ms = at.estimate_ms.min(limit);
    step
}

/// Shuts down, unmounts, demotes and sends what can be sent. All groups at once and without the order
/// of priorities: a site that is dying is not given five deadlines one after the other. Gives, for
/// each site, the barrier behind it.
fn try_protected_side(lay: &mut Lay, model: &Model<'_>, checked: StepIx) -> Vec<Option<StepIx>> {
    lay.phase("Stop the protected side");
    let mut ends: Vec<Vec<StepIx>> = vec![Vec::new(); model.sites.names.len()];
    let mut off = Vec::with_capacity(model.members.len());
    for (ix, member) in (0_u32..).zip(&model.members) {
        let step = owed(lay, member.way.from, Action::GuestShutdown(VmIx(ix)));
        lay.at(step).timeout_ms = millis(SHORT_SHUTDOWN + POWER_OFF_SLACK);
        lay.follows(step, checked);
        ends[member.way.from.0 as usize].push(step);
        off.push(step);
    }
    for group in model.storage.all() {
        let site = ground::from(group, lay);
        let mut before: Vec<StepIx> =
            model.storage.vms[group.0 as usize].iter().map(|vm| off[*vm as usize]).collect();
        // A stretched group stays mounted and writable at both sites by its nature; that one side
        // cannot write any more is what the fence is for.
        if model.storage.stretched(group) {
            continue;
        }
        for action in [Action::Unmount(group), Action::DemoteStorage(group)] {
            let step = owed(lay, site, action);
            before.drain(..).for_each(|earlier| lay.follows(step, earlier));
            before.push(step);
        }
        let sync = owed(lay, site, Action::SyncStorage(group));
        lay.at(sync).on_failure = OnFailure::Warn;
        before.drain(..).for_each(|earlier| lay.follows(sync, earlier));
        ends[site.0 as usize].push(sync);
    }
    let recovery = lay.builder.graph.recovery;
    let barrier = |ends: Vec<StepIx>| {
        let barrier = (!ends.is_empty()).then(|| lay.barrier(recovery))?;
        for end in ends {
            lay.follows(barrier, end);
        }
        Some(barrier)
    };
    ends.into_iter().map(barrier).collect()
}

/// For each protected site: a fence, then a gate that waits for evidence of after it. Gives, for each
/// site, the gate.
///
/// The order is what keeps two sites from writing. A site that is only seen dead can come back between
/// that and the promotion; one that was fenced first has to hear of the fence before it writes again, so
/// that evidence of after the fence stays true however long the run stands behind its gate. Therefore
/// the fence is no extra: where it fails, the failure policy applies and nothing is promoted.
///
/// It counts as done when it is asked for, which is as much as can be had against a site that is gone:
/// it is recorded where that site must look before it writes again, at the surviving array at least.
/// That needs neither the witness nor the link, so a failover on a person's word alone gets past this
/// step by itself as well. A fence that is recorded nowhere can be ruled by a named person, with a reason.
///
/// The fence stands behind the last thing that is tried at the site, which it would cut off. It gets the
/// full time of its kind: it is the surviving side that is asked.
fn fences_and_gates(
    lay: &mut Lay,
    model: &Model<'_>,
    from: &[SiteIx],
    checked: StepIx,
    tried: &[Option<StepIx>],
) -> Vec<Option<StepIx>> {
    lay.phase("Prove that the protected side cannot write");
    let mut proved = vec![None; model.sites.names.len()];
    for &site in from {
        let at = recoveries_of(model, site);
        let fences: Vec<StepIx> = at
            .iter()
            .map(|at| {
                let fence = lay.step(*at, Action::Fence(site));
                lay.needs(fence, checked);
                if let Some(tried) = tried[site.0 as usize] {
                    lay.follows(fence, tried);
                }
                fence
            })
            .collect();
        let gate = lay.step(at[0], Action::Gate(GateKind::EvidenceAgainst(site)));
        let behind = if holds(Guard::FenceFirst) { fences } else { vec![checked] };
        behind.iter().for_each(|step| lay.needs(gate, *step));
        proved[site.0 as usize] = Some(gate);
    }
    proved
}

/// Where the VMs of a site are recovered: from each of these it is fenced, since a fence only cuts off what
/// the two share. At least one.
fn recoveries_of(model: &Model<'_>, from: SiteIx) -> Vec<SiteIx> {
    let ways = model.ways.iter().filter(|way| way.from == from);
    let mut all: Vec<SiteIx> = ways.map(|way| way.to).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() { vec![from] } else { all }
}

/// Makes the surviving legs writable. For stretched groups the array may have done so already; the
/// step makes sure.
fn promote(lay: &mut Lay, model: &Model<'_>, proved: &[Option<StepIx>]) -> Vec<StepIx> {
    lay.phase("Promote storage");
    let promote = |group: GroupIx| {
        let step = lay.step(ground::to(group, lay), Action::PromoteStorage(group));
        if let Some(gate) = proved[ground::from(group, lay).0 as usize] {
            lay.needs(step, gate);
        }
        step
    };
    model.storage.all().map(promote).collect()
}

/// Other VMs are suspended only when it is certain that the recovery goes on.
fn make_room(
    lay: &mut Lay,
    model: &Model<'_>,
    checked: StepIx,
    proved: &[Option<StepIx>],
) -> StepIx {
    let certain = lay.barrier(lay.builder.graph.recovery);
    lay.needs(certain, checked);
    let gates: Vec<StepIx> = proved.iter().flatten().copied().collect();
    match gates.as_slice() {
        [gate] => lay.needs(certain, *gate),
        // With several protected sites one of them may fail its fence while the others go on.
        many => many.iter().for_each(|gate| lay.follows(certain, *gate)),
    }
    ground::make_room(lay, model, certain)
}

/// Removes the old registrations once their VMs run here.
fn unregister(lay: &mut Lay, model: &Model<'_>, last: &[StepIx]) -> Vec<StepIx> {
    lay.phase("Remove old registrations");
    let mut steps = Vec::with_capacity(model.members.len());
    for (ix, member) in (0_u32..).zip(&model.members) {
        let vm = VmRef::Production(VmIx(ix));
        let step = owed(lay, member.way.from, Action::UnregisterVm(vm));
        lay.needs(step, last[ix as usize]);
        steps.push(step);
    }
    steps
}
