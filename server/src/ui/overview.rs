//! The first page.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_store::{Run, RunFilter};
use muster_web::page::{Next, Overview, OverviewBody, OverviewLive, PlanCard, SiteCard};
use muster_web::part::RunLine;
use muster_web::route::{self, pattern};
use muster_web::state::{Readiness, RunState};
use muster_web::{Live, Nav};

use super::chrome::{self, At};
use super::verdict::{self, Tests, Verdict};
use super::{groups, render, sites, words};
use crate::api::TheApp;
use crate::app::App;
use crate::http::{Problem, Who};
use crate::landscape::Landscape;
use crate::view;

/// Runs under way that are shown at most.
const RUNS: u64 = 50;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let chrome = chrome::of(&app, Some(&who), Nav::Overview, "Overview", &at).await;
    Ok(render(&Overview { chrome, live: body(&app).await? }))
}

/// Its block.
pub(super) async fn live(State(app): TheApp) -> Result<Response, Problem> {
    Ok(render(&OverviewLive { live: body(&app).await? }))
}

async fn body(app: &App) -> Result<OverviewBody, Problem> {
    let landscape = app.current.get();
    let mut plans = Vec::new();
    for name in landscape.config.plans.keys() {
        if let Some(verdict) = verdict::of(app, &landscape, name).await? {
            plans.push(card(verdict, verdict::tests(app, name).await?));
        }
    }
    plans.sort_by_key(|plan| rank(plan.readiness));
    let coverage: Vec<_> = groups::coverage(&landscape);
    Ok(OverviewBody {
        source: Live { fragment: pattern::OVERVIEW_LIVE.to_owned(), events: String::new() },
        plans,
        runs: runs(app).await?,
        sites: cards(app, &landscape),
        unprotected: coverage.iter().map(|site| site.unprotected).sum(),
        partly: coverage.iter().map(|site| site.partly).sum(),
    })
}

fn rank(readiness: Readiness) -> u8 {
    match readiness {
        Readiness::NotReady => 0,
        Readiness::Unknown => 1,
        Readiness::Busy => 2,
        Readiness::Warnings => 3,
        Readiness::Ready => 4,
    }
}

fn card(verdict: Verdict, tests: Tests) -> PlanCard {
    let rto_ms = verdict.rto_ms();
    let next = next(&verdict, &tests);
    let Verdict { plan, readiness, findings, rpo_ms, .. } = verdict;
    PlanCard {
        name: plan.name,
        from: plan.from.join(", "),
        to: plan.to,
        vms: words::number(plan.vms),
        readiness,
        reasons: findings,
        next,
        rpo_ms,
        rpo_goal_ms: plan.rpo_ms,
        rto_ms,
        rto_goal_ms: plan.rto_ms,
        tested: tests.last,
    }
}

/// The one thing to do next: look at the run, or start one.
fn next(verdict: &Verdict, tests: &Tests) -> Option<Next> {
    let name = &verdict.plan.name;
    if let Some(run) = &verdict.plan.active_run {
        return Some(Next { label: "Look at the run".to_owned(), href: route::run(run) });
    }
    let kind = verdict.next(tests)?;
    let label = format!("{}…", kind.face(verdict.standing.state.owes()).verb);
    Some(Next { label, href: route::start(name, kind.slug()) })
}

/// Runs that are not over, those that wait first.
async fn runs(app: &App) -> Result<Vec<RunLine>, Problem> {
    let filter = RunFilter { active: Some(true), ..RunFilter::default() };
    let rows: Vec<Run> = app.store.runs().list(&filter, None, RUNS).await?.items;
    let mut lines: Vec<RunLine> =
        rows.iter().map(|run| words::run_line(app, run, &view::run::line(app, run))).collect();
    lines.sort_by_key(|line| match line.state {
        RunState::Waiting => 0,
        RunState::Halted => 1,
        _ => 2,
    });
    Ok(lines)
}

fn cards(app: &App, landscape: &Landscape) -> Vec<SiteCard> {
    let details = sites::details(app, landscape).into_iter();
    details
        .map(|site| SiteCard {
            name: site.name,
            health: site.health,
            since: site.since,
            fence: site.fence,
            vms: site.vms,
            note: site.notes.into_iter().next().unwrap_or_default(),
        })
        .collect()
}
