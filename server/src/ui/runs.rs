//! Runs, newest first.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_plans::id::PlanName;
use muster_store::RunFilter;
use muster_web::Nav;
use muster_web::form::RunsQuery;
use muster_web::page::Runs;
use muster_web::part::{Choice, RunLine};
use muster_web::route::pattern;
use muster_web::state::{RunKind, RunState};

use super::chrome::{self, At};
use super::paging::paging;
use super::{render, words};
use crate::api::TheApp;
use crate::app::App;
use crate::http::{Problem, Query, Who};
use crate::view;

/// Runs on one page.
const ROWS: u64 = 50;
/// Runs that are looked through at most; older ones are found by narrowing the filter.
const MOST: u64 = 2_000;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Query(query): Query<RunsQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let landscape = app.current.get();
    let (runs, total) = lines(&app, &query).await?;
    let plans: Vec<&str> = landscape.config.plans.keys().map(PlanName::as_str).collect();
    let plans: Vec<(&str, &str)> = plans.into_iter().map(|plan| (plan, plan)).collect();
    let kinds: Vec<(&str, &str)> =
        RunKind::ALL.iter().map(|kind| (kind.slug(), kind.title())).collect();
    let states: Vec<(&str, &str)> =
        RunState::ALL.iter().map(|state| (state.slug(), state.text())).collect();
    let fields = [
        ("plan", query.plan.as_str()),
        ("kind", query.kind.as_str()),
        ("state", query.state.as_str()),
    ];
    let page = Runs {
        chrome: chrome::of(&app, Some(&who), Nav::Runs, "Runs", &at).await,
        plans: Choice::list("All plans", &plans, &query.plan),
        kinds: Choice::list("All kinds", &kinds, &query.kind),
        states: Choice::list("All states", &states, &query.state),
        paging: paging(pattern::RUNS, &fields, "", query.skip, runs.len(), total, ROWS),
        runs,
    };
    Ok(render(&page))
}

/// The runs of a page, and how many there are in all.
async fn lines(app: &App, query: &RunsQuery) -> Result<(Vec<RunLine>, usize), Problem> {
    let state = RunState::ALL.iter().copied().find(|state| state.slug() == query.state);
    // What a run that is under way does is known to its engine, not to its row.
    let under_way = state.is_some_and(|state| !state.is_over());
    let filter = RunFilter {
        plan: Some(query.plan.as_str()).filter(|plan| !plan.is_empty()).map(PlanName::from),
        kind: RunKind::from_slug(&query.kind).map(words::run_kind),
        active: under_way.then_some(true),
        ..RunFilter::default()
    };
    let rows = app.store.runs().list(&filter, None, MOST).await?.items;
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let line = |run| words::run_line(app, run, &view::run::line(app, run));
    let Some(state) = state else {
        let shown = rows.iter().skip(skip).take(ROWS as usize).map(line);
        return Ok((shown.collect(), rows.len()));
    };
    let lines: Vec<RunLine> = rows.iter().map(line).filter(|line| line.state == state).collect();
    let total = lines.len();
    Ok((lines.into_iter().skip(skip).take(ROWS as usize).collect(), total))
}
