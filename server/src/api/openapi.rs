//! The OpenAPI 3.1 document, made from the handlers themselves.

use utoipa::OpenApi;

use super::{
    approvals, chains, documents, events, groups, inventory, me, plans, roles, runs, server,
    sign_in, sim, sites, tokens, users,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Muster",
        description = "Disaster-recovery orchestration. Errors are application/problem+json with a \
                       stable `code`; each code has its page under `/codes/`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        sites::list,
        sites::show,
        sites::backends,
        inventory::vms,
        inventory::vm,
        inventory::policies,
        groups::list,
        groups::show,
        groups::members,
        groups::coverage,
        plans::list,
        plans::show,
        plans::readiness,
        plans::graph,
        plans::forecast,
        plans::explain,
        plans::commit,
        plans::rebuild,
        documents::list,
        documents::show,
        documents::put,
        documents::yaml,
        documents::apply,
        chains::show,
        runs::list,
        runs::start,
        runs::show,
        runs::steps,
        runs::journal,
        events::events,
        runs::answer,
        runs::cancel,
        runs::attest,
        runs::rule,
        runs::resume,
        approvals::list,
        approvals::request,
        approvals::approve,
        server::show,
        server::release,
        sign_in::sign_in,
        me::show,
        me::password,
        me::sessions,
        me::end_session,
        roles::list,
        users::list,
        users::create,
        users::show,
        users::roles,
        users::disable,
        users::enable,
        users::reset_password,
        users::delete,
        users::sessions,
        users::end_session,
        tokens::list,
        tokens::create,
        tokens::revoke,
        tokens::audit,
        sim::truth,
        sim::break_it,
        sim::heal,
    )
)]
struct Document;

/// The document as JSON.
pub fn openapi() -> serde_json::Value {
    serde_json::to_value(Document::openapi()).unwrap_or_default()
}
