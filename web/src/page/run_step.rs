//! Phases, steps and log lines of a run.

use crate::part::When;
use crate::state::{Level, StepState};
use crate::text;

/// A phase and how far it is.
#[derive(Clone, Debug)]
pub struct PhaseLine {
    /// Its index, as the filter names it.
    pub ix: u32,
    /// Its name.
    pub name: String,
    /// The worst or most telling state of its steps.
    pub state: StepState,
    /// Steps that are done, failed or skipped.
    pub done: u32,
    /// Steps that failed or whose outcome is unknown.
    pub failed: u32,
    /// All of its steps.
    pub total: u32,
    /// The run cannot be undone once this phase has succeeded.
    pub pivot: bool,
    /// Link to the run's page, narrowed to this phase.
    pub href: String,
}

impl PhaseLine {
    /// Whole per cent of its steps.
    pub fn percent(&self) -> u32 {
        text::percent(self.done, self.total)
    }
}

/// Steps of a phase that are on the page.
#[derive(Clone, Debug)]
pub struct PhaseSteps {
    /// Index of the phase.
    pub ix: u32,
    /// Its name.
    pub name: String,
    /// Its steps that pass the filter, by what they are done to.
    pub subjects: Vec<SubjectSteps>,
}

/// Steps that are done to one thing.
#[derive(Clone, Debug)]
pub struct SubjectSteps {
    /// A VM, a consistency group, a host, or a site.
    pub name: String,
    /// In their order.
    pub steps: Vec<StepLine>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct StepLine {
    /// Its number in the graph.
    pub ix: u32,
    /// `Power on`.
    pub what: String,
    /// Whose agent does it.
    pub site: String,
    /// Its state.
    pub state: StepState,
    /// Attempts so far.
    pub attempts: u32,
    /// When the first attempt began.
    pub started: Option<When>,
    /// How long it took, or has been taking, in milliseconds.
    pub took_ms: Option<u64>,
    /// How long it is expected to take, in milliseconds.
    pub estimate_ms: u64,
    /// Error, hint or receipt; may be empty.
    pub detail: String,
}

/// A step that is left for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedStep {
    /// Its number in the graph.
    pub ix: u32,
    /// `Power off erp-db-01`.
    pub what: String,
    /// The site that must come back.
    pub site: String,
    /// Why it was left.
    pub reason: String,
}

/// A line of the run's log: a journal record, in words.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Position in the journal.
    pub seq: u64,
    /// When.
    pub at: When,
    /// Who: a user, `muster`.
    pub by: String,
    /// How bad.
    pub level: Level,
    /// What.
    pub text: String,
}
