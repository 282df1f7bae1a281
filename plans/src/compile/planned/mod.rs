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

mod moves;
mod stop;
mod switch;

use super::Request;
use super::fences;
use super::found::Found;
use super::ground;
use super::lay::Lay;
use super::model::Model;
use super::recover::{Came, Ready, recover};
use crate::graph::{Action, GroupIx, OnFailure, StepIx, VmIx, VmRef};
use moves::move_live;
use stop::shut_down;
use switch::{free_storage, promote};

/// Lays a planned migration.
pub(crate) fn lay(request: &Request<'_>, model: &Model<'_>, lay: &mut Lay, found: &mut Found) {
    let checked = check(request, model, lay, found);
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

/// Both sites answer, and both legs of every group are well. A stretched leg of a site that is still
/// fenced can only be well when the site is let in.
fn check(request: &Request<'_>, model: &Model<'_>, lay: &mut Lay, found: &mut Found) -> StepIx {
    lay.phase("Check");
    let answered = ground::check_sites(lay, model.sites.all(), |_| false);
    let on = OnFailure::Policy;
    // Of one that a half failover has promoted away from the old leg there is nothing to be in sync with.
    let all = || model.storage.all().filter(|group| !model.storage.torn(*group));
    let shut = fences::shut(request, model);
    let late = |group: &GroupIx| !shut.is_empty() && model.storage.stretched(*group);
    let mut checks = ground::check_groups(lay, all(), ground::from, on, answered);
    checks.extend(ground::check_groups(lay, all().filter(|g| !late(g)), ground::to, on, answered));
    let checked = join(lay, answered, &steps_of(checks));
    if shut.is_empty() {
        return checked;
    }
    let let_in = fences::let_in(request, model, lay, &shut, checked, found);
    let open = join(lay, checked, &let_in);
    let checks = ground::check_groups(lay, all().filter(late), ground::to, on, open);
    join(lay, open, &steps_of(checks))
}

fn steps_of(checks: Vec<(GroupIx, StepIx)>) -> Vec<StepIx> {
    checks.into_iter().map(|(_, step)| step).collect()
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

/// Sends what is not yet at the other side. Stretched groups never lag; of one that an earlier run has
/// promoted there is nothing left to send.
fn sync(
    lay: &mut Lay,
    model: &Model<'_>,
    phase: &str,
    after: impl Fn(GroupIx) -> StepIx,
) -> Vec<StepIx> {
    let mut steps = Vec::new();
    let sends =
        |group: &GroupIx| !model.storage.stretched(*group) && !model.storage.handed_over(*group);
    for group in model.storage.all().filter(sends) {
        if steps.is_empty() {
            lay.phase(phase);
        }
        let step = lay.step(ground::from(group, lay), Action::SyncStorage(group));
        lay.needs(step, after(group));
        steps.push(step);
    }
    steps
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
