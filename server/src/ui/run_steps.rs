//! Phases and steps of a run, narrowed and cut into pages.

use std::collections::HashMap;

use muster_engine::{RunState, StepState as Step, StepView};
use muster_plans::graph::{Action, Graph, StepIx};
use muster_web::form::RunQuery;
use muster_web::page::{PhaseLine, PhaseSteps, StepLine, SubjectSteps};
use muster_web::part::{Choice, Paging, When};
use muster_web::route;
use muster_web::state::StepState;

use super::paging::{paging, with_query};
use super::{subject, words};
use crate::api::dto::{PhaseDto, RunDto};

/// Steps on one page.
const ROWS: u64 = 200;

/// The steps of a page.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) shown: Vec<PhaseSteps>,
    pub(super) paging: Paging,
}

/// The query with its default: what happens now while the run is under way, everything afterwards.
pub(super) fn settle(query: &RunQuery, ended: bool) -> RunQuery {
    let show = match (query.show.as_str(), ended) {
        (show @ ("active" | "failed" | "all"), _) => show,
        (_, true) => "all",
        (_, false) => "active",
    };
    RunQuery { show: show.to_owned(), ..query.clone() }
}

/// The query's fields, for links.
pub(super) fn fields(query: &RunQuery) -> [(&str, &str); 3] {
    [("show", &query.show), ("q", &query.q), ("phase", &query.phase)]
}

/// The filter by state.
pub(super) fn choices(show: &str) -> Vec<Choice> {
    let all = [("active", "under way and failed"), ("failed", "failed"), ("all", "all")];
    all.map(|(value, label)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: value == show,
    })
    .into()
}

/// Phases in order.
pub(super) fn phases(state: &RunState, dto: &RunDto) -> Vec<PhaseLine> {
    let graph = state.graph();
    let pivot = graph.pivot.map(|ix| usize::from(graph.step(ix).phase));
    let undo = undo(state);
    let lines = dto.phases.iter().enumerate();
    lines
        .filter(|(_, phase)| phase.total > 0)
        .map(|(ix, phase)| {
            let number = ix.to_string();
            // Who opens a phase wants its steps, also when nothing is under way in it.
            let fields = [("show", "all"), ("phase", number.as_str())];
            PhaseLine {
                ix: words::number(ix),
                name: phase.name.clone(),
                state: phase_state(phase, undo.get(&ix).copied()),
                done: words::number(phase.done + phase.failed),
                failed: words::number(phase.failed),
                total: words::number(phase.total),
                pivot: pivot == Some(ix),
                href: format!("{}#steps", with_query(&route::run(&dto.id), &fields, 0)),
            }
        })
        .collect()
}

/// What the undoing did to phases, by their index.
fn undo(state: &RunState) -> HashMap<usize, StepState> {
    let graph = state.graph();
    let mut phases = HashMap::new();
    for ix in 0..graph.steps.len() as StepIx {
        let found = match state.step(ix) {
            Some(Step::UndoReady | Step::Undoing | Step::UndoUnknown) => StepState::Undoing,
            Some(Step::Undone) => StepState::Undone,
            _ => continue,
        };
        let known = phases.entry(usize::from(graph.step(ix).phase)).or_insert(found);
        if found == StepState::Undoing {
            *known = found;
        }
    }
    phases
}

/// `undo`: steps of it were undone, or are being undone.
fn phase_state(phase: &PhaseDto, undo: Option<StepState>) -> StepState {
    match phase {
        phase if phase.failed > 0 => StepState::Failed,
        phase if phase.running > 0 => undo.unwrap_or(StepState::Running),
        _ if undo.is_some() => undo.unwrap_or(StepState::Undone),
        phase if phase.done == phase.total => StepState::Done,
        phase if phase.done > 0 => StepState::Running,
        _ => StepState::Pending,
    }
}

