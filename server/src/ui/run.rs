//! One run: the page, and its block.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_engine::{Course, Ending, RunState as Folded, StepState};
use muster_plans::id::RunId;
use muster_store::Run as Row;
use muster_web::form::RunQuery;
use muster_web::page::{CancelOffer, OwedStep, ResumeOffer, Run, RunBody, RunLive};
use muster_web::part::{Finding, When};
use muster_web::state::{Level, RunState};
use muster_web::{Live, Nav, route};
use uuid::Uuid;

use super::chrome::{self, At};
use super::paging::with_query;
use super::{render, run_ask, run_log, run_steps, subject, words};
use crate::api::TheApp;
use crate::api::dto::RunDto;
use crate::app::App;
use crate::auth::Privilege;
use crate::http::{Path, Problem, Query, Who};
use crate::ops;
use crate::view;

/// Steps that are owed, and warnings, that are shown at most.
const MOST: usize = 200;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Query(query): Query<RunQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let live = body(&app, &who, RunId(id), &query).await?;
    let title = format!("{} of {}", live.kind.title(), live.plan);
    let chrome = chrome::of(&app, Some(&who), Nav::Runs, &title, &at).await;
    Ok(render(&Run { chrome, live }))
}

/// Its block.
pub(super) async fn live(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Query(query): Query<RunQuery>,
) -> Result<Response, Problem> {
    Ok(render(&RunLive { live: body(&app, &who, RunId(id), &query).await? }))
}

/// What is read of a run's state while it stands still.
struct Read {
    asks: Vec<muster_web::page::Ask>,
    phases: Vec<muster_web::page::PhaseLine>,
    steps: run_steps::Steps,
    owed: Vec<OwedStep>,
    course: Course,
    past_pivot: bool,
    records: u64,
    from: String,
    to: String,
}

async fn body(app: &App, who: &Who, id: RunId, query: &RunQuery) -> Result<RunBody, Problem> {
    let (row, graph) = ops::load_row(app, id).await?;
    let dto = view::run::one(app, id).await?;
    // The block asks for itself as the page was asked for: what is shown by default changes when
    // the run ends.
    let asked =
        with_query(&route::run_action(&dto.id, "live"), &run_steps::fields(query), query.skip);
    let query = run_steps::settle(query, dto.ended);
    let now = app.now().0;
    let look = |state: &Folded| read(state, who, &row, &dto, &query, now);
    let seen = match app.engine.look(id, look) {
        Some(seen) => seen,
        None => look(&ops::load_run(app, id).await?.state),
    };
    let log = run_log::newest(app, id, &graph, seen.records).await?;
    let (done, total) = words::counts(&dto);
    let state = words::run_state(&dto.state);
    let (owes, owed_refused) = owed(app, who, &row).await?;
    let sentence = if owes { owing(&seen.from) } else { sentence(&dto, state) };
    let spec = app.current.get().config.plans.get(&row.plan).map(|plan| plan.spec.objectives.rto);
    Ok(RunBody {
        source: Live { fragment: asked, events: route::run_action(&dto.id, "events") },
        csrf: String::new(),
        plan: dto.plan.clone(),
        kind: words::kind(row.kind),
        forced: dto.forced,
        from: seen.from,
        to: seen.to,
        state,
        sentence,
        by: dto.started_by.clone(),
        reason: dto.reason.clone().unwrap_or_default(),
        started: When::new(row.created_at.0, now),
        ended: row.ended_at.filter(|_| dto.ended).map(|at| When::new(at.0, now)),
        elapsed_ms: dto.elapsed_ms,
        remaining_ms: dto.remaining_ms,
        rto_goal_ms: spec.flatten().map(|span| span.0),
        done,
        total,
        failed: words::number(dto.phases.iter().map(|phase| phase.failed).sum()),
        digest: dto.graph_digest.clone(),
        seq: seen.records.saturating_sub(1),
        owner: String::new(),
        asks: seen.asks,
        phases: seen.phases,
        warnings: dto
            .warnings
            .iter()
            .take(MOST)
            .map(|text| Finding::new(Level::Warning, text.as_str()))
            .collect(),
        owed: seen.owed,
        owes,
        owed_refused,
        show: run_steps::choices(&query.show),
        q: query.q,
        phase: query.phase,
        steps: seen.steps.shown,
        paging: seen.steps.paging,
        log_hidden: seen.records.saturating_sub(log.len() as u64),
        log,
        cancel: cancel(who, &row, &dto, seen.course, seen.past_pivot),
        resume: resume(app, who, &row).await?,
        id: dto.id,
    })
}

