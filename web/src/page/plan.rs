//! One recovery plan.

use askama::Template;

use crate::part::{Finding, RunLine, When};
use crate::state::{Face, Readiness, RunKind};
use crate::text;
use crate::{Chrome, Contradiction};

/// `GET /plans/{name}`.
#[derive(Clone, Debug, Template)]
#[template(path = "plan.html")]
pub struct Plan {
    /// The frame.
    pub chrome: Chrome,
    /// Its name.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// Where its VMs run.
    pub from: String,
    /// Where they would be recovered.
    pub to: String,
    /// What it is doing, in words: `idle`, `a test is held`, `recovered, not protected`.
    pub phase: String,
    /// The same by SRM's name: `READY_STATE`.
    pub srm: String,
    /// Its protection groups.
    pub groups: Vec<String>,
    /// How many VMs.
    pub vms: u32,
    /// Digest of the document.
    pub digest: String,
    /// The verdict.
    pub readiness: Readiness,
    /// Errors, warnings and notes, worst first.
    pub findings: Vec<Finding>,
    /// One per kind of run: allowed, or why not.
    pub offers: Vec<Offer>,
    /// A recovery that can be made final; `None`: there is none.
    pub commit: Option<CommitOffer>,
    /// It does not stand where its storage does; `None`: it does, or nobody can say.
    pub contradicted: Option<Contradicted>,
    /// What a test proved, and whether it still counts.
    pub verified: Verified,
    /// Objective of recovery time, in milliseconds.
    pub rto_goal_ms: Option<u64>,
    /// Objective of data loss, in milliseconds.
    pub rpo_goal_ms: Option<u64>,
    /// Age of the oldest recovery point, in milliseconds; `None`: not known.
    pub rpo_ms: Option<u64>,
    /// How long a failover would take; `None`: it cannot be compiled.
    pub forecast: Option<Forecast>,
    /// Steps of the chosen kind; `None`: that kind cannot be compiled now, see the findings.
    pub steps: Option<KindSteps>,
    /// The chosen kind.
    pub kind: RunKind,
    /// Its last runs, newest first.
    pub history: Vec<RunLine>,
    /// The document.
    pub yaml: String,
}

/// The sites hold something else than the plan's state says, and the offer to take their word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradicted {
    /// What does not fit, and what the plan would be then.
    pub found: Contradiction,
    /// Why this person may not; `None`: they may.
    pub refused: Option<String>,
}

/// Offer to make a recovery final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitOffer {
    /// When it becomes final by itself; `None`: only by hand.
    pub until: Option<When>,
    /// Why this person may not; `None`: they may.
    pub refused: Option<String>,
}

/// Whether a kind of run may be started.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The kind.
    pub kind: RunKind,
    /// Why it may not be started now; `None`: it may.
    pub refused: Option<String>,
    /// It is what one would do next.
    pub suggested: bool,
    /// A failover has been, and what it left is owed: a failover would do that and nothing else.
    pub owed: bool,
}

impl Offer {
    /// How it is presented.
    pub fn face(&self) -> Face {
        self.kind.face(self.owed)
    }
}

/// What a test proved.
#[derive(Clone, Debug)]
pub enum Verified {
    /// A test proved exactly this plan, these members and these mappings.
    Yes(When),
    /// It did, and something has changed since.
    Stale {
        /// When.
        tested: When,
        /// What has changed, as sentences.
        changes: Vec<String>,
    },
    /// No test has ever ended well.
    Never,
}

/// How long a failover would take.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// The kind of run that it is about.
    pub kind: RunKind,
    /// Half of all runs would be faster, in milliseconds.
    pub p50_ms: u64,
    /// Nineteen of twenty would be, in milliseconds.
    pub p95_ms: u64,
    /// Where the times come from: `measured in 12 runs`, `defaults, nothing measured yet`.
    pub basis: String,
    /// What limits it: `host lyon-h1, 8 units`; empty: nothing but the path itself.
    pub binding: String,
    /// The longest chain of steps.
    pub path: Vec<PathStep>,
}

impl Forecast {
    /// Whether the times differ: from estimates alone one number is computed.
    pub fn has_spread(&self) -> bool {
        self.p50_ms != self.p95_ms
    }
}

/// A step of the critical path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// `Power on erp-db-01`.
    pub what: String,
    /// How long it takes, in milliseconds.
    pub ms: u64,
}

/// The compiled graph of a kind of run.
#[derive(Clone, Debug)]
pub struct KindSteps {
    /// Digest of the graph.
    pub digest: String,
    /// Steps, barriers excluded.
    pub total: u32,
    /// Expected length, in milliseconds.
    pub estimate_ms: u64,
    /// What was proved of it: `No step needs the failed site.`; empty: nothing.
    pub proof: String,
    /// The last step before which everything is undone on a failure or a cancel; empty: there is
    /// none.
    pub pivot: String,
    /// Phases in order.
    pub phases: Vec<PlannedPhase>,
}

/// A phase of a compiled graph.
#[derive(Clone, Debug)]
pub struct PlannedPhase {
    /// Its name.
    pub name: String,
    /// Its steps; long phases may be cut.
    pub steps: Vec<PlannedStep>,
    /// All of its steps.
    pub total: u32,
}

impl PlannedPhase {
    /// Steps that are not shown.
    pub fn hidden(&self) -> u64 {
        u64::from(self.total).saturating_sub(self.steps.len() as u64)
    }

    /// `1 step`, `1,024 steps`.
    pub fn size(&self) -> String {
        text::count(self.total, "step", "steps")
    }
}

/// A step of a compiled graph.
#[derive(Clone, Debug)]
pub struct PlannedStep {
    /// Its number in the graph.
    pub ix: u32,
    /// `Power on`.
    pub what: String,
    /// What it is done to: `erp-db-01`.
    pub subject: String,
    /// Whose agent does it.
    pub site: String,
    /// How long it is expected to take, in milliseconds.
    pub estimate_ms: u64,
    /// When it is given up, in milliseconds.
    pub timeout_ms: u64,
    /// What its failure means, where it is not the run's policy: `warns`, `is owed`.
    pub on_failure: String,
}
