//! A whole run as people see it.

use muster_plans::graph::{Action, OnFailure, StepIx};
use muster_plans::time::Time;
use serde::Serialize;

use crate::engine::Stop;
use crate::event::{Cause, Ending};
use crate::state::{Course, RunState, StepState};
use crate::step::describe;

/// What a run does, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateWord {
    /// It goes on.
    Running,
    /// It can go on only when a person, or evidence, lets it.
    Waiting,
    /// What was done is being undone.
    Unwinding,
    /// It comes to rest.
    Halting,
    /// Nobody executes it: something is wrong with it, or its server is gone. It can be resumed.
    Parked,
    /// Everything was done.
    Succeeded,
    /// Everything that counts was done.
    SucceededWithWarnings,
    /// It stopped, and can be resumed.
    Halted,
    /// Everything was undone.
    Undone,
    /// A person gave it up; it cannot be resumed.
    Abandoned,
}

/// A phase of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseView {
    /// What happens in it.
    pub name: String,
    /// Steps.
    pub total: u32,
    /// Of these: done, skipped, or passed with a warning.
    pub done: u32,
    /// Under way.
    pub running: u32,
    /// Failed, or blocked by one that failed.
    pub failed: u32,
    /// Undone.
    pub undone: u32,
}

/// A step that is under way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunningStep {
    /// The step.
    pub step: StepIx,
    /// Since when.
    pub since: Option<Time>,
}

/// What somebody is waited for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitingFor {
    /// An answer to a question.
    Prompt,
    /// Evidence.
    Gate,
    /// A word on a step of which nobody can say what became of it.
    Unknown,
}

/// A step that waits for a person or for evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    /// The step.
    pub step: StepIx,
    /// For what.
    pub kind: WaitingFor,
    /// For people.
    pub text: String,
    /// The role that may answer a prompt.
    pub role: Option<String>,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// What it does, in a word.
    pub state: StateWord,
    /// Its phases, in order.
    pub phases: Vec<PhaseView>,
    /// Steps under way, in order.
    pub running: Vec<RunningStep>,
    /// Who, or what, is waited for.
    pub waiting: Vec<Waiting>,
    /// 0 to 1: of the estimated work, done; while it unwinds, of the undos.
    pub progress: f64,
    /// Milliseconds that are left at least, by the estimates and the limits of the graph.
    pub remaining_ms: u64,
    /// What went wrong on the side.
    pub warnings: Vec<String>,
    /// Steps that are owed to a site.
    pub owed: Vec<StepIx>,
    /// Why it turned, or why nobody executes it.
    pub cause: Option<String>,
    /// When it was opened.
    pub started_at: Time,
    /// When the last record was written.
    pub last_at: Time,
    /// How many records there are.
    pub records: u64,
}

/// A step whose failure is a warning or is owed is given up at its deadline; nobody has to come.
fn needs_somebody(state: &RunState, ix: StepIx) -> bool {
    let step = state.graph().step(ix);
    step.on_failure == OnFailure::Policy || state.step(ix) != Some(StepState::Unknown)
}

impl RunView {
    /// Of a state, at an instant.
    pub fn of(state: &RunState, now: Time) -> RunView {
        // What was given up is not asked about any more: nobody is waited for, and nothing goes on.
        let lives = state.course() != Course::Ended(Ending::Abandoned);
        let sent = || state.active().filter(|ix| lives && !state.is_held(*ix));
        let waiting: Vec<Waiting> = state
            .waiting()
            .filter(|_| lives)
            .filter(|ix| !state.is_held(*ix) && needs_somebody(state, *ix))
            .map(|ix| wait(state, ix))
            .collect();
        let running: Vec<RunningStep> = sent()
            .filter(|ix| !waiting.iter().any(|w| w.step == *ix))
            .map(|step| RunningStep { step, since: state.step_started_at(step) })
            .collect();
        RunView {
            state: word(state, !waiting.is_empty() && running.is_empty()),
            phases: phases(state, sent()),
            progress: progress(state),
            remaining_ms: remaining(state, now),
            warnings: warnings(state),
            owed: state.sideways().filter(|ix| state.step(*ix) == Some(StepState::Owed)).collect(),
            cause: state.cause().map(|cause| cause_text(state, cause)),
            started_at: state.started_at(),
            last_at: state.last_at(),
            records: state.len(),
            running,
            waiting,
        }
    }

