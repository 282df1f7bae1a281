//! What the end of a run means for its plan.

use std::collections::BTreeSet;

use muster_plans::graph::{Graph, StepIx};
use muster_plans::id::SiteName;
use muster_plans::run::RunKind;
use muster_plans::state::Event as PlanEvent;

use crate::event::Ending;

/// Sites to which steps are owed after a run, given the steps that it could not do.
pub fn owed_sites(graph: &Graph, owed: &[StepIx]) -> BTreeSet<SiteName> {
    let mut sites: BTreeSet<SiteName> =
        owed.iter().map(|&step| graph.site(graph.step(step).site).clone()).collect();
    if graph.forced && graph.kind == RunKind::Failover {
        // Nothing was tried at the failed sites, so all of it is owed.
        sites.extend(graph.vms.iter().map(|vm| graph.site(vm.from).clone()));
    }
    sites
}

/// What happens to the plan whose run has ended like this, owing something to these sites.
pub fn plan_event(kind: RunKind, ending: Ending, owed: BTreeSet<SiteName>) -> PlanEvent {
    match ending {
        // Who gives a run up says where its plan stands from then on; till then it stands half-way.
        Ending::Halted | Ending::Abandoned => PlanEvent::RunHalted,
        Ending::Undone => PlanEvent::RunUndone,
        Ending::SucceededWithWarnings if kind == RunKind::Cleanup => PlanEvent::RunSucceededLeaving,
        Ending::Succeeded | Ending::SucceededWithWarnings if owed.is_empty() => {
            PlanEvent::RunSucceeded
        }
        Ending::Succeeded | Ending::SucceededWithWarnings => {
            PlanEvent::RunSucceededOwing { sites: owed }
        }
    }
}
