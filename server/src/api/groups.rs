//! Protection groups: members and coverage.

use axum::extract::State;
use muster_plans::group::DerivedGroup;
use muster_plans::id::GroupName;

use super::dto::{GroupDto, MemberDto, Page, UncoveredDto};
use super::{Answer, TheApp, page_of};
use crate::http::{Code, Json, PageQuery, Path, Problem, Query};
use crate::landscape::Landscape;
use crate::view;

/// All protection groups.
#[utoipa::path(get, path = "/api/v1/groups", tag = "groups", responses((status = 200, body = Page<GroupDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<GroupDto>> {
    Ok(Json(page_of(view::group::all(&app.current.get()), &page)?))
}

/// One protection group.
#[utoipa::path(get, path = "/api/v1/groups/{name}", tag = "groups",
    params(("name" = String, Path)), responses((status = 200, body = GroupDto)))]
pub(crate) async fn show(State(app): TheApp, Path(name): Path<String>) -> Answer<GroupDto> {
    let landscape = app.current.get();
    let group = find(&landscape, &name)?;
    Ok(Json(view::group::one(&landscape, group)))
}

/// Its members, with the reason for each.
#[utoipa::path(get, path = "/api/v1/groups/{name}/members", tag = "groups",
    params(("name" = String, Path)), responses((status = 200, body = Page<MemberDto>)))]
pub(crate) async fn members(
    State(app): TheApp,
    Path(name): Path<String>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<MemberDto>> {
    let landscape = app.current.get();
    let members = find(&landscape, &name)?.members.iter().map(view::group::member).collect();
    Ok(Json(page_of(members, &page)?))
}

/// What no group protects at its protected site, and why.
#[utoipa::path(get, path = "/api/v1/groups/{name}/coverage", tag = "groups",
    params(("name" = String, Path)), responses((status = 200, body = Page<UncoveredDto>)))]
pub(crate) async fn coverage(
    State(app): TheApp,
    Path(name): Path<String>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<UncoveredDto>> {
    let landscape = app.current.get();
    let site = find(&landscape, &name)?.protected.clone();
    Ok(Json(page_of(view::group::uncovered(&landscape, &site), &page)?))
}

fn find<'a>(landscape: &'a Landscape, name: &str) -> Result<&'a DerivedGroup, Problem> {
    landscape
        .derivation
        .groups
        .get(&GroupName::from(name))
        .ok_or_else(|| Problem::new(Code::NotFound, format!("there is no group `{name}`")))
}
