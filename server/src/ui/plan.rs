//! One recovery plan.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use muster_plans::compile;
use muster_plans::document::Kind;
use muster_plans::graph::render::step_title;
use muster_plans::graph::{Action, Graph, OnFailure, StepIx};
use muster_plans::id::PlanName;
use muster_store::RunFilter;
use muster_web::Nav;
use muster_web::form::{PlanQuery, Reason};
use muster_web::page::{
    CommitOffer, Contradicted, Forecast, KindSteps, Offer, PathStep, Plan, PlannedPhase,
    PlannedStep, Verified,
};
use muster_web::part::{RunLine, When};
use muster_web::route;
use muster_web::state::RunKind;

use super::chrome::{self, At};
use super::verdict::{self, Tests, Verdict};
use super::{document, render, subject, words};
use crate::api::TheApp;
use crate::api::dto::RebuildRequest;
use crate::app::App;
use crate::auth::Privilege;
use crate::http::{Code, Form, Path, Problem, Query, Who};
use crate::landscape::Landscape;
use crate::ops::{self, Wanted};
use crate::view;

/// Runs of the history.
const HISTORY: u64 = 10;
/// Steps that are shown of one phase; the rest is counted.
const STEPS_OF_A_PHASE: usize = 50;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Query(query): Query<PlanQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let landscape = app.current.get();
    let plan = PlanName::from(name.as_str());
    let Some(mut verdict) = verdict::of(&app, &landscape, &plan).await? else {
        return Err(Problem::new(Code::NotFound, format!("there is no plan `{name}`")));
    };
    let contradicted = contradicted(&app, &plan, &verdict, &who).await?;
    if contradicted.is_some() {
        verdict.contradict();
    }
    let tests = verdict::tests(&app, &plan).await?;
    let kind = RunKind::from_slug(&query.kind).unwrap_or(RunKind::Failover);
    let steps = steps(&app, &landscape, &plan, &verdict, kind).await;
    let stored = app.store.documents().get(Kind::RecoveryPlan, &name).await?;
    let forecast = verdict.outlook.as_ref().map(|outlook| forecast(&outlook.compiled.graph));
    let page = Plan {
        chrome: chrome::of(&app, Some(&who), Nav::Plans, &name, &at).await,
        history: history(&app, &plan).await?,
        offers: offers(&verdict, &tests, contradicted.is_some()),
        commit: commit(&verdict, &who, app.now().0),
        contradicted,
        verified: verified(&verdict, &tests),
        forecast,
        steps,
        kind,
        digest: stored.map(|stored| stored.digest).unwrap_or_default(),
        yaml: document::yaml(&app, Kind::RecoveryPlan, &name).await?,
        description: verdict.plan.description.unwrap_or_default(),
        from: verdict.plan.from.join(", "),
        to: verdict.plan.to,
        phase: verdict.plan.phase.replace('-', " "),
        srm: verdict.plan.srm_status,
        groups: verdict.plan.groups,
        vms: words::number(verdict.plan.vms),
        readiness: verdict.readiness,
        findings: verdict.findings,
        rto_goal_ms: verdict.plan.rto_ms,
        rpo_goal_ms: verdict.plan.rpo_ms,
        rpo_ms: verdict.rpo_ms,
        name,
    };
    Ok(render(&page))
}

/// Nothing is suggested where a run would begin from what is not so.
fn offers(verdict: &Verdict, tests: &Tests, contradicted: bool) -> Vec<Offer> {
    let refused = |kind: RunKind| {
        let action = view::plan::action(&verdict.standing, words::start_kind(kind));
        action.refusal
    };
    let suggested = verdict.next(tests).filter(|_| !contradicted);
    let owed = verdict.standing.state.owes();
    let offer =
        |kind| Offer { kind, refused: refused(kind), suggested: suggested == Some(kind), owed };
    RunKind::ALL.into_iter().map(offer).collect()
}

fn commit(verdict: &Verdict, who: &Who, now: i64) -> Option<CommitOffer> {
    let may = [Privilege::RunPlanned, Privilege::RunFailover].map(|one| who.principal.may(one));
    let words = format!("It takes {} or {}.", Privilege::RunPlanned, Privilege::RunFailover);
    verdict.plan.commit.allowed.then(|| CommitOffer {
        until: verdict.standing.commit_at.map(|at| When::new(at.0, now)),
        refused: (!may.contains(&true)).then_some(words),
    })
}

async fn contradicted(
    app: &App,
    plan: &PlanName,
    verdict: &Verdict,
    who: &Who,
) -> Result<Option<Contradicted>, Problem> {
    let found = ops::contradiction_of(app, plan, &verdict.standing).await?;
    let may = who.principal.may(Privilege::RestoreSettle);
    let refused = (!may).then(|| format!("It takes {}.", Privilege::RestoreSettle));
    Ok(found.map(|found| Contradicted { found: words::contradiction(found), refused }))
}

