//! Shutting down what did not move live.

use crate::compile::estimates::{POWER_OFF_SLACK, millis};
use crate::compile::lay::Lay;
use crate::compile::model::Model;
use crate::compile::order::On;
use crate::compile::recover::Came;
use crate::graph::{Action, StepIx, VmIx};

/// Shuts down what did not move live, priority 5 first, and what depends on a VM before it. Gives for
/// each VM the step behind which it runs at the old site no more.
pub(super) fn shut_down(
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
