//! Evidence and recovery points, as the start form shows them.

use crate::part::When;
use crate::state::Level;

/// What is known of whether the protected site can write.
#[derive(Clone, Debug)]
pub struct EvidenceSection {
    /// The site that must not write.
    pub against: String,
    /// Kinds that the plan accepts: `witness`, `fence`, `attestation`.
    pub accepted: Vec<String>,
    /// Each piece, for and against.
    pub items: Vec<Evidence>,
    /// Whether it is enough to start, and the sentence that says so.
    pub verdict: (Level, String),
}

/// A piece of evidence.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// It speaks for the site being unable to write (`Passed`), against it (`Error`), or says
    /// nothing (`Unknown`).
    pub stance: Level,
    /// Where it comes from: `witness w1`, `fence, read back at lyon`.
    pub source: String,
    /// What it says.
    pub text: String,
    /// When it was observed.
    pub observed: Option<When>,
    /// When it stops counting.
    pub expires: Option<When>,
}

/// The recovery point of a consistency group.
#[derive(Clone, Debug)]
pub struct PointLine {
    /// The consistency group.
    pub group: String,
    /// VMs with objects in it.
    pub vms: u32,
    /// How it replicates.
    pub mode: String,
    /// The instant that the point holds; `None`: not known, which counts as too old.
    pub taken: Option<When>,
    /// Its age, in milliseconds.
    pub age_ms: Option<u64>,
    /// `crash consistent`, `application consistent`.
    pub consistency: String,
    /// Whether its age is within the objective.
    pub within: bool,
}

/// Offer to give one's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttestField {
    /// The site that is said to be unable to write.
    pub site: String,
    /// Why it is not offered to this person; `None`: it is.
    pub refused: Option<String>,
    /// For how many minutes a word counts.
    pub minutes: u32,
}
