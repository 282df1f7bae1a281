//! Sums over all steps, kept up to date with every change of one of them.

use muster_plans::graph::{Graph, Step};

use super::StepState;

/// Steps of one phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PhaseTally {
    pub(crate) total: u32,
    pub(crate) good: u32,
    pub(crate) bad: u32,
    pub(crate) undone: u32,
}

/// Sums over all steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) phases: Vec<PhaseTally>,
    /// Steps that have not come to an end.
    pub(crate) unsettled: u32,
    pub(crate) failed: u32,
    pub(crate) blocked: u32,
    pub(crate) warned: u32,
    pub(crate) owed: u32,
    /// Steps that may be under way, and those of them of which nobody can say.
    pub(crate) active: u32,
    pub(crate) unknown: u32,
    /// Undos that have not come to an end, and those that went wrong.
    pub(crate) undo_left: u32,
    pub(crate) undo_bad: u32,
    pub(crate) undo_done: u32,
    /// Milliseconds of estimates, plus one for each step so that steps without one count.
    pub(crate) weight: u64,
    pub(crate) weight_done: u64,
    /// Unit-milliseconds that steps which have not ended will still hold of each resource.
    pub(crate) load: Vec<u64>,
}

impl Tally {
    pub(crate) fn new(graph: &Graph) -> Tally {
        let mut tally = Tally {
            phases: vec![PhaseTally::default(); graph.phases.len().max(1)],
            load: vec![0; graph.resources.len()],
            unsettled: graph.len() as u32,
            ..Tally::default()
        };
        for step in &graph.steps {
            let phase = tally.phase_of(step);
            tally.phases[phase].total += 1;
            tally.weight += weight(step);
            for (resource, units) in &graph.costs[step.cost as usize] {
                tally.load[*resource as usize] += u64::from(*units) * u64::from(step.estimate_ms);
            }
        }
        tally
    }

    fn phase_of(&self, step: &Step) -> usize {
        usize::from(step.phase).min(self.phases.len() - 1)
    }

    /// Counts a change of one step.
    pub(crate) fn change(&mut self, graph: &Graph, step: &Step, from: StepState, to: StepState) {
        self.count(graph, step, from, false);
        self.count(graph, step, to, true);
    }

    fn count(&mut self, graph: &Graph, step: &Step, state: StepState, add: bool) {
        let phase = self.phase_of(step);
        let phase = &mut self.phases[phase];
        if state.is_good() {
            bump(&mut phase.good, add);
        }
        match state {
            StepState::Failed => bump(&mut self.failed, add),
            StepState::Blocked => bump(&mut self.blocked, add),
            StepState::Warned => bump(&mut self.warned, add),
            StepState::Owed => bump(&mut self.owed, add),
            StepState::Undone => {
                bump(&mut phase.undone, add);
                bump(&mut self.undo_done, add);
            }
            StepState::UndoFailed | StepState::UndoBlocked => bump(&mut self.undo_bad, add),
            _ => {}
        }
        if matches!(
            state,
            StepState::Failed | StepState::Blocked | StepState::UndoFailed | StepState::UndoBlocked
        ) {
            bump(&mut phase.bad, add);
        }
        if state.is_active() {
            bump(&mut self.active, add);
        }
        if state.is_unknown() {
            bump(&mut self.unknown, add);
        }
        if state.is_settled() {
            bump(&mut self.unsettled, !add);
            self.settle(graph, step, add);
        }
    }

    fn settle(&mut self, graph: &Graph, step: &Step, add: bool) {
        let weight = weight(step);
        self.weight_done =
            if add { self.weight_done + weight } else { self.weight_done.saturating_sub(weight) };
        for (resource, units) in &graph.costs[step.cost as usize] {
            let held = u64::from(*units) * u64::from(step.estimate_ms);
            let load = &mut self.load[*resource as usize];
            *load = if add { load.saturating_sub(held) } else { *load + held };
        }
    }
}

fn weight(step: &Step) -> u64 {
    u64::from(step.estimate_ms) + 1
}

fn bump(n: &mut u32, add: bool) {
    *n = if add { *n + 1 } else { n.saturating_sub(1) };
}
