//! Recovery plans: state, readiness, graph, forecast, explanation.

use axum::extract::State;
use muster_plans::compile;
use muster_plans::graph::render;
use muster_plans::id::PlanName;
use serde::Deserialize;

use super::dto::{
    CommitRequest, ForecastDto, GraphDto, Page, PlanDto, ReadinessDto, RebuildRequest, RebuiltDto,
};
use super::{Answer, GraphForm, KindQuery, TheApp, page_of};
use crate::http::{Code, Json, PageQuery, Path, Problem, Query, Who};
use crate::ops::{self, Wanted};
use crate::view;

/// All plans and where they stand.
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans", responses((status = 200, body = Page<PlanDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<PlanDto>> {
    let landscape = app.current.get();
    let mut plans = Vec::new();
    for name in landscape.config.plans.keys() {
        let standing = ops::standing_of(&app, name).await?;
        plans.extend(view::plan::one(&landscape, name, &standing));
    }
    Ok(Json(page_of(plans, &page)?))
}

/// One plan.
#[utoipa::path(get, path = "/api/v1/plans/{name}", tag = "plans",
    params(("name" = String, Path)), responses((status = 200, body = PlanDto)))]
pub(crate) async fn show(State(app): TheApp, Path(name): Path<String>) -> Answer<PlanDto> {
    let plan = PlanName::from(name.as_str());
    let standing = ops::standing_of(&app, &plan).await?;
    let one = view::plan::one(&app.current.get(), &plan, &standing)
        .ok_or_else(|| Problem::new(Code::NotFound, format!("there is no plan `{name}`")))?;
    let contradiction = ops::contradiction_of(&app, &plan, &standing).await?;
    Ok(Json(PlanDto { contradiction, ..one }))
}

/// Whether a run of a kind would start now: refusals, findings, evidence, recovery points.
#[utoipa::path(get, path = "/api/v1/plans/{name}/readiness", tag = "plans",
    params(("name" = String, Path), ("kind" = String, Query)),
    responses((status = 200, body = ReadinessDto)))]
pub(crate) async fn readiness(
    State(app): TheApp,
    Path(name): Path<String>,
    Query(query): Query<KindQuery>,
) -> Answer<ReadinessDto> {
    let wanted = Wanted { forced: query.forced, ..Wanted::of(query.kind) };
    Ok(Json(ops::readiness(&app, &PlanName::from(name.as_str()), &wanted).await?))
}

/// The step graph that a run of a kind would execute now.
#[utoipa::path(get, path = "/api/v1/plans/{name}/graph", tag = "plans",
    params(("name" = String, Path), ("kind" = String, Query), ("forced" = Option<bool>, Query),
        ("form" = Option<String>, Query, description = "`text` or `dot`")),
    responses((status = 200, body = GraphDto)))]
pub(crate) async fn graph(
    State(app): TheApp,
    Path(name): Path<String>,
    Query(query): Query<KindQuery>,
) -> Answer<GraphDto> {
    let compiled = compiled(&app, &name, &query).await?;
    let text = match query.form {
        Some(GraphForm::Dot) => render::dot(&compiled.graph),
        Some(GraphForm::Text) | None => render::text(&compiled.graph),
    };
    let digest = compile::digest(&compiled.graph);
    let findings = compiled.warnings.iter().map(view::finding).collect();
    Ok(Json(view::plan::graph(&compiled.graph, digest, text, findings)))
}

/// How long a run of a kind would take.
#[utoipa::path(get, path = "/api/v1/plans/{name}/forecast", tag = "plans",
    params(("name" = String, Path), ("kind" = String, Query)),
    responses((status = 200, body = ForecastDto)))]
pub(crate) async fn forecast(
    State(app): TheApp,
    Path(name): Path<String>,
    Query(query): Query<KindQuery>,
) -> Answer<ForecastDto> {
    Ok(Json(ops::forecast(&compiled(&app, &name, &query).await?.graph)))
}

async fn compiled(
    app: &crate::app::App,
    name: &str,
    query: &KindQuery,
) -> Result<compile::Compiled, Problem> {
    let plan = PlanName::from(name);
    let standing = ops::standing_of(app, &plan).await?;
    let wanted = Wanted { forced: query.forced, ..Wanted::of(query.kind) };
    Ok(ops::compile_now(app, &app.current.get(), &plan, &standing, &wanted).await?)
}

/// `?vm=NAME`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainQuery {
    vm: String,
}

/// Why a VM is in a plan, in which order, by which mobility method, and what was refused.
#[utoipa::path(get, path = "/api/v1/plans/{name}/explain", tag = "plans",
    params(("name" = String, Path), ("vm" = String, Query)),
    responses((status = 200, body = Object)))]
pub(crate) async fn explain(
    State(app): TheApp,
    Path(name): Path<String>,
    Query(query): Query<ExplainQuery>,
) -> Answer<serde_json::Value> {
    let plan = PlanName::from(name.as_str());
    let standing = ops::standing_of(&app, &plan).await?;
    Ok(Json(ops::explain(&app, &plan, &standing, &query.vm).await?))
}

/// Makes a recovery final before its window ends: nobody can go back after it.
#[utoipa::path(post, path = "/api/v1/plans/{name}/commit", tag = "plans",
    params(("name" = String, Path)), request_body = CommitRequest,
    responses((status = 200, body = PlanDto), (status = 409, description = "there is nothing to commit")))]
pub(crate) async fn commit(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Json(request): Json<CommitRequest>,
) -> Answer<PlanDto> {
    let plan = PlanName::from(name.as_str());
    ops::commit(&app, &who.asker(), &plan, request.reason.as_deref()).await?;
    show(State(app), Path(name)).await
}

/// Sets a plan against what its sites hold, where it stands elsewhere: the storage is right, and a halted run
/// that cannot have led there is given up.
#[utoipa::path(post, path = "/api/v1/plans/{name}/rebuild", tag = "plans",
    params(("name" = String, Path)), request_body = RebuildRequest,
    responses((status = 200, body = RebuiltDto), (status = 409, description = "a run is under way")))]
pub(crate) async fn rebuild(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Json(request): Json<RebuildRequest>,
) -> Answer<RebuiltDto> {
    let plan = PlanName::from(name.as_str());
    Ok(Json(ops::rebuild(&app, &who.asker(), &plan, &request).await?))
}