/// The steps that a query asks for. All are looked at, one page of them is put into words.
pub(super) fn steps(state: &RunState, dto: &RunDto, query: &RunQuery, now: i64) -> Steps {
    let graph = state.graph();
    let phase: Option<u16> = query.phase.parse().ok();
    let part = query.q.to_lowercase();
    let mut wanted: Vec<StepIx> = (0..graph.steps.len() as StepIx)
        .filter(|ix| graph.step(*ix).action != Action::Barrier)
        .filter(|ix| phase.is_none_or(|phase| graph.step(*ix).phase == phase))
        .filter(|ix| state.step(*ix).is_some_and(|step| shows(&query.show, step)))
        .filter(|ix| part.is_empty() || subject::of(graph, *ix).to_lowercase().contains(&part))
        .collect();
    // Stable: within a phase the order of the graph stays.
    wanted.sort_by_key(|ix| graph.step(*ix).phase);
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let page: Vec<StepIx> = wanted.iter().copied().skip(skip).take(ROWS as usize).collect();
    let waits: Vec<StepIx> = dto.waiting.iter().map(|waiting| waiting.step).collect();
    let path = route::run(&dto.id);
    let fields = fields(query);
    Steps {
        paging: paging(&path, &fields, "#steps", query.skip, page.len(), wanted.len(), ROWS),
        shown: grouped(state, &page, &waits, now),
    }
}

fn shows(show: &str, step: Step) -> bool {
    let failed = matches!(
        step,
        Step::Failed
            | Step::Unknown
            | Step::UndoFailed
            | Step::UndoUnknown
            | Step::Blocked
            | Step::UndoBlocked
    );
    match show {
        "failed" => failed || matches!(step, Step::Warned | Step::Owed),
        "active" => failed || step.is_active() || step == Step::UndoReady,
        _ => true,
    }
}

fn grouped(state: &RunState, page: &[StepIx], waits: &[StepIx], now: i64) -> Vec<PhaseSteps> {
    let graph = state.graph();
    let mut phases: Vec<PhaseSteps> = Vec::new();
    for &ix in page {
        let phase = graph.step(ix).phase;
        if phases.last().is_none_or(|last| last.ix != u32::from(phase)) {
            let name = graph.phases.get(usize::from(phase)).map(|phase| phase.name.clone());
            let name = name.unwrap_or_default();
            phases.push(PhaseSteps { ix: u32::from(phase), name, subjects: Vec::new() });
        }
        let Some(last) = phases.last_mut() else { continue };
        let Some(line) = line(state, graph, ix, waits.contains(&ix), now) else { continue };
        let name = subject::of(graph, ix);
        match last.subjects.iter_mut().find(|subject| subject.name == name) {
            Some(subject) => subject.steps.push(line),
            None => last.subjects.push(SubjectSteps { name, steps: vec![line] }),
        }
    }
    phases
}

fn line(state: &RunState, graph: &Graph, ix: StepIx, waits: bool, now: i64) -> Option<StepLine> {
    let view = StepView::of(state, ix)?;
    let step = graph.step(ix);
    let until = view.ended_at.map_or(now, |at| at.0);
    Some(StepLine {
        ix,
        what: subject::what(graph, ix),
        site: graph.site(step.site).to_string(),
        state: words::step_state(view.state, waits, view.attempts),
        attempts: view.attempts,
        started: view.started_at.map(|at| When::new(at.0, now)),
        took_ms: view.started_at.map(|at| u64::try_from(until - at.0).unwrap_or(0)),
        estimate_ms: u64::from(step.estimate_ms),
        detail: view.message.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_shows_what_happens_now_until_the_run_has_ended() {
        let query = RunQuery::default();
        assert_eq!(settle(&query, false).show, "active");
        assert_eq!(settle(&query, true).show, "all");
        let query = RunQuery { show: "failed".into(), ..query };
        assert_eq!(settle(&query, true).show, "failed");
    }

    #[test]
    fn a_phase_that_was_undone_is_not_under_way() {
        let phase = PhaseDto { name: "Move".into(), total: 5, done: 1, running: 0, failed: 0 };
        assert_eq!(phase_state(&phase, None), StepState::Running);
        assert_eq!(phase_state(&phase, Some(StepState::Undone)), StepState::Undone);
        let failed = PhaseDto { failed: 1, ..phase };
        assert_eq!(phase_state(&failed, Some(StepState::Undone)), StepState::Failed);
    }

    #[test]
    fn what_failed_is_among_what_happens_now() {
        assert!(shows("active", Step::Failed) && shows("active", Step::Running));
        assert!(!shows("active", Step::Done) && !shows("active", Step::Pending));
        assert!(!shows("failed", Step::Running) && shows("all", Step::Pending));
    }
}
