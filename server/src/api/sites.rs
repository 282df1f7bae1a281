//! Sites and backends.

use axum::extract::State;
use muster_plans::id::SiteName;

use super::dto::{BackendDto, Page, SiteDto};
use super::{Answer, TheApp, page_of};
use crate::http::{Code, Json, PageQuery, Path, Problem, Query};
use crate::view;

/// All sites and how they are.
#[utoipa::path(get, path = "/api/v1/sites", tag = "sites", responses((status = 200, body = Page<SiteDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<SiteDto>> {
    Ok(Json(page_of(view::site::all(&app.current.get()), &page)?))
}

/// One site.
#[utoipa::path(get, path = "/api/v1/sites/{name}", tag = "sites",
    params(("name" = String, Path)), responses((status = 200, body = SiteDto)))]
pub(crate) async fn show(State(app): TheApp, Path(name): Path<String>) -> Answer<SiteDto> {
    let landscape = app.current.get();
    let site = SiteName::from(name.as_str());
    if !landscape.config.sites.contains_key(&site) {
        return Err(Problem::new(Code::NotFound, format!("there is no site `{name}`")));
    }
    Ok(Json(view::site::one(&landscape, &site)))
}

/// All configured backends.
#[utoipa::path(get, path = "/api/v1/backends", tag = "sites", responses((status = 200, body = Page<BackendDto>)))]
pub(crate) async fn backends(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<BackendDto>> {
    Ok(Json(page_of(view::site::backends(&app.current.get().config, None), &page)?))
}
