//! The console: fills the pages of `muster-web` from the same views as the API. One file per page.
//!
//! Nothing here can do what the API cannot: forms call the same use cases.

mod account;
mod asset;
mod chrome;
mod document;
mod error;
mod group;
mod groups;
mod hold;
mod inventory;
mod overview;
mod paging;
mod plan;
mod plans;
mod run;
mod run_ask;
mod run_events;
mod run_log;
mod run_post;
mod run_steps;
mod runs;
mod sign_in;
mod sites;
mod start;
mod start_page;
mod subject;
mod verdict;
mod words;

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_web::Template;
use muster_web::route::pattern;

use crate::app::App;
use crate::auth::Privilege::{
    InventoryRead, PlanRead, RestoreSettle, RunAnswer, RunAttest, RunCancel, RunCleanup,
    RunFailover, RunPlanned, RunRead, RunReprotect, RunResume, RunRule, RunTest, TestSteer,
};
use crate::http::Access::{AnyOf, AnyPassword, Needs, Public, SignedIn};
use crate::http::{Access, Problem, Table};

pub use error::problem_page;

/// For how many minutes a person's word counts, as `ops` has it.
const MINUTES: u32 = 15;

/// All pages.
pub fn routes() -> Table<Arc<App>> {
    around().and(reading()).and(saying()).and(live())
}

/// What is around the pages.
fn around() -> Table<Arc<App>> {
    Table::pages()
        .get(pattern::ASSETS, Public, asset::show)
        .get(pattern::SIGN_IN, Public, sign_in::show)
        .post(pattern::SIGN_IN, Public, sign_in::enter)
        .post(pattern::THEME, Public, sign_in::theme)
        .post(pattern::SIGN_OUT, AnyPassword, sign_in::leave)
        .get(pattern::ACCOUNT, AnyPassword, account::show)
        .post(pattern::ACCOUNT_PASSWORD, AnyPassword, account::password)
        .post(pattern::ACCOUNT_END_SESSION, SignedIn, account::end_session)
}

fn reading() -> Table<Arc<App>> {
    Table::pages()
        .get(pattern::OVERVIEW, Needs(PlanRead), overview::show)
        .get(pattern::SITES, Needs(InventoryRead), sites::show)
        .get(pattern::INVENTORY, Needs(InventoryRead), inventory::show)
        .get(pattern::GROUPS, Needs(PlanRead), groups::show)
        .get(pattern::GROUP, Needs(PlanRead), group::show)
        .get(pattern::PLANS, Needs(PlanRead), plans::show)
        .get(pattern::PLAN, Needs(PlanRead), plan::show)
        .get(pattern::START, Needs(PlanRead), start::show)
        .get(pattern::RUNS, Needs(RunRead), runs::show)
        .get(pattern::RUN, Needs(RunRead), run::show)
}

fn saying() -> Table<Arc<App>> {
    const START: Access = AnyOf(&[RunTest, RunCleanup, RunPlanned, RunFailover, RunReprotect]);
    Table::pages()
        .post(pattern::START, START, start::start)
        .post(pattern::PLAN_COMMIT, AnyOf(&[RunPlanned, RunFailover]), plan::make_final)
        .post(pattern::PLAN_REBUILD, Needs(RestoreSettle), plan::rebuild)
        .post(pattern::HOLD_RELEASE, Needs(RestoreSettle), hold::release)
        .post(pattern::RUN_ANSWER, AnyOf(&[RunAnswer, TestSteer]), run_post::answer)
        .post(pattern::RUN_ATTEST, Needs(RunAttest), run_post::attest)
        .post(pattern::RUN_RULE, AnyOf(&[RunRule, TestSteer]), run_post::rule)
        .post(pattern::RUN_CANCEL, AnyOf(&[RunCancel, TestSteer]), run_post::cancel)
        .post(pattern::RUN_RESUME, AnyOf(&[RunResume, TestSteer]), run_post::resume)
        .post(pattern::RUN_OWED, AnyOf(&[RunResume, TestSteer]), run_post::resume)
}

/// What scripts of the pages fetch: without a session they are answered 401, and no sign-in page is
/// put into another.
fn live() -> Table<Arc<App>> {
    Table::api()
        .get(pattern::OVERVIEW_LIVE, Needs(PlanRead), overview::live)
        .get(pattern::SITES_LIVE, Needs(InventoryRead), sites::live)
        .get(pattern::RUN_LIVE, Needs(RunRead), run::live)
        .get(pattern::RUN_EVENTS, Needs(RunRead), run_events::show)
}

/// Renders a page.
pub(crate) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}

/// Renders a page under another status.
pub(crate) fn render_as(status: StatusCode, page: &impl Template) -> Response {
    (status, render(page)).into_response()
}