/// Takes the storage's word, by form.
pub(super) async fn rebuild(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Form(form): Form<Reason>,
) -> Result<Response, Problem> {
    let request = RebuildRequest { reason: form.reason, dry_run: false };
    ops::rebuild(&app, &who.asker(), &PlanName::from(name.as_str()), &request).await?;
    Ok(Redirect::to(&route::plan(&name)).into_response())
}

/// Makes its recovery final, by form.
pub(super) async fn make_final(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Form(form): Form<Reason>,
) -> Result<Response, Problem> {
    let reason = Some(form.reason.trim()).filter(|reason| !reason.is_empty());
    ops::commit(&app, &who.asker(), &PlanName::from(name.as_str()), reason).await?;
    Ok(Redirect::to(&route::plan(&name)).into_response())
}

fn verified(verdict: &Verdict, tests: &Tests) -> Verified {
    match (tests.good, verdict.standing.state.conditions.unverified) {
        (None, _) => Verified::Never,
        (Some(when), false) => Verified::Yes(when),
        (Some(tested), true) => Verified::Stale {
            tested,
            changes: vec!["The plan, its members or its mappings have changed since.".to_owned()],
        },
    }
}

fn forecast(graph: &Graph) -> Forecast {
    let said = ops::forecast(graph);
    let path = muster_plans::forecast::makespan(graph).critical_path;
    Forecast {
        kind: words::kind(graph.kind),
        p50_ms: said.makespan_ms,
        // One number is computed, from estimates: there is no spread to show.
        p95_ms: said.makespan_ms,
        basis: "Estimated from its steps, not measured".to_owned(),
        binding: said.binding.unwrap_or_default(),
        path: path
            .iter()
            .map(|&ix| PathStep {
                what: step_title(graph, ix),
                ms: u64::from(graph.step(ix).estimate_ms),
            })
            .filter(|step| step.ms > 0)
            .collect(),
    }
}

async fn steps(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    verdict: &Verdict,
    kind: RunKind,
) -> Option<KindSteps> {
    if let (RunKind::Failover, Some(outlook)) = (kind, &verdict.outlook) {
        return Some(kind_steps(&outlook.compiled.graph));
    }
    let wanted = Wanted::of(words::start_kind(kind));
    let compiled = ops::compile_now(app, landscape, plan, &verdict.standing, &wanted).await.ok()?;
    Some(kind_steps(&compiled.graph))
}

fn kind_steps(graph: &Graph) -> KindSteps {
    let mut phases: Vec<PlannedPhase> = graph
        .phases
        .iter()
        .map(|phase| PlannedPhase { name: phase.name.clone(), steps: Vec::new(), total: 0 })
        .collect();
    let real = |ix: &StepIx| graph.step(*ix).action != Action::Barrier;
    let all: Vec<StepIx> = (0..graph.steps.len() as StepIx).filter(real).collect();
    for &ix in &all {
        let Some(phase) = phases.get_mut(usize::from(graph.step(ix).phase)) else { continue };
        phase.total += 1;
        if phase.steps.len() < STEPS_OF_A_PHASE {
            phase.steps.push(planned(graph, ix));
        }
    }
    phases.retain(|phase| phase.total > 0);
    KindSteps {
        digest: compile::digest(graph),
        total: words::number(all.len()),
        estimate_ms: ops::forecast(graph).makespan_ms,
        proof: String::new(),
        pivot: graph.pivot.map(|ix| step_title(graph, ix)).unwrap_or_default(),
        phases,
    }
}

fn planned(graph: &Graph, ix: StepIx) -> PlannedStep {
    let step = graph.step(ix);
    PlannedStep {
        ix,
        what: subject::what(graph, ix),
        subject: subject::of(graph, ix),
        site: graph.site(step.site).to_string(),
        estimate_ms: u64::from(step.estimate_ms),
        timeout_ms: u64::from(step.timeout_ms),
        on_failure: match step.on_failure {
            OnFailure::Policy => "",
            OnFailure::Warn => "warns",
            OnFailure::Owe => "is owed",
        }
        .to_owned(),
    }
}

async fn history(app: &App, plan: &PlanName) -> Result<Vec<RunLine>, Problem> {
    let filter = RunFilter { plan: Some(plan.clone()), ..RunFilter::default() };
    let runs = app.store.runs().list(&filter, None, HISTORY).await?.items;
    Ok(runs.iter().map(|run| words::run_line(app, run, &view::run::line(app, run))).collect())
}
