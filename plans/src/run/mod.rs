//! Kinds of run and what each does when a step fails.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a run does. Failback is no kind of its own: it is reprotect, planned migration back,
/// reprotect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// Starts copies in a bubble; production is not touched.
    Test,
    /// Removes what a test made.
    Cleanup,
    /// Moves everything, losing nothing; both sites are healthy.
    PlannedMigration,
    /// Recovers without the protected site.
    Failover,
    /// Turns the direction round after a recovery.
    Reprotect,
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            RunKind::Test => "test",
            RunKind::Cleanup => "cleanup",
            RunKind::PlannedMigration => "planned-migration",
            RunKind::Failover => "failover",
            RunKind::Reprotect => "reprotect",
        })
    }
}

/// What happens when a step fails for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailurePolicy {
    /// Undo what was done, in reverse order.
    Unwind,
    /// Undo before the pivot; stop and wait for a person after it.
    UnwindBeforePivot,
    /// Stop what depends on it and go on with everything else; never undo by itself.
    HaltDependents,
    /// Start nothing more; finish what is under way; wait for a person.
    Halt,
    /// Go on, and report what is left.
    Continue,
}

impl RunKind {
    /// The policy of this kind of run.
    pub fn failure_policy(self) -> FailurePolicy {
        match self {
            RunKind::Test => FailurePolicy::Unwind,
            RunKind::PlannedMigration => FailurePolicy::UnwindBeforePivot,
            RunKind::Failover => FailurePolicy::HaltDependents,
            RunKind::Reprotect => FailurePolicy::Halt,
            RunKind::Cleanup => FailurePolicy::Continue,
        }
    }
}
