//! Checks: they look, and change nothing.

use muster_contract::Query;
use muster_plans::graph::{CheckKind, Graph, GroupIx, Step};
use muster_plans::inventory::ReplicationMode;
use muster_plans::run::RunKind;

use super::{Wanted, Work, look};

pub(super) fn work(graph: &Graph, step: &Step, kind: CheckKind) -> Work {
    match kind {
        CheckKind::SiteAnswers(site) => look(graph, site, Query::Alive, Wanted::Alive),
        CheckKind::GroupHealthy(group) => healthy(graph, step, group),
    }
}

fn healthy(graph: &Graph, step: &Step, group: GroupIx) -> Work {
    let target = &graph.groups[group.0 as usize];
    let both_sites = matches!(graph.kind, RunKind::PlannedMigration | RunKind::Test);
    let wanted = Wanted::GroupHealthy {
        source: target.from != target.to && step.site == target.from,
        in_sync: both_sites && target.mode == ReplicationMode::Stretched,
    };
    look(graph, step.site, Query::Group(target.id.clone()), wanted)
}
