//! Where the plan stands, as the server keeps it.

use muster_engine::{Ending, owed_sites, plan_event};
use muster_plans::graph::{Graph, StepIx};
use muster_plans::id::RunId;
use muster_plans::run::RunKind;
use muster_plans::state::{Event, PlanState};
use serde::Serialize;

/// Where the plan stands, and the runs that this came from.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Standing {
    pub(crate) state: PlanState,
    /// The test that is held, or whose cleanup is not done.
    pub(crate) test: Option<RunId>,
    /// The run whose steps at the protected side may be owed.
    pub(crate) failover: Option<RunId>,
    /// The run that is under way, or halted.
    pub(crate) active: Option<RunId>,
    /// Rises with each change: a start that read an older one is refused.
    pub(crate) version: u64,
}

impl Standing {
    /// As the product's store holds it.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// After an event; `None`: it is not allowed in this state.
    pub(crate) fn after(&self, event: &Event) -> Option<Standing> {
        let state = self.state.next(event).ok()?;
        Some(Standing { state, version: self.version + 1, ..self.clone() })
    }

    pub(crate) fn started(&self, id: RunId, graph: &Graph) -> Option<Standing> {
        let owed_only = graph.owed_only;
        let mut next = self.after(&Event::RunStarted { kind: graph.kind, owed_only })?;
        next.active = Some(id);
        match graph.kind {
            RunKind::Test => next.test = Some(id),
            RunKind::Failover if !owed_only => next.failover = Some(id),
            _ => {}
        }
        Some(next)
    }

    pub(crate) fn ended(&self, graph: &Graph, ending: Ending, owed: &[StepIx]) -> Option<Standing> {
        let event = plan_event(graph.kind, ending, owed_sites(graph, owed));
        let mut next = self.after(&event)?;
        if matches!(event, Event::RunSucceededOwing { .. }) {
            next.failover = self.active;
        }
        if ending != Ending::Halted {
            next.active = None;
            if graph.kind == RunKind::Cleanup && !next.state.may_have_leftovers() {
                next.test = None;
            }
            if !next.state.owes() && graph.owed_only {
                next.failover = None;
            }
        }
        Some(next)
    }
}
