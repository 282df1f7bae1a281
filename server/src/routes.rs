//! All routes of the server, in one list, each with who may come.

use std::sync::Arc;

use axum::Router;

use crate::api::{
    approvals, chains, documents, events, groups, inventory, me, plans, roles, runs, server,
    sign_in, sim, sites, tokens, users,
};
use crate::app::App;
use crate::auth::Auth;
use crate::auth::Privilege::{
    AuditRead, GroupWrite, InventoryRead, PlanRead, PlanWrite, RestoreSettle, RunAnswer,
    RunApprove, RunAttest, RunCancel, RunCleanup, RunFailover, RunPlanned, RunRead, RunReprotect,
    RunResume, RunRule, RunTest, SimControl, SiteWrite, TestSteer, UserAdmin,
};
use crate::http::Access::{AnyOf, AnyPassword, Needs, Public, SignedIn};
use crate::http::{self, Gate, PublicUrl, Table};
use crate::{ids, ui};

/// The router of the whole server.
///
/// # Errors
/// Where the table is not whole; the server does not start then.
pub(crate) fn router(app: Arc<App>, gate: &Gate) -> anyhow::Result<Router> {
    Ok(table().serve(gate, app)?)
}

/// What stands before every route.
pub(crate) fn gate(auth: &Auth, public: Option<PublicUrl>) -> Gate {
    Gate::new(auth.clone(), ids::request_id).behind(public).with_pages(ui::problem_page)
}

/// The whole table.
pub(crate) fn table() -> Table<Arc<App>> {
    reading().and(writing()).and(people()).and(ui::routes())
}

fn reading() -> Table<Arc<App>> {
    Table::api()
        .get("/healthz", Public, async || "ok")
        .get("/api/openapi.json", Public, async || http::Json(crate::api::openapi()))
        .get("/codes", Public, http::list_codes)
        .get("/codes/{code}", Public, http::show_code)
        .get("/api/v1/server", SignedIn, server::show)
        .get("/api/v1/tokens", SignedIn, tokens::list)
        .get("/api/v1/audit", Needs(AuditRead), tokens::audit)
        .get("/api/v1/sites", Needs(InventoryRead), sites::list)
        .get("/api/v1/sites/{name}", Needs(InventoryRead), sites::show)
        .get("/api/v1/backends", Needs(InventoryRead), sites::backends)
        .get("/api/v1/inventory/vms", Needs(InventoryRead), inventory::vms)
        .get("/api/v1/inventory/vms/{id}", Needs(InventoryRead), inventory::vm)
        .get("/api/v1/policies", Needs(InventoryRead), inventory::policies)
        .get("/api/v1/groups", Needs(PlanRead), groups::list)
        .get("/api/v1/groups/{name}", Needs(PlanRead), groups::show)
        .get("/api/v1/groups/{name}/members", Needs(PlanRead), groups::members)
        .get("/api/v1/groups/{name}/coverage", Needs(PlanRead), groups::coverage)
        .get("/api/v1/plans", Needs(PlanRead), plans::list)
        .get("/api/v1/plans/{name}", Needs(PlanRead), plans::show)
        .get("/api/v1/plans/{name}/readiness", Needs(PlanRead), plans::readiness)
        .get("/api/v1/plans/{name}/graph", Needs(PlanRead), plans::graph)
        .get("/api/v1/plans/{name}/forecast", Needs(PlanRead), plans::forecast)
        .get("/api/v1/plans/{name}/explain", Needs(PlanRead), plans::explain)
        .get("/api/v1/documents", Needs(PlanRead), documents::list)
        .get("/api/v1/documents/{kind}/{name}", Needs(PlanRead), documents::show)
        .get("/api/v1/export", Needs(PlanRead), documents::yaml)
        .get("/api/v1/runs", Needs(RunRead), runs::list)
        .get("/api/v1/runs/{id}", Needs(RunRead), runs::show)
        .get("/api/v1/runs/{id}/steps", Needs(RunRead), runs::steps)
        .get("/api/v1/runs/{id}/journal", Needs(RunRead), runs::journal)
        .get("/api/v1/runs/{id}/events", Needs(RunRead), events::events)
        .get("/api/v1/chains/{id}", Needs(RunRead), chains::show)
        .get("/api/v1/approvals", Needs(RunRead), approvals::list)
        .get("/api/v1/sim/truth", Needs(SimControl), sim::truth)
}

