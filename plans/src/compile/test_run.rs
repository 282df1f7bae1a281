//! A test: copies of the VMs, on snapshots of the replicas, in networks that lead nowhere.

use super::Request;
use super::found::Found;
use super::ground;
use super::lay::Lay;
use super::model::Model;
use super::recover::{Came, Ready, recover};
use crate::finding::Code;
use crate::graph::{Action, BubbleIx, CheckKind, CloneIx, OnFailure, StepIx};

/// Lays a test.
pub(crate) fn lay(request: &Request<'_>, model: &Model<'_>, lay: &mut Lay, found: &mut Found) {
    if request.tag.is_none() {
        found.error(
            Code::IncompleteRequest,
            "a test needs a tag that marks what it makes",
            "hand in a run tag; cleanup touches nothing else",
        );
    }
    lay.phase("Check");
    let (_, to) = ground::sites(model);
    let checked = ground::check_sites(lay, to, |_| false);
    let on = OnFailure::Policy;
    let healthy = ground::check_groups(lay, model.storage.all(), ground::to, on, checked);
    let mut usable: Vec<StepIx> = healthy.into_iter().map(|(_, step)| step).collect();
    if model.spec.on.test.as_ref().is_none_or(|test| test.sync) {
        sync(lay, model, checked, &mut usable);
    }
    let wakes = ground::wake(lay, model, checked);
    let open = ground::make_room(lay, model, checked);
    let mounted = snapshots(lay, model, &usable);
    let wired = bubbles(lay, checked);
    let came = vec![Came::Restart; model.members.len()];
    let ready = Ready { storage: &mounted, open, wired, wakes: &wakes, came: &came };
    let recovered = recover(lay, request, model, &ready, found);
    lay.phase("Report");
    ground::report(lay, recovered.end, &[]);
}

/// Sends recent changes first. The protected site may be away: the test then runs on what the
/// replica holds, and says so.
fn sync(lay: &mut Lay, model: &Model<'_>, checked: StepIx, usable: &mut [StepIx]) {
    lay.phase("Send recent changes");
    let (from, _) = ground::sites(model);
    let mut answers = vec![None; model.sites.names.len()];
    for site in from {
        let check = Action::Check(CheckKind::SiteAnswers(site));
        let step = lay.lenient(site, check, OnFailure::Warn);
        lay.needs(step, checked);
        answers[site.0 as usize] = Some(step);
    }
    for group in model.storage.all().filter(|group| !model.storage.stretched(*group)) {
        let site = ground::from(group, lay);
        let step = lay.lenient(site, Action::SyncStorage(group), OnFailure::Warn);
        if let Some(answers) = answers[site.0 as usize] {
            lay.follows(step, answers);
        }
        let healthy = &mut usable[group.0 as usize];
        lay.needs(step, *healthy);
        *healthy = step;
    }
}

/// A writable snapshot of each group's replica; replication goes on beneath it. Gives the mounts.
fn snapshots(lay: &mut Lay, model: &Model<'_>, usable: &[StepIx]) -> Vec<StepIx> {
    lay.phase("Snapshot the replicas");
    let mount = |group: crate::graph::GroupIx| {
        let (site, clone) = (ground::to(group, lay), CloneIx(group.0));
        let snapshot = lay.step(site, Action::SnapshotForTest(clone));
        lay.needs(snapshot, usable[group.0 as usize]);
        let mount = lay.step(site, Action::MountTest(clone));
        lay.needs(mount, snapshot);
        mount
    };
    model.storage.all().map(mount).collect()
}

/// The isolated networks; gives the barrier behind them.
fn bubbles(lay: &mut Lay, checked: StepIx) -> Option<StepIx> {
    if lay.builder.graph.bubbles.is_empty() {
        return None;
    }
    lay.phase("Make isolated networks");
    let sites: Vec<_> = lay.builder.graph.bubbles.iter().map(|bubble| bubble.site).collect();
    let mut made = Vec::new();
    for (ix, site) in (0_u32..).zip(sites) {
        let step = lay.step(site, Action::CreateBubble(BubbleIx(ix)));
        lay.needs(step, checked);
        made.push(step);
    }
    let barrier = lay.barrier(lay.builder.graph.recovery);
    for step in made {
        lay.needs(barrier, step);
    }
    Some(barrier)
}
