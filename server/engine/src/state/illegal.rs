//! What cannot stand in a journal.

use muster_plans::graph::StepIx;

use super::StepState;
use crate::event::{Ending, Ordinal};

/// A record that cannot follow the ones before it. The state is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The first record must be the opening.
    #[error("record {0} comes before the run was opened")]
    NotOpened(Ordinal),
    /// A run is opened once.
    #[error("record {0} opens the run again")]
    OpenedTwice(Ordinal),
    /// Records must be consecutive.
    #[error("record {found} stands where {expected} was expected")]
    Gap {
        /// The position that comes next.
        expected: Ordinal,
        /// The position of the record.
        found: Ordinal,
    },
    /// A new epoch begins with a take-over, and never goes back.
    #[error("record {seq} is of epoch {found}, the journal is at epoch {current}")]
    Epoch {
        /// The record.
        seq: Ordinal,
        /// The journal's epoch.
        current: u64,
        /// The record's epoch.
        found: u64,
    },
    /// The graph has no such step.
    #[error("record {seq} is about step {step}, which the graph does not have")]
    NoSuchStep {
        /// The record.
        seq: Ordinal,
        /// The step.
        step: StepIx,
    },
    /// The step is in a state in which this cannot happen.
    #[error("record {seq} says {event} of step {step}, which is {state:?}")]
    Step {
        /// The record.
        seq: Ordinal,
        /// The step.
        step: StepIx,
        /// What it says.
        event: &'static str,
        /// The step's state.
        state: StepState,
    },
    /// The attempt is not the one that comes next.
    #[error("record {seq} is about attempt {found} of step {step}, expected {expected}")]
    Attempt {
        /// The record.
        seq: Ordinal,
        /// The step.
        step: StepIx,
        /// The attempt that comes next, or is under way.
        expected: u32,
        /// The attempt of the record.
        found: u32,
    },
    /// The run takes a course in which this cannot happen.
    #[error("record {seq} says {event}, but {why}")]
    Course {
        /// The record.
        seq: Ordinal,
        /// What it says.
        event: &'static str,
        /// Why that cannot be.
        why: &'static str,
    },
    /// The run is over.
    #[error("record {seq} comes after the run ended ({ending:?})")]
    Ended {
        /// The record.
        seq: Ordinal,
        /// How it ended.
        ending: Ending,
    },
}
