//! One run, live.

use askama::Template;

use super::run_ask::Ask;
use super::run_step::{LogLine, OwedStep, PhaseLine, PhaseSteps};
use crate::chrome::{Chrome, Live};
use crate::part::{Choice, Finding, Paging, When};
use crate::state::{RunKind, RunState};
use crate::text;

/// `GET /runs/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "run.html")]
pub struct Run {
    /// The frame.
    pub chrome: Chrome,
    /// What changes while one looks.
    pub live: RunBody,
}

/// `GET /runs/{id}/live`.
#[derive(Clone, Debug, Template)]
#[template(path = "run.html", block = "live")]
pub struct RunLive {
    /// What changes while one looks.
    pub live: RunBody,
}

/// What changes while one looks at a run.
#[derive(Clone, Debug)]
pub struct RunBody {
    /// How the block keeps itself current.
    pub source: Live,
    /// Token that every form carries; empty: forms carry none.
    pub csrf: String,
    /// Its id.
    pub id: String,
    /// Its plan.
    pub plan: String,
    /// What it does.
    pub kind: RunKind,
    /// It tries no step at the failed site.
    pub forced: bool,
    /// Where the VMs ran.
    pub from: String,
    /// Where they are recovered.
    pub to: String,
    /// Its state.
    pub state: RunState,
    /// What it is doing, waits for, or how it ended: one or two sentences.
    pub sentence: String,
    /// Who started it.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// When it was started.
    pub started: When,
    /// When it ended.
    pub ended: Option<When>,
    /// How long it ran, or has been running, in milliseconds.
    pub elapsed_ms: u64,
    /// How long it is expected to go on, in milliseconds; `None`: nobody can say, or it is over.
    pub remaining_ms: Option<u64>,
    /// Objective of recovery time, in milliseconds.
    pub rto_goal_ms: Option<u64>,
    /// Steps that are done, failed or skipped.
    pub done: u32,
    /// All steps, barriers excluded.
    pub total: u32,
    /// Steps that failed for good or whose outcome is unknown.
    pub failed: u32,
    /// Digest of the graph.
    pub digest: String,
    /// Position of the last journal record that this shows.
    pub seq: u64,
    /// Which server executes it; empty: not known.
    pub owner: String,
    /// What waits for a person, oldest first.
    pub asks: Vec<Ask>,
    /// Phases in order.
    pub phases: Vec<PhaseLine>,
    /// What went wrong on the side.
    pub warnings: Vec<Finding>,
    /// Steps that are left for the time when their site comes back.
    pub owed: Vec<OwedStep>,
    /// The plan still owes what this run left; `owed` may be empty then, where nothing was tried.
    pub owes: bool,
    /// Why the owed steps cannot be done now; `None`: they can, there is a button.
    pub owed_refused: Option<String>,
    /// Filter of the steps by state: `active`, `failed`, `all`.
    pub show: Vec<Choice>,
    /// What is searched for among the steps.
    pub q: String,
    /// Index of the phase to which the steps are narrowed; empty: all.
    pub phase: String,
    /// The steps of this page, grouped by phase and by what they are done to.
    pub steps: Vec<PhaseSteps>,
    /// Which steps these are.
    pub paging: Paging,
    /// The newest lines of the log, newest first.
    pub log: Vec<LogLine>,
    /// Lines that are not shown.
    pub log_hidden: u64,
    /// Whether it can be cancelled.
    pub cancel: Option<CancelOffer>,
    /// Whether it can be resumed.
    pub resume: Option<ResumeOffer>,
}

/// Offer to cancel a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelOffer {
    /// What it will do, as one sentence: before the pivot it undoes, after it it stops.
    pub sentence: String,
    /// Why it is not open to this person; `None`: it is.
    pub refused: Option<String>,
}

/// Offer to resume a run that halted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeOffer {
    /// What it will do, as one sentence.
    pub sentence: String,
    /// Why it is not open to this person; `None`: it is.
    pub refused: Option<String>,
}

impl RunBody {
    /// Whole per cent of the steps.
    pub fn percent(&self) -> u32 {
        text::percent(self.done, self.total)
    }

    /// Whether it already took longer than the objective, or will.
    pub fn misses_rto(&self) -> bool {
        self.rto_goal_ms.is_some_and(|goal| self.elapsed_ms + self.remaining_ms.unwrap_or(0) > goal)
    }

    /// It touches copies only; the page says so in a way that nobody can miss.
    pub fn is_test(&self) -> bool {
        matches!(self.kind, RunKind::Test | RunKind::Cleanup)
    }
}
