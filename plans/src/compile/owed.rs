//! What a failover still owes to a site that has come back.
//!
//! Laid from the graph of that failover. The order matters: old instances are powered off (which also
//! turns their autostart off), unregistered, their storage unmounted and demoted, and only when all of
//! that has succeeded is the fence lifted. Until then the old writer stays cut off.

use std::collections::BTreeSet;

use super::Request;
use super::fences::may_lift;
use super::found::Found;
use super::ground;
use super::lay::Lay;
use crate::graph::{Action, CheckKind, Graph, GroupIx, OnFailure, SiteIx, StepIx, VmIx, VmRef};
use crate::guard::{Guard, holds};
use crate::inventory::ReplicationMode;

/// Lays the owed steps.
pub(crate) fn lay(request: &Request<'_>, before: &Graph, found: &mut Found) -> Lay {
    let mut lay = Lay::new(request, before.sites.clone(), before.recovery);
    lay.builder.graph.forced = false;
    lay.builder.graph.vms = before.vms.clone();
    lay.builder.graph.groups = before.groups.clone();
    let mut unfenced = Vec::new();
    for site in returned(before) {
        let mut lift = raised(before, site);
        lift.retain(|by| may_lift(request, before.site(site), before.site(*by), found));
        unfenced.extend(one_site(&mut lay, before, site, &lift));
    }
    lay.phase("Report");
    let done = lay.barrier(before.recovery);
    unfenced.iter().for_each(|step| lay.follows(done, *step));
    ground::report(&mut lay, done, &[]);
    lay
}

/// Sites that VMs have left.
fn returned(before: &Graph) -> BTreeSet<SiteIx> {
    before.vms.iter().map(|vm| vm.from).collect()
}

/// From where a site was fenced; of a run that fenced nothing, where its VMs went.
fn raised(before: &Graph, site: SiteIx) -> Vec<SiteIx> {
    let fences = before.steps.iter().filter(|step| step.action == Action::Fence(site));
    let mut by: BTreeSet<SiteIx> = fences.map(|step| step.site).collect();
    if by.is_empty() {
        by = before.vms.iter().filter(|vm| vm.from == site).map(|vm| vm.to).collect();
    }
    by.into_iter().collect()
}

/// Gives the last steps. The fence is lifted from the sites `lift`.
fn one_site(lay: &mut Lay, before: &Graph, site: SiteIx, lift: &[SiteIx]) -> Vec<StepIx> {
    lay.phase(format!("Check {}", before.site(site)));
    let answers = lay.step(site, Action::Check(CheckKind::SiteAnswers(site)));
    let gone = remove_instances(lay, before, site, answers);
    let mut settled = demote(lay, before, site, answers, &gone);
    settled.extend(gone.into_iter().flatten());
    if !lift.is_empty() {
        lay.phase(format!("Let {} in again", before.site(site)));
    }
    let all = lay.barrier(before.recovery);
    lay.needs(all, answers);
    if holds(Guard::OwedFirst) {
        settled.iter().for_each(|step| lay.needs(all, *step));
    }
    if lift.is_empty() {
        return vec![all];
    }
    let unfence = |by: &SiteIx| {
        let step = lay.step(*by, Action::Unfence(site));
        lay.needs(step, all);
        step
    };
    lift.iter().map(unfence).collect()
}

/// Powers off and unregisters the old instances. Gives the last step of each, by VM.
fn remove_instances(
    lay: &mut Lay,
    before: &Graph,
    site: SiteIx,
    answers: StepIx,
) -> Vec<Option<StepIx>> {
    lay.phase(format!("Remove old instances at {}", before.site(site)));
    let mut gone = vec![None; before.vms.len()];
    for (ix, vm) in (0_u32..).zip(&before.vms) {
        if vm.from != site {
            continue;
        }
        let instance = VmRef::Production(VmIx(ix));
        let off = lay.step(site, Action::PowerOff(instance));
        lay.needs(off, answers);
        let unregister = lay.step(site, Action::UnregisterVm(instance));
        lay.needs(unregister, off);
        gone[ix as usize] = Some(unregister);
    }
    gone
}

/// Unmounts and demotes the old legs. A stretched leg is only looked at: the array brings it back into
/// the mirror by itself, and how far it is must not keep the fence up.
fn demote(
    lay: &mut Lay,
    before: &Graph,
    site: SiteIx,
    answers: StepIx,
    gone: &[Option<StepIx>],
) -> Vec<StepIx> {
    lay.phase(format!("Demote old storage at {}", before.site(site)));
    let mut on_group: Vec<Vec<StepIx>> = vec![Vec::new(); before.groups.len()];
    for (vm, gone) in before.vms.iter().zip(gone) {
        for group in &vm.storage {
            on_group[group.0 as usize].extend(gone);
        }
    }
    let mut steps = Vec::new();
    for (ix, group) in (0_u32..).zip(&before.groups) {
        if group.from != site {
            continue;
        }
        let ix = GroupIx(ix);
        if group.mode == ReplicationMode::Stretched {
            let check = Action::Check(CheckKind::GroupHealthy(ix));
            let step = lay.lenient(site, check, OnFailure::Warn);
            lay.needs(step, answers);
            steps.push(step);
            continue;
        }
        let unmount = lay.step(site, Action::Unmount(ix));
        lay.needs(unmount, answers);
        on_group[ix.0 as usize].iter().for_each(|gone| lay.needs(unmount, *gone));
        let demote = lay.step(site, Action::DemoteStorage(ix));
        lay.needs(demote, unmount);
        steps.push(demote);
    }
    steps
}