    /// Says why the run is not executed here any more, where it is not over.
    pub(crate) fn left_behind(&mut self, stop: Option<Stop>) {
        let words = match stop {
            None | Some(Stop::Ended(_)) => return,
            Some(Stop::Parked(words) | Stop::Silent(words)) => words,
            Some(Stop::Lost) => String::from("another server executes it"),
            Some(Stop::Shutdown) => String::from("the server was shut down"),
        };
        self.state = StateWord::Parked;
        self.cause = Some(words);
    }
}

fn word(state: &RunState, waits: bool) -> StateWord {
    match state.course() {
        Course::Ended(Ending::Succeeded) => StateWord::Succeeded,
        Course::Ended(Ending::SucceededWithWarnings) => StateWord::SucceededWithWarnings,
        Course::Ended(Ending::Halted) => StateWord::Halted,
        Course::Ended(Ending::Undone) => StateWord::Undone,
        Course::Ended(Ending::Abandoned) => StateWord::Abandoned,
        _ if waits => StateWord::Waiting,
        Course::Forward => StateWord::Running,
        Course::Unwinding => StateWord::Unwinding,
        Course::Halting => StateWord::Halting,
    }
}

fn phases(state: &RunState, sent: impl Iterator<Item = StepIx>) -> Vec<PhaseView> {
    let graph = state.graph();
    let tallies = state.sums().phases.iter();
    let mut phases: Vec<PhaseView> = graph
        .phases
        .iter()
        .zip(tallies)
        .map(|(phase, tally)| PhaseView {
            name: phase.name.clone(),
            total: tally.total,
            done: tally.good,
            running: 0,
            failed: tally.bad,
            undone: tally.undone,
        })
        .collect();
    for ix in sent {
        if let Some(phase) = phases.get_mut(usize::from(graph.step(ix).phase)) {
            phase.running += 1;
        }
    }
    phases
}

fn wait(state: &RunState, step: StepIx) -> Waiting {
    let graph = state.graph();
    let (kind, text, role) = match graph.step(step).action {
        Action::Prompt(prompt) if state.step(step) == Some(StepState::Running) => {
            let prompt = &graph.prompts[prompt.0 as usize];
            (WaitingFor::Prompt, prompt.text.clone(), prompt.role.clone())
        }
        Action::Gate(_) => (WaitingFor::Gate, describe(graph, step), None),
        _ => (WaitingFor::Unknown, said(state, step), None),
    };
    Waiting { step, kind, text, role }
}

/// A step, and what is to be said of it.
fn said(state: &RunState, step: StepIx) -> String {
    let what = describe(state.graph(), step);
    match state.message(step) {
        Some(words) => format!("{what}: {words}"),
        None => what,
    }
}

fn warnings(state: &RunState) -> Vec<String> {
    let graph = state.graph();
    let cleanup = (0..graph.len() as StepIx).filter(|_| state.sums().failed > 0);
    let failed = cleanup.filter(|ix| state.step(*ix) == Some(StepState::Failed));
    state.sideways().chain(failed).map(|ix| said(state, ix)).collect()
}

fn cause_text(state: &RunState, cause: &Cause) -> String {
    match (cause, state.cancelled()) {
        (Cause::StepFailed(step), _) => said(state, *step),
        (Cause::Cancelled, Some(by)) => format!("cancelled by {}", by.0),
        (Cause::Cancelled, None) => String::from("cancelled"),
    }
}

fn progress(state: &RunState) -> f64 {
    let share = |done: u64, all: u64| if all == 0 { 1.0 } else { done as f64 / all as f64 };
    if state.is_unwinding() {
        let (all, done) = state.undos();
        return share(u64::from(done), u64::from(all));
    }
    share(state.sums().weight_done, state.sums().weight)
}

/// The longer of two: the longest chain of steps that has begun, and for each resource the work that
/// it must still carry, at its limit.
fn remaining(state: &RunState, now: Time) -> u64 {
    if !matches!(state.course(), Course::Forward) {
        return 0;
    }
    let chain = state.active().map(|ix| {
        let since = state.step_started_at(ix).map_or(0, |at| now.since(at).0);
        let own = u64::from(state.graph().step(ix).estimate_ms);
        u64::from(state.remaining(ix)).saturating_sub(since.min(own))
    });
    let resources = state.graph().resources.iter().zip(&state.sums().load);
    let loads = resources.map(|(resource, load)| load / u64::from(resource.cap.max(1)));
    chain.chain(loads).max().unwrap_or(0)
}
