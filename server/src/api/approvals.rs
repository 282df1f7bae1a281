//! Approvals of failovers: ask, give, list.

use axum::extract::State;
use muster_plans::id::PlanName;
use serde::Deserialize;
use uuid::Uuid;

use super::dto::{ApprovalDto, ApproveRequest, Page, StartRun};
use super::{Answer, TheApp, page_of};
use crate::http::{Created, Json, PageQuery, Path, Problem, Query, Who};
use crate::ops;

/// Narrows a list of approvals.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalsQuery {
    #[serde(default)]
    plan: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    cursor: Option<String>,
}

/// What people were asked to approve, newest first.
#[utoipa::path(get, path = "/api/v1/approvals", tag = "runs",
    params(("plan" = Option<String>, Query)),
    responses((status = 200, body = Page<ApprovalDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    Query(query): Query<ApprovalsQuery>,
) -> Answer<Page<ApprovalDto>> {
    let plan = query.plan.map(PlanName::from);
    let page = PageQuery::of(query.limit, query.cursor);
    Ok(Json(page_of(ops::approvals(&app, plan.as_ref()).await?, &page)?))
}

/// Asks for the approval of what a start would do now.
#[utoipa::path(post, path = "/api/v1/approvals", tag = "runs", request_body = StartRun,
    responses((status = 201, body = ApprovalDto), (status = 409, description = "nothing to approve")))]
pub(crate) async fn request(
    State(app): TheApp,
    who: Who,
    Json(wish): Json<StartRun>,
) -> Result<Created<ApprovalDto>, Problem> {
    who.may_start(wish.kind)?;
    let body = ops::request_approval(&app, &who.asker(), &wish).await?;
    Ok(Created { location: "/api/v1/approvals".to_owned(), body })
}

/// Approves exactly what was read.
#[utoipa::path(post, path = "/api/v1/approvals/{id}/approve", tag = "runs",
    request_body = ApproveRequest, params(("id" = String, Path)),
    responses((status = 200, body = ApprovalDto), (status = 409, description = "not any more")))]
pub(crate) async fn approve(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Json(request): Json<ApproveRequest>,
) -> Answer<ApprovalDto> {
    Ok(Json(ops::approve(&app, &who.asker(), id, &request).await?))
}
