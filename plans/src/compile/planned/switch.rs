//! Storage goes from one site to the other.

use crate::compile::ground;
use crate::compile::hosts::HostNo;
use crate::compile::lay::Lay;
use crate::compile::lookup::Lookup;
use crate::compile::model::Model;
use crate::compile::recover::Came;
use crate::graph::{Action, GroupIx, StepIx};
use crate::mobility::Method;

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
pub(super) fn free_storage(
    lay: &mut Lay,
    model: &Model<'_>,
    came: &[Came],
    off: &[Option<StepIx>],
    after: StepIx,
) -> Vec<StepIx> {
    let mut ends = Vec::with_capacity(model.storage.legs.len());
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
        // One that was promoted away from its old leg has no other site to prefer before a reprotect.
        let step = match model.storage.torn(group) {
            true => lay.barrier(site),
            false => lay.step(site, Action::SetSitePreference(group, site)),
        };
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
        let nothing_to_send = model.storage.handed_over(group);
        for action in actions {
            if nothing_to_send && action == Action::SyncStorage(group) {
                continue;
            }
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
pub(super) fn promote(
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
