//! Runs: start, state, steps, journal, what people say to them.

use std::sync::Arc;

use axum::extract::State;
use muster_plans::id::{PlanName, RunId};
use muster_store::RunFilter;
use serde::Deserialize;
use uuid::Uuid;

use super::dto::{
    AnswerRequest, AttestRequest, CancelRequest, Page, ResumeRequest, RuleRequest, RunDto,
    StartRun, StepDto,
};
use super::{Answer, TheApp, page_of};
use crate::app::App;
use crate::auth::Privilege;
use crate::http::{Created, Json, PageQuery, Path, Problem, Query, Who};
use crate::ops;
use crate::view;

/// Narrows a list of runs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunsQuery {
    #[serde(default)]
    plan: Option<String>,
    #[serde(default)]
    chain: Option<Uuid>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Runs, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs",
    params(("plan" = Option<String>, Query), ("chain" = Option<String>, Query)),
    responses((status = 200, body = Page<RunDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    Query(query): Query<RunsQuery>,
) -> Answer<Page<RunDto>> {
    let filter = RunFilter {
        plan: query.plan.map(PlanName::from),
        chain: query.chain,
        ..RunFilter::default()
    };
    let page = PageQuery::of(query.limit, query.cursor);
    let runs = app.store.runs().list(&filter, page.run_cursor()?, page.limit() as u64).await?;
    let items = runs.items.iter().map(|run| view::run::line(&app, run)).collect();
    let next_cursor = runs.next.map(PageQuery::cursor_at);
    Ok(Json(Page { items, next_cursor }))
}

/// Starts a run. Send an `Idempotency-Key`, and a repeated request starts nothing twice.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", request_body = StartRun,
    responses((status = 201, body = RunDto), (status = 409, description = "not now, with the reason")))]
pub(crate) async fn start(
    State(app): TheApp,
    who: Who,
    Json(wish): Json<StartRun>,
) -> Result<Created<RunDto>, Problem> {
    who.may_start(wish.kind)?;
    let run = ops::start(&app, &who.asker(), &wish).await?;
    let location = format!("/api/v1/runs/{}", run.id);
    Ok(Created { location, body: one(&app, run.id).await? })
}

/// One run.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "runs",
    params(("id" = String, Path)), responses((status = 200, body = RunDto)))]
pub(crate) async fn show(State(app): TheApp, Path(id): Path<Uuid>) -> Answer<RunDto> {
    Ok(Json(one(&app, RunId(id)).await?))
}

/// Its steps.
#[utoipa::path(get, path = "/api/v1/runs/{id}/steps", tag = "runs",
    params(("id" = String, Path)), responses((status = 200, body = Page<StepDto>)))]
pub(crate) async fn steps(
    State(app): TheApp,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<StepDto>> {
    Ok(Json(page_of(view::run::steps(&app, RunId(id)).await?, &page)?))
}

/// Its journal: the append-only truth of the run.
#[utoipa::path(get, path = "/api/v1/runs/{id}/journal", tag = "runs",
    params(("id" = String, Path)), responses((status = 200, body = Object)))]
pub(crate) async fn journal(
    State(app): TheApp,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<serde_json::Value>> {
    let records = ops::load_run(&app, RunId(id)).await?.records;
    let items = records.iter().filter_map(|record| serde_json::to_value(record).ok()).collect();
    Ok(Json(page_of(items, &page)?))
}

async fn one(app: &Arc<App>, id: RunId) -> Result<RunDto, Problem> {
    Ok(view::run::one(app, id).await?)
}

/// Who may only test may only steer tests.
async fn steer(app: &App, who: &Who, privilege: Privilege, id: RunId) -> Result<(), Problem> {
    let (run, _) = ops::load_row(app, id).await?;
    who.may_steer(privilege, run.kind)
}

/// Answers a prompt.
#[utoipa::path(post, path = "/api/v1/runs/{id}/answer", tag = "runs", request_body = AnswerRequest,
    params(("id" = String, Path)), responses((status = 200, body = RunDto)))]
pub(crate) async fn answer(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Json(request): Json<AnswerRequest>,
) -> Answer<RunDto> {
    steer(&app, &who, Privilege::RunAnswer, RunId(id)).await?;
    ops::answer(&app, &who.asker(), RunId(id), &request).await?;
    Ok(Json(one(&app, RunId(id)).await?))
}

/// Asks a run to stop.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", tag = "runs", request_body = CancelRequest,
    params(("id" = String, Path)), responses((status = 200, body = RunDto)))]
pub(crate) async fn cancel(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Json(request): Json<CancelRequest>,
) -> Answer<RunDto> {
    steer(&app, &who, Privilege::RunCancel, RunId(id)).await?;
    ops::cancel(&app, &who.asker(), RunId(id), &request).await?;
    Ok(Json(one(&app, RunId(id)).await?))
}

/// Gives your word that a site cannot write.
#[utoipa::path(post, path = "/api/v1/runs/{id}/attest", tag = "runs", request_body = AttestRequest,
    params(("id" = String, Path)), responses((status = 200, body = RunDto)))]
pub(crate) async fn attest(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Json(request): Json<AttestRequest>,
) -> Answer<RunDto> {
    ops::attest(&app, &who.asker(), RunId(id), &request).await?;
    Ok(Json(one(&app, RunId(id)).await?))
}

/// Says what became of a step.
#[utoipa::path(post, path = "/api/v1/runs/{id}/rule", tag = "runs", request_body = RuleRequest,
    params(("id" = String, Path)), responses((status = 200, body = RunDto)))]
pub(crate) async fn rule(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Json(request): Json<RuleRequest>,
) -> Answer<RunDto> {
    steer(&app, &who, Privilege::RunRule, RunId(id)).await?;
    ops::rule(&app, &who.asker(), RunId(id), &request).await?;
    Ok(Json(one(&app, RunId(id)).await?))
}

/// Lets a halted run go on, or starts what a failover owes.
#[utoipa::path(post, path = "/api/v1/runs/{id}/resume", tag = "runs", request_body = ResumeRequest,
    params(("id" = String, Path)), responses((status = 200, body = RunDto)))]
pub(crate) async fn resume(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Json(request): Json<ResumeRequest>,
) -> Answer<RunDto> {
    steer(&app, &who, Privilege::RunResume, RunId(id)).await?;
    let id = ops::resume(&app, &who.asker(), RunId(id), &request).await?;
    Ok(Json(one(&app, id).await?))
}
