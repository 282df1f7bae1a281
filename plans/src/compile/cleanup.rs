//! The end of a test: what it made goes, what it stopped goes on.
//!
//! Laid from the test's own graph and from nothing else: no object that the test did not make can be
//! named here. The failure policy goes on and reports what is left, so a step waits for success only
//! where going on would pull the ground away from under something that still runs.

use super::Request;
use super::found::Found;
use super::ground;
use super::lay::Lay;
use crate::finding::Code;
use crate::graph::{
    Action, BubbleIx, CloneIx, Graph, HostIx, OtherVmIx, StepIx, TestVmIx, VerifyKind, VmRef,
};

/// Lays a cleanup; `None` with a finding where the test is not handed in.
pub(crate) fn lay(request: &Request<'_>, found: &mut Found) -> Option<Lay> {
    let Some(test) = request.test.filter(|test| test.tag.is_some()) else {
        found.error(
            Code::IncompleteRequest,
            "a cleanup needs the graph of its test",
            "hand in the graph of the test run that is to be cleaned up",
        );
        return None;
    };
    let mut lay = Lay::new(request, test.sites.clone(), test.recovery);
    copy_tables(&mut lay.builder.graph, test);
    lay.phase("Check");
    let sites: Vec<_> = test.vms.iter().map(|vm| vm.to).chain([test.recovery]).collect();
    let mut sites = sites;
    sites.sort_unstable();
    sites.dedup();
    let checked = ground::check_sites(&mut lay, sites.iter().copied(), |_| false);
    let awake = wake(&mut lay, test, checked);
    let (gone, done) = remove_vms(&mut lay, test, awake);
    let mut ends = vec![done];
    ends.extend(resume(&mut lay, test, done));
    ends.extend(drop_storage_and_networks(&mut lay, test, &gone, done));
    finish(&mut lay, &sites, &ends);
    Some(lay)
}

fn copy_tables(graph: &mut Graph, test: &Graph) {
    graph.tag = test.tag.clone();
    graph.vms = test.vms.clone();
    graph.groups = test.groups.clone();
    graph.hosts = test.hosts.clone();
    graph.others = test.others.clone();
    graph.test_vms = test.test_vms.clone();
    graph.clones = test.clones.clone();
    graph.bubbles = test.bubbles.clone();
}

fn wake(lay: &mut Lay, test: &Graph, after: StepIx) -> StepIx {
    if test.hosts.is_empty() {
        return after;
    }
    lay.phase("Wake hosts");
    let mut steps = Vec::new();
    for (ix, host) in (0_u32..).zip(&test.hosts) {
        let step = lay.step(host.site, Action::WakeHost(HostIx(ix)));
        lay.needs(step, after);
        steps.push(step);
    }
    barrier_behind(lay, &steps)
}

/// A barrier that waits for the end of steps, however they ended.
fn barrier_behind(lay: &mut Lay, steps: &[StepIx]) -> StepIx {
    let barrier = lay.barrier(lay.builder.graph.recovery);
    steps.iter().for_each(|step| lay.follows(barrier, *step));
    barrier
}

/// Powers off and unregisters the copies. Gives the last step of each, and the barrier behind all.
fn remove_vms(lay: &mut Lay, test: &Graph, after: StepIx) -> (Vec<StepIx>, StepIx) {
    lay.phase("Remove test VMs");
    let mut gone = Vec::with_capacity(test.test_vms.len());
    for (ix, copy) in (0_u32..).zip(&test.test_vms) {
        let site = test.vms[copy.vm.0 as usize].to;
        let vm = VmRef::Test(TestVmIx(ix));
        let off = lay.step(site, Action::PowerOff(vm));
        lay.needs(off, after);
        let unregister = lay.step(site, Action::UnregisterVm(vm));
        lay.needs(unregister, off);
        gone.push(unregister);
    }
    let done = barrier_behind(lay, &gone);
    lay.needs(done, after);
    (gone, done)
}

fn resume(lay: &mut Lay, test: &Graph, after: StepIx) -> Vec<StepIx> {
    if !test.others.is_empty() {
        lay.phase("Resume VMs that made room");
    }
    let mut steps = Vec::with_capacity(test.others.len());
    for (ix, other) in (0_u32..).zip(&test.others) {
        let step = lay.step(other.site, Action::ResumeVm(OtherVmIx(ix)));
        lay.needs(step, after);
        steps.push(step);
    }
    steps
}

/// A clone is dropped when every copy on it is gone, a bubble when all copies have been dealt with.
fn drop_storage_and_networks(
    lay: &mut Lay,
    test: &Graph,
    gone: &[StepIx],
    done: StepIx,
) -> Vec<StepIx> {
    lay.phase("Drop snapshots and networks");
    let mut on_clone: Vec<Vec<StepIx>> = vec![Vec::new(); test.clones.len()];
    for (copy, gone) in test.test_vms.iter().zip(gone) {
        copy.clones.iter().for_each(|clone| on_clone[clone.0 as usize].push(*gone));
    }
    let mut steps = Vec::new();
    for (ix, gone) in (0_u32..).zip(on_clone) {
        let group = test.clones[ix as usize].group;
        let site = test.groups[group.0 as usize].to;
        let step = lay.step(site, Action::DropTest(CloneIx(ix)));
        lay.needs(step, done);
        gone.iter().for_each(|gone| lay.needs(step, *gone));
        steps.push(step);
    }
    for (ix, bubble) in (0_u32..).zip(&test.bubbles) {
        let step = lay.step(bubble.site, Action::DropBubble(BubbleIx(ix)));
        lay.needs(step, done);
        steps.push(step);
    }
    steps
}

/// Proves that nothing is left.
fn finish(lay: &mut Lay, sites: &[crate::graph::SiteIx], ends: &[StepIx]) {
    lay.phase("Verify and report");
    let done = barrier_behind(lay, ends);
    let mut proofs = Vec::new();
    for &site in sites {
        let step = lay.step(site, Action::Verify(VerifyKind::NothingLeft));
        lay.needs(step, done);
        proofs.push(step);
    }
    ground::report(lay, done, &proofs);
}
