//! Runs: live from the engine while they are executed here, folded from their journal otherwise.

use muster_engine::{Course, RunView, StepState, StepView, WaitingFor};
use muster_plans::graph::render::step_title;
use muster_plans::graph::{Graph, StepIx};
use muster_plans::id::RunId;
use muster_plans::run::RunKind;
use muster_store::Run;

use super::word;
use crate::api::dto::{PhaseDto, RunDto, StepDto, WaitingDto, instant};
use crate::app::App;
use crate::ops::{self, Refused};

/// A run in a list: its row, and if it is live here how far it is.
pub fn line(app: &App, run: &Run) -> RunDto {
    let view = app.engine.view(run.id);
    fill(app, run, view.as_ref(), None)
}

/// A run with everything.
///
/// # Errors
/// Where there is none, or where it cannot be read.
pub async fn one(app: &App, id: RunId) -> Result<RunDto, Refused> {
    // The row first: what it says of the end is never ahead of what is read after it.
    if let Some(run) = app.store.runs().get(id).await?
        && let Some(view) = app.engine.view(id)
        && let Some(graph) = app.engine.look(id, |state| state.graph().clone())
    {
        return Ok(fill(app, &run, Some(&view), Some(&graph)));
    }
    let loaded = ops::load_run(app, id).await?;
    let view = RunView::of(&loaded.state, app.now());
    Ok(fill(app, &loaded.run, Some(&view), Some(&loaded.graph)))
}

fn fill(app: &App, run: &Run, view: Option<&RunView>, graph: Option<&Graph>) -> RunDto {
    // A run is over when its end has been taken in: only then does its plan allow the next one.
    let ended = run.ending.is_some();
    let until = match (ended, view) {
        (true, Some(view)) => view.last_at,
        (true, None) => run.ended_at.unwrap_or_else(|| app.now()),
        (false, _) => app.now(),
    };
    RunDto {
        id: run.id.to_string(),
        plan: run.plan.to_string(),
        kind: run.kind.to_string(),
        owed_only: run.summary["owedOnly"].as_bool().unwrap_or_default(),
        forced: run.summary["forced"].as_bool().unwrap_or_default(),
        state: match view.map(|view| word(&view.state)) {
            Some(state) if ended || !is_over(&state) => state,
            _ => run.state.clone(),
        },
        ended,
        started_by: run.started_by.clone(),
        started_at: instant(run.created_at),
        ended_at: ended.then(|| instant(until)),
        elapsed_ms: until.since(run.created_at).0,
        remaining_ms: view.filter(|_| !ended).map(|view| view.remaining_ms),
        progress: view.map_or_else(|| f64::from(u8::from(ended)), |view| view.progress),
        graph_digest: run.graph_digest.clone(),
        chain: run.chain.map(|chain| chain.to_string()),
        reason: run.reason.clone(),
        phases: view.map_or_else(|| row_phases(run), phases),
        waiting: view.map(waiting).unwrap_or_default(),
        warnings: view.map(|view| view.warnings.clone()).unwrap_or_default(),
        owed: match (view, graph) {
            (Some(view), Some(graph)) => {
                view.owed.iter().map(|&step| step_title(graph, step)).collect()
            }
            _ => Vec::new(),
        },
        cause: view.and_then(|view| view.cause.clone()),
    }
}

fn is_over(state: &str) -> bool {
    matches!(state, "succeeded" | "succeeded-with-warnings" | "halted" | "undone" | "abandoned")
}

fn phases(view: &RunView) -> Vec<PhaseDto> {
    view.phases
        .iter()
        .map(|phase| PhaseDto {
            name: phase.name.clone(),
            total: phase.total as usize,
            done: phase.done as usize,
            running: phase.running as usize,
            failed: phase.failed as usize,
        })
        .collect()
}

/// Phases with their counts as a row keeps them, for lists of runs that nobody executes.
pub(crate) fn stored_phases(view: &RunView) -> serde_json::Value {
    serde_json::to_value(phases(view)).unwrap_or_default()
}

fn row_phases(run: &Run) -> Vec<PhaseDto> {
    serde_json::from_value(run.summary["phases"].clone()).unwrap_or_default()
}

fn waiting(view: &RunView) -> Vec<WaitingDto> {
    view.waiting
        .iter()
        .map(|waiting| WaitingDto {
            step: waiting.step,
            kind: match waiting.kind {
                WaitingFor::Prompt => "prompt",
                WaitingFor::Gate => "gate",
                WaitingFor::Unknown => "unknown",
            }
            .to_owned(),
            text: waiting.text.clone(),
            role: waiting.role.clone(),
        })
        .collect()
}

/// All steps of a run.
///
/// # Errors
/// Where there is none, or where it cannot be read.
pub async fn steps(app: &App, id: RunId) -> Result<Vec<StepDto>, Refused> {
    if let Some(steps) = app.engine.look(id, all_steps) {
        return Ok(steps);
    }
    Ok(all_steps(&ops::load_run(app, id).await?.state))
}

fn all_steps(state: &muster_engine::RunState) -> Vec<StepDto> {
    let graph = state.graph();
    (0..graph.steps.len() as StepIx)
        .filter_map(|ix| StepView::of(state, ix))
        .map(|view| step(graph, &view))
        .collect()
}

fn step(graph: &Graph, view: &StepView) -> StepDto {
    let step = graph.step(view.step);
    StepDto {
        step: view.step,
        title: step_title(graph, view.step),
        kind: word(&step.action.kind()),
        phase: graph
            .phases
            .get(usize::from(step.phase))
            .map(|p| p.name.clone())
            .unwrap_or_default(),
        site: graph.site(step.site).to_string(),
        vm: graph.vm_of(step).map(|vm| graph.vms[vm.0 as usize].name.to_string()),
        state: step_word(view.state).to_owned(),
        attempts: view.attempts,
        started_at: view.started_at.map(instant),
        ended_at: view.ended_at.map(instant),
        message: view.message.clone(),
    }
}

/// A step's state as the API names it.
pub fn step_word(state: StepState) -> &'static str {
    match state {
        StepState::Pending => "pending",
        StepState::Ready => "ready",
        StepState::Running => "running",
        StepState::Unknown => "unknown",
        StepState::Done => "done",
        StepState::Skipped => "skipped",
        StepState::Warned => "warned",
        StepState::Owed => "owed",
        StepState::Failed => "failed",
        StepState::Blocked => "blocked",
        StepState::UndoReady => "undo-ready",
        StepState::Undoing => "undoing",
        StepState::UndoUnknown => "undo-unknown",
        StepState::Undone => "undone",
        StepState::UndoFailed => "undo-failed",
        StepState::UndoBlocked => "undo-blocked",
    }
}

/// What a cancel would do now, as one sentence.
pub fn cancel_sentence(kind: RunKind, course: Course, pivot_passed: bool) -> String {
    let undo = match kind {
        RunKind::Test => true,
        RunKind::PlannedMigration => !pivot_passed,
        RunKind::Cleanup | RunKind::Failover | RunKind::Reprotect => false,
    };
    match (course, undo) {
        (Course::Ended(_), _) => "It is over.".to_owned(),
        (_, true) => {
            "What is under way is finished; then everything is undone in reverse order, and \
                      the VMs run where they ran before."
                .to_owned()
        }
        (_, false) => {
            "What is under way is finished, nothing more is started, and the run waits for \
                       you. Nothing is undone."
                .to_owned()
        }
    }
}