fn read(state: &Folded, who: &Who, row: &Row, dto: &RunDto, query: &RunQuery, now: i64) -> Read {
    let graph = state.graph();
    let from: Vec<String> = graph
        .sites
        .iter()
        .filter(|s| *s != graph.site(graph.recovery))
        .map(|s| s.to_string())
        .collect();
    let owed = state.sideways().filter(|ix| state.step(*ix) == Some(StepState::Owed));
    Read {
        asks: run_ask::asks(state, who, row, dto, now),
        phases: run_steps::phases(state, dto),
        steps: run_steps::steps(state, dto, query, now),
        owed: owed
            .take(MOST)
            .map(|ix| OwedStep {
                ix,
                what: subject::what(graph, ix),
                site: graph.site(graph.step(ix).site).to_string(),
                reason: state.message(ix).unwrap_or_default().to_owned(),
            })
            .collect(),
        course: state.course(),
        past_pivot: state.is_past_pivot(),
        records: state.len(),
        from: from.join(", "),
        to: graph.site(graph.recovery).to_string(),
    }
}

/// What it is doing, what it waits for, or how it ended.
fn sentence(dto: &RunDto, state: RunState) -> String {
    let cause = dto.cause.as_deref().map(|why| why.trim_end_matches('.'));
    let cause = cause.map_or_else(|| ".".to_owned(), |why| format!(": {why}."));
    match (dto.state.as_str(), state) {
        ("parked", _) => format!("Nobody executes it now{cause}"),
        (_, RunState::Running) => match dto.phases.iter().rfind(|phase| phase.running > 0) {
            Some(phase) => format!("{}.", phase.name),
            None => "It goes on.".to_owned(),
        },
        (_, RunState::Waiting) => match dto.waiting.first() {
            Some(waiting) => format!("It waits: {}", waiting.text),
            None => "It waits.".to_owned(),
        },
        (_, RunState::Unwinding) => format!("What was done is being undone{cause}"),
        (_, RunState::Halting) => format!("Nothing more is started{cause}"),
        (_, RunState::Halted) => format!("It stopped half-way and can be resumed{cause}"),
        (_, RunState::Succeeded) => "Everything was done.".to_owned(),
        (_, RunState::Warnings) => "Everything that counts was done; see the warnings.".to_owned(),
        (_, RunState::Undone) => format!("Everything was undone{cause}"),
        (_, RunState::Abandoned) => "It was given up: the sites hold something else.".to_owned(),
    }
}

fn refused(who: &Who, privilege: Privilege, row: &Row) -> Option<String> {
    let may = who.principal.may_steer(privilege, row.kind);
    (!may).then(|| format!("It takes {privilege}."))
}

fn cancel(
    who: &Who,
    row: &Row,
    dto: &RunDto,
    course: Course,
    past_pivot: bool,
) -> Option<CancelOffer> {
    (!dto.ended && course == Course::Forward).then(|| CancelOffer {
        sentence: view::run::cancel_sentence(row.kind, course, past_pivot),
        refused: refused(who, Privilege::RunCancel, row),
    })
}

async fn resume(app: &App, who: &Who, row: &Row) -> Result<Option<ResumeOffer>, Problem> {
    if row.ending != Some(Ending::Halted) {
        return Ok(None);
    }
    let standing = ops::standing_of(app, &row.plan).await?;
    Ok((standing.active == Some(row.id)).then(|| ResumeOffer {
        sentence: "Failed steps get a new attempt, and the run goes on where it stopped."
            .to_owned(),
        refused: refused(who, Privilege::RunResume, row),
    }))
}

fn owing(from: &str) -> String {
    format!("Everything on the recovery side was done; steps at {from} are owed.")
}

/// Whether the plan owes what this run left, and why that cannot be done now.
async fn owed(app: &App, who: &Who, row: &Row) -> Result<(bool, Option<String>), Problem> {
    let standing = ops::standing_of(app, &row.plan).await?;
    if standing.failover != Some(row.id) || row.ending.is_none() || !standing.state.owes() {
        return Ok((false, None));
    }
    let refusal = standing.state.refusal(muster_plans::run::RunKind::Failover, true);
    let refusal = refusal.map(|refusal| refusal.to_string());
    Ok((true, refusal.or_else(|| refused(who, Privilege::RunResume, row))))
}
