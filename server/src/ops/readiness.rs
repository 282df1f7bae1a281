//! What would happen if a run were started now.

use muster_plans::forecast::makespan;
use muster_plans::graph::Graph;
use muster_plans::graph::render::step_title;
use muster_plans::id::PlanName;
use muster_plans::run::RunKind;

use super::compile::no_plan;
use super::evidence::gather;
use super::start::both_ends_read;
use super::{Refused, Wanted, compile_now, points, standing_of};
use crate::api::dto::{ForecastDto, ReadinessDto};
use crate::app::App;
use crate::view;

/// Looks at everything that a start looks at, and starts nothing.
///
/// # Errors
/// Where there is no such plan, or the store does not answer.
pub async fn readiness(
    app: &App,
    plan: &PlanName,
    wanted: &Wanted,
) -> Result<ReadinessDto, Refused> {
    let landscape = app.current.get();
    let Some(spec) = landscape.config.plans.get(plan).map(|plan| &plan.spec) else {
        return Err(no_plan(plan));
    };
    let standing = standing_of(app, plan).await?;
    let kind = wanted.kind.run_kind();
    let owed_only = kind == RunKind::Failover && standing.state.owes();
    let options = spec.on.failover.clone().unwrap_or_default();
    let mut answer = ReadinessDto {
        plan: plan.to_string(),
        kind: view::word(&wanted.kind),
        ready: false,
        refusals: standing
            .state
            .refusal(kind, owed_only)
            .map(|r| r.to_string())
            .into_iter()
            .collect(),
        findings: Vec::new(),
        evidence: Vec::new(),
        accepts: options.evidence.iter().map(view::word).collect(),
        points: Vec::new(),
        steps: 0,
        vms: 0,
        forecast: None,
    };
    if let (true, Err(refused)) =
        (answer.refusals.is_empty(), both_ends_read(&landscape, plan, &standing, kind))
    {
        answer.refusals.push(refused.detail);
    }
    match compile_now(app, &landscape, plan, &standing, wanted).await {
        Ok(compiled) => {
            answer.findings = compiled.warnings.iter().map(view::finding).collect();
            answer.steps = compiled.graph.len();
            answer.vms = compiled.graph.vms.len();
            answer.forecast = Some(forecast(&compiled.graph));
            if kind == RunKind::Failover && !owed_only {
                answer.points = points::of_graph(&landscape, &compiled.graph, spec.objectives.rpo);
            }
        }
        Err(refused) if answer.refusals.is_empty() => {
            answer.refusals.push(refused.detail);
            answer.findings = refused.findings.iter().map(view::finding).collect();
        }
        Err(_) => {}
    }
    if kind == RunKind::Failover && !owed_only {
        let (from, to) = landscape.sides(plan, standing.state.is_reversed());
        for site in &from {
            let Some(at) = to.first() else { continue };
            answer.evidence.extend(gather(app, site, at).await.told);
        }
    }
    answer.ready = answer.refusals.is_empty();
    Ok(answer)
}

/// How long a graph would take.
pub fn forecast(graph: &Graph) -> ForecastDto {
    let forecast = makespan(graph);
    let resource = |ix: u32| {
        graph.resources.get(ix as usize).map(|r| format!("{} ({} at once)", r.name, r.cap))
    };
    ForecastDto {
        makespan_ms: forecast.makespan.0,
        lower_bound_ms: forecast.lower_bound.0,
        critical_path: forecast.critical_path.iter().map(|&ix| step_title(graph, ix)).collect(),
        binding: forecast.binding.and_then(resource),
    }
}
