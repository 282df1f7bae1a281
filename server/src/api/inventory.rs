//! VMs and policies.

use axum::extract::State;
use serde::Deserialize;

use super::dto::{Page, PolicyDto, VmDto};
use super::{Answer, TheApp, page_of};
use crate::http::{Code, Json, PageQuery, Path, Problem, Query};
use crate::landscape::Landscape;
use crate::view::inventory as view;

/// Narrows a list of VMs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VmQuery {
    /// Only those registered at this site.
    #[serde(default)]
    pub(crate) site: Option<String>,
    /// Only those whose name holds this.
    #[serde(default)]
    pub(crate) q: Option<String>,
    #[serde(default)]
    pub(crate) limit: Option<usize>,
    #[serde(default)]
    pub(crate) cursor: Option<String>,
}

/// All VMs, by site and name.
#[utoipa::path(get, path = "/api/v1/inventory/vms", tag = "inventory",
    params(("site" = Option<String>, Query), ("q" = Option<String>, Query)),
    responses((status = 200, body = Page<VmDto>)))]
pub(crate) async fn vms(State(app): TheApp, Query(query): Query<VmQuery>) -> Answer<Page<VmDto>> {
    let landscape = app.current.get();
    let page = PageQuery::of(query.limit, query.cursor.clone());
    let found = search(&landscape, &query);
    let membership = view::membership(&landscape);
    let page = page_of(found, &page)?;
    let items = page
        .items
        .into_iter()
        .map(|(site, vm)| view::vm(&landscape, &membership, site, vm))
        .collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

type Found<'a> = (&'a muster_plans::id::SiteName, &'a muster_plans::inventory::VirtualMachine);

/// VMs that a query asks for, by site and name.
pub(crate) fn search<'a>(landscape: &'a Landscape, query: &VmQuery) -> Vec<Found<'a>> {
    let sites = landscape.inventory.sites.iter();
    let mut found: Vec<Found<'a>> = sites
        .filter(|(site, _)| query.site.as_deref().is_none_or(|wanted| wanted == site.as_str()))
        .flat_map(|(site, inventory)| inventory.vms.iter().map(move |vm| (site, vm)))
        .filter(|(_, vm)| query.q.as_deref().is_none_or(|part| vm.name.contains(part)))
        .collect();
    found.sort_by(|a, b| (a.0, &a.1.name, a.1.id).cmp(&(b.0, &b.1.name, b.1.id)));
    found
}

/// One VM, by its id; where it is registered at several sites, the one that runs.
#[utoipa::path(get, path = "/api/v1/inventory/vms/{id}", tag = "inventory",
    params(("id" = String, Path)), responses((status = 200, body = VmDto)))]
pub(crate) async fn vm(State(app): TheApp, Path(id): Path<uuid::Uuid>) -> Answer<VmDto> {
    let landscape = app.current.get();
    let mut found: Vec<Found<'_>> = search(&landscape, &VmQuery::default());
    found.retain(|(_, vm)| vm.id.0 == id && vm.run_tag.is_none());
    found.sort_by_key(|(_, vm)| vm.power != muster_plans::inventory::Power::On);
    let Some((site, vm)) = found.first() else {
        return Err(Problem::new(Code::NotFound, format!("there is no VM {id}")));
    };
    Ok(Json(view::vm(&landscape, &view::membership(&landscape), site, vm)))
}

/// All storage policies, and how their objects meet them.
#[utoipa::path(get, path = "/api/v1/policies", tag = "inventory", responses((status = 200, body = Page<PolicyDto>)))]
pub(crate) async fn policies(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<PolicyDto>> {
    Ok(Json(page_of(view::policies(&app.current.get()), &page)?))
}
