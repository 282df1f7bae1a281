//! What can stand in a journal.
//!
//! This is one of the four serialised formats: fields may be added with a default, never renamed. What
//! follows from other records (a barrier passed, a step blocked by a failed one, a step skipped because
//! its VM moved live) is derived by the fold and not journalled.

use muster_contract::{Hint, Reason, Receipt};
use muster_plans::document::EvidenceKind;
use muster_plans::graph::StepIx;
use muster_plans::id::SiteName;
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

/// Position in a run's journal, from 0.
pub type Ordinal = u64;

/// Who did something: a user's name, or `muster` for the server itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct By(pub String);

/// One record of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its position.
    #[serde(rename = "n")]
    pub seq: Ordinal,
    /// When it was written, by the server's clock. For people; nothing is ordered by it.
    #[serde(rename = "t")]
    pub at: Time,
    /// The epoch of the owner who wrote it.
    #[serde(rename = "o")]
    pub epoch: u64,
    /// What happened.
    #[serde(rename = "e")]
    pub event: Event,
}

/// Where evidence comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceSource {
    /// A witness's verdict; its name.
    Witness(String),
    /// A fence that was read back at this site.
    Fence(SiteName),
    /// A named person's word and reason.
    Attestation {
        /// Who.
        by: By,
        /// Why.
        reason: String,
    },
}

impl EvidenceSource {
    /// The kind, as plans name it.
    pub fn kind(&self) -> EvidenceKind {
        match self {
            EvidenceSource::Witness(_) => EvidenceKind::Witness,
            EvidenceSource::Fence(_) => EvidenceKind::Fence,
            EvidenceSource::Attestation { .. } => EvidenceKind::Attestation,
        }
    }
}

impl std::fmt::Display for EvidenceSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EvidenceSource::Witness(name) => write!(f, "the witness {name} says so"),
            EvidenceSource::Fence(at) => write!(f, "the fence was read back at {at}"),
            EvidenceSource::Attestation { by, reason } => write!(f, "{} attests: {reason}", by.0),
        }
    }
}

/// Proof that a site cannot write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The site that cannot write.
    pub against: SiteName,
    /// Where it comes from.
    pub source: EvidenceSource,
    /// Since when it is so, by the server's clock: it was observed then or later.
    pub observed_at: Time,
    /// When it stops counting.
    pub expires_at: Time,
}

/// The first record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// Who started it.
    pub by: By,
    /// Why, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Digest of the graph: what was approved is what is executed.
    pub graph_digest: String,
    /// Evidence at the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Kinds of evidence that the plan accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<EvidenceKind>,
}

/// Why a run turned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// This step failed for good.
    StepFailed(StepIx),
    /// A person asked for it.
    Cancelled,
}

/// A person's answer to a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Go on.
    Continue,
    /// The step counts as failed.
    Abort,
}

/// What a named person says of a step whose outcome nobody knows, or that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It has had its effect.
    Done,
    /// It is not needed; what waits for it goes on.
    Skip,
    /// Try again, as a new attempt.
    Retry,
    /// It has failed; the failure policy applies.
    Fail,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Everything was done.
    Succeeded,
    /// Everything that counts was done; something is owed or went wrong on the side.
    SucceededWithWarnings,
    /// It stopped, and can be resumed.
    Halted,
    /// Everything was undone.
    Undone,
    /// A person gave it up, since it contradicts what the sites hold. It cannot be resumed.
    Abandoned,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The run exists.
    Opened(Opening),
    /// Another owner took over; operations under way are asked about before anything else.
    TakenOver,
    /// A step may have its effect from now on, under the operation id made of run, step, attempt and
    /// undo, with the token made of incarnation, epoch and this record's position. An intent may be
    /// written again for the same attempt after a take-over: same operation, higher token.
    Intent {
        /// The step.
        #[serde(rename = "s")]
        step: StepIx,
        /// From 0.
        #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
        attempt: u32,
        /// It undoes the step.
        #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },
    /// An intent that was written ahead and will not be acted upon.
    Withdrawn {
        /// The step.
        #[serde(rename = "s")]
        step: StepIx,
    },
    /// Its postcondition was read back.
    Done {
        /// The step.
        #[serde(rename = "s")]
        step: StepIx,
        /// It undoes the step.
        #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
        /// What the backend said.
        #[serde(rename = "r", default, skip_serializing_if = "is_plain")]
        receipt: Receipt,
    },
    /// The attempt definitely changed nothing.
    Refused {
        /// The step.
        #[serde(rename = "s")]
        step: StepIx,
        /// It undoes the step.
        #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
        /// Why.
        reason: Reason,
        /// There will be no further attempt by itself.
        last: bool,
    },
    /// Nobody can say; only a read-back or a named person resolves it.
    Unknown {
        /// The step.
        #[serde(rename = "s")]
        step: StepIx,
        /// It undoes the step.
        #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
        /// What is known.
        hint: Hint,
    },
    /// Nobody can say, its deadline has passed, and its failure is only a warning or is owed: the run
    /// does not wait for a person. It may still have had its effect, so an unwind undoes it.
    GivenUp {
        /// The step.
        #[serde(rename = "s")]
        step: StepIx,
        /// What is known.
        hint: Hint,
    },
    /// A person answered a prompt.
    Answered {
        /// The prompt's step.
        step: StepIx,
        /// Who.
        by: By,
        /// What.
        answer: Answer,
        /// Why, where it was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A person said what became of a step.
    Ruled {
        /// The step.
        step: StepIx,
        /// Who.
        by: By,
        /// What.
        verdict: Verdict,
        /// Why.
        reason: String,
    },
    /// A gate saw evidence, or was given it by a person.
    EvidenceSeen(Evidence),
    /// A person asked to cancel.
    CancelRequested {
        /// Who.
        by: By,
        /// Why, where it was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Nothing more is started; what was done is undone when everything under way has come to rest.
    Unwinding(Cause),
    /// Nothing more is started; the run waits for a person when everything has come to rest.
    Halting(Cause),
    /// A halted run goes on: failed steps get a new attempt.
    Resumed {
        /// Who.
        by: By,
        /// Why, where it was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A person gives it up as it stands. What is under way is not asked about any more, and nothing is
    /// undone: whoever writes this has made sure that nothing of it can have an effect from now on.
    Abandoned {
        /// Who.
        by: By,
        /// Why.
        reason: String,
    },
    /// It is over.
    Ended(Ending),
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn is_plain(receipt: &Receipt) -> bool {
    *receipt == Receipt::default()
}
