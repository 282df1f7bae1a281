//! Recovery plans.

use muster_plans::graph::Graph;
use muster_plans::graph::render::step_title;
use muster_plans::id::PlanName;
use muster_plans::state::{Conditions, OperatorAction, SrmFacts};

use super::word;
use crate::api::dto::{ActionDto, FindingDto, GraphDto, GraphStepDto, PlanDto, StartKind, instant};
use crate::landscape::Landscape;
use crate::ops::Standing;

/// Kinds in the order in which people think of them.
pub const KINDS: [StartKind; 6] = [
    StartKind::Test,
    StartKind::Cleanup,
    StartKind::Planned,
    StartKind::Failover,
    StartKind::Reprotect,
    StartKind::Failback,
];

/// A plan and where it stands.
pub fn one(landscape: &Landscape, name: &PlanName, standing: &Standing) -> Option<PlanDto> {
    let plan = landscape.config.plans.get(name)?;
    let reversed = standing.state.is_reversed();
    let (from, to) = landscape.sides(name, reversed);
    let groups = plan.spec.protection_groups.iter();
    let vms = groups
        .filter_map(|group| landscape.derivation.groups.get(group))
        .map(|group| group.inside().count())
        .sum();
    let link_up = from.iter().all(|site| landscape.answers(site));
    Some(PlanDto {
        name: name.to_string(),
        description: plan.spec.description.clone(),
        groups: plan.spec.protection_groups.iter().map(ToString::to_string).collect(),
        from: from.iter().map(ToString::to_string).collect(),
        to: to.first().map(ToString::to_string).unwrap_or_default(),
        reversed,
        phase: word(&standing.state.phase),
        conditions: conditions(&standing.state.conditions),
        srm_status: word(&standing.state.srm_name(&SrmFacts { link_up, ..SrmFacts::default() })),
        rto_ms: plan.spec.objectives.rto.map(|span| span.0),
        rpo_ms: plan.spec.objectives.rpo.map(|span| span.0),
        vms,
        actions: KINDS.iter().map(|kind| action(standing, *kind)).collect(),
        commit: commit(standing),
        commit_at: standing.commit_at.map(instant),
        approvals: plan.spec.on.failover.as_ref().map_or(0, |options| options.approvals),
        active_run: standing.active.map(|run| run.to_string()),
        last_run: standing.last.map(|run| run.to_string()),
        contradiction: None,
    })
}

/// Conditions in words.
fn conditions(conditions: &Conditions) -> Vec<String> {
    let mut words: Vec<String> =
        conditions.blocked.iter().map(|by| format!("waits for: {}", word(by))).collect();
    words.extend(conditions.owed.iter().map(|(site, back)| {
        let state = if *back { "which is back" } else { "which is away" };
        format!("owes steps to {site}, {state}")
    }));
    let flags = [
        (conditions.leftovers, "a test may have left something"),
        (conditions.partial, "another plan has moved some of its groups"),
        (conditions.degraded, "degraded"),
        (conditions.drifted, "differs from its repository"),
        (conditions.unverified, "not proved by a test as it is now"),
    ];
    words.extend(flags.iter().filter(|(on, _)| *on).map(|(_, text)| (*text).to_owned()));
    words
}

/// Whether a kind of run may be started now.
pub fn action(standing: &Standing, kind: StartKind) -> ActionDto {
    let refusal = refusal(standing, kind);
    ActionDto { kind: word(&kind), allowed: refusal.is_none(), refusal }
}

/// Whether a recovery may be made final now.
pub fn commit(standing: &Standing) -> ActionDto {
    let refusal = standing.state.refuses(OperatorAction::Commit).map(|refusal| refusal.to_string());
    ActionDto { kind: "commit".to_owned(), allowed: refusal.is_none(), refusal }
}

fn refusal(standing: &Standing, kind: StartKind) -> Option<String> {
    let owed_only = kind == StartKind::Failover && standing.state.owes();
    let direct = standing.state.refusal(kind.run_kind(), owed_only);
    if kind == StartKind::Failback && standing.state.is_reversed() && direct.is_some() {
        // Reprotected already: a failback begins with the migration.
        let planned = StartKind::Planned.run_kind();
        return standing.state.refusal(planned, false).map(|refusal| refusal.to_string());
    }
    direct.map(|refusal| refusal.to_string())
}

/// A compiled graph.
pub fn graph(graph: &Graph, digest: String, text: String, findings: Vec<FindingDto>) -> GraphDto {
    GraphDto {
        plan: graph.plan.to_string(),
        kind: graph.kind.to_string(),
        digest,
        phases: graph.phases.iter().map(|phase| phase.name.clone()).collect(),
        steps: (0..graph.steps.len() as u32).map(|ix| step(graph, ix)).collect(),
        text,
        findings,
    }
}

fn step(graph: &Graph, ix: u32) -> GraphStepDto {
    let step = graph.step(ix);
    let vm = graph.vm_of(step).map(|vm| graph.vms[vm.0 as usize].name.to_string());
    GraphStepDto {
        step: ix,
        title: step_title(graph, ix),
        kind: word(&step.action.kind()),
        phase: step.phase,
        site: graph.site(step.site).to_string(),
        vm,
        before: graph.edges.from(ix).map(|edge| edge.to).collect(),
        estimate_ms: step.estimate_ms,
    }
}
