//! The form that starts a run: what will happen, what speaks for and against it, what is asked.

use askama::Template;

use super::start_proof::{AttestField, EvidenceSection, PointLine};
use crate::Chrome;
use crate::part::Finding;
use crate::state::{Face, Level, RunKind};

/// `GET /plans/{name}/start?kind=…`, and the answer to a POST that was not accepted.
#[derive(Clone, Debug, Template)]
#[template(path = "start.html")]
pub struct Start {
    /// The frame.
    pub chrome: Chrome,
    /// The plan.
    pub plan: String,
    /// What would be started.
    pub kind: RunKind,
    /// Where the VMs run.
    pub from: String,
    /// Where they will run, or where their copies will.
    pub to: String,
    /// A failover has been: only what it left at the protected site is done.
    pub owed: bool,
    /// Why it may not be started now; the form is not shown then.
    pub refused: Option<String>,
    /// What is wrong with what was sent.
    pub errors: Vec<FieldError>,
    /// What was sent before, to be mended.
    pub values: StartValues,
    /// What will happen, one sentence each, in order.
    pub story: Vec<String>,
    /// What a failure or a cancel will do.
    pub way_back: String,
    /// Expected length, in milliseconds.
    pub estimate_ms: Option<u64>,
    /// Objective, in milliseconds.
    pub rto_goal_ms: Option<u64>,
    /// Results of the checks, worst first.
    pub checks: Vec<Finding>,
    /// For a failover: what proves that the protected site cannot write.
    pub evidence: Option<EvidenceSection>,
    /// For a failover or a test: the state of the data that would be recovered.
    pub points: Vec<PointLine>,
    /// `Up to 4 min 10 s of changes will be lost.`; empty: nothing is lost.
    pub loss: String,
    /// What is touched.
    pub blast: Blast,
    /// Digest of the graph that was described: it, and no other, is started.
    pub digest: String,
    /// Whether the plan's name must be typed.
    pub confirm: bool,
    /// Whether a reason must be given.
    pub reason_needed: bool,
    /// Offer to try no step at the failed site.
    pub forced: Option<ForcedField>,
    /// Offer to give one's word that the protected site cannot write.
    pub attest: Option<AttestField>,
    /// Persons who must approve before it starts; 0: whoever starts it is enough.
    pub approvals: u8,
}

impl Start {
    /// How it is presented.
    pub fn face(&self) -> Face {
        self.kind.face(self.owed)
    }

    /// The message for a field.
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.text.as_str())
    }

    /// Checks that did not pass.
    pub fn objections(&self) -> usize {
        self.checks
            .iter()
            .filter(|check| !matches!(check.level, Level::Passed | Level::Note))
            .count()
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field; empty: the form as a whole.
    pub field: String,
    /// What was expected, and how to mend it.
    pub text: String,
}

/// What was sent before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartValues {
    /// The name that was typed.
    pub confirm: String,
    /// The reason.
    pub reason: String,
    /// Whether forced was checked.
    pub forced: bool,
    /// Whether the attestation was checked.
    pub attest: bool,
    /// How it was said to be known.
    pub attest_reason: String,
}

/// What a run touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blast {
    /// VMs in production that are stopped, moved or started; in a test: copies.
    pub vms: u32,
    /// Some of their names.
    pub sample: Vec<String>,
    /// Protection groups.
    pub groups: Vec<String>,
    /// Volumes.
    pub volumes: u32,
    /// Consistency groups.
    pub consistency_groups: u32,
    /// Networks that are connected.
    pub networks: Vec<String>,
    /// VMs of the recovery site that are suspended to make room.
    pub suspended: Vec<String>,
    /// Writers change hands: production is written elsewhere afterwards.
    pub moves_writer: bool,
}

impl Blast {
    /// VMs that are not named.
    pub fn unnamed(&self) -> u64 {
        u64::from(self.vms).saturating_sub(self.sample.len() as u64)
    }
}

/// Offer of a forced failover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForcedField {
    /// Why it is not offered to this person or in this state; `None`: it is.
    pub refused: Option<String>,
    /// Steps at the protected site that would be left out and owed.
    pub owed: u32,
}