fn writing() -> Table<Arc<App>> {
    const START: http::Access =
        AnyOf(&[RunTest, RunCleanup, RunPlanned, RunFailover, RunReprotect]);
    const WRITE: http::Access = AnyOf(&[PlanWrite, GroupWrite, SiteWrite]);
    Table::api()
        .post("/api/v1/tokens", SignedIn, tokens::create)
        .delete("/api/v1/tokens/{id}", SignedIn, tokens::revoke)
        .put("/api/v1/documents/{kind}/{name}", WRITE, documents::put)
        .post("/api/v1/apply", WRITE, documents::apply)
        .post_once("/api/v1/runs", START, runs::start)
        .post("/api/v1/runs/{id}/answer", AnyOf(&[RunAnswer, TestSteer]), runs::answer)
        .post("/api/v1/runs/{id}/cancel", AnyOf(&[RunCancel, TestSteer]), runs::cancel)
        .post("/api/v1/runs/{id}/attest", Needs(RunAttest), runs::attest)
        .post("/api/v1/runs/{id}/rule", AnyOf(&[RunRule, TestSteer]), runs::rule)
        .post("/api/v1/runs/{id}/resume", AnyOf(&[RunResume, TestSteer]), runs::resume)
        .post("/api/v1/plans/{name}/commit", AnyOf(&[RunPlanned, RunFailover]), plans::commit)
        .post("/api/v1/plans/{name}/rebuild", Needs(RestoreSettle), plans::rebuild)
        .post("/api/v1/approvals", START, approvals::request)
        .post("/api/v1/approvals/{id}/approve", Needs(RunApprove), approvals::approve)
        .post("/api/v1/server/hold/release", Needs(RestoreSettle), server::release)
        .post("/api/v1/sim/break", Needs(SimControl), sim::break_it)
        .post("/api/v1/sim/heal", Needs(SimControl), sim::heal)
}

/// Users, and what everybody does about themselves.
fn people() -> Table<Arc<App>> {
    Table::api()
        .post("/api/v1/sign-in", Public, sign_in::sign_in)
        .get("/api/v1/me", AnyPassword, me::show)
        .post("/api/v1/me/password", AnyPassword, me::password)
        .get("/api/v1/me/sessions", SignedIn, me::sessions)
        .delete("/api/v1/me/sessions/{id}", SignedIn, me::end_session)
        .get("/api/v1/roles", SignedIn, roles::list)
        .get("/api/v1/users", Needs(UserAdmin), users::list)
        .post("/api/v1/users", Needs(UserAdmin), users::create)
        .get("/api/v1/users/{name}", Needs(UserAdmin), users::show)
        .delete("/api/v1/users/{name}", Needs(UserAdmin), users::delete)
        .put("/api/v1/users/{name}/roles", Needs(UserAdmin), users::roles)
        .post("/api/v1/users/{name}/disable", Needs(UserAdmin), users::disable)
        .post("/api/v1/users/{name}/enable", Needs(UserAdmin), users::enable)
        .post("/api/v1/users/{name}/reset-password", Needs(UserAdmin), users::reset_password)
        .get("/api/v1/users/{name}/sessions", Needs(UserAdmin), users::sessions)
        .delete("/api/v1/users/{name}/sessions/{id}", Needs(UserAdmin), users::end_session)
}

#[cfg(test)]
mod tests {
    use super::table;

    /// What is served is described, and what is described is served.
    #[test]
    fn the_openapi_document_names_every_api_route() {
        let document = crate::api::openapi();
        let mut described: Vec<String> = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                described.push(format!("{} {path}", method.to_uppercase()));
            }
        }
        let mut served: Vec<String> =
            table().lines().map(ToString::to_string).filter(|l| l.contains("/api/v1/")).collect();
        described.sort();
        served.sort();
        assert_eq!(served, described);
    }
}
