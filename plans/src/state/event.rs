//! What happens to a plan.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Blocker;
use crate::id::SiteName;
use crate::run::RunKind;

/// Conditions that are simply there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// [`super::Conditions::partial`].
    Partial,
    /// [`super::Conditions::degraded`].
    Degraded,
    /// [`super::Conditions::drifted`].
    Drifted,
}

/// What happens to a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Event {
    /// A run begins. A halted one that it takes the place of is over.
    RunStarted {
        /// What it does.
        kind: RunKind,
        /// It only does what an earlier failover owes.
        owed_only: bool,
    },
    /// A person asked the run to stop.
    CancelRequested,
    /// The run turned and undoes what it did.
    RunTurned,
    /// The run did everything.
    RunSucceeded,
    /// The run did everything but steps that it owes to these sites.
    RunSucceededOwing {
        /// The sites; not empty.
        sites: BTreeSet<SiteName>,
    },
    /// A cleanup went to its end and left something.
    RunSucceededLeaving,
    /// The run stopped before its end.
    RunHalted,
    /// It goes on.
    RunResumed,
    /// Everything that the run did is undone, or it had done nothing.
    RunUndone,
    /// The recovery is final.
    Committed,
    /// The run waits for this.
    Blocked {
        /// For what.
        by: Blocker,
    },
    /// It waits for this no longer.
    Unblocked {
        /// For what.
        by: Blocker,
    },
    /// A site to which steps are owed answers again.
    SiteReturned {
        /// Which.
        site: SiteName,
    },
    /// It stopped answering again.
    SiteLost {
        /// Which.
        site: SiteName,
    },
    /// What was owed to a site is done.
    OwedDone {
        /// Which.
        site: SiteName,
    },
    /// The plan, a member, a mapping or a capability changed, so that no test proves it any more.
    PlanChanged,
    /// A condition came or went.
    Flagged {
        /// Which.
        flag: Flag,
        /// Whether it is there now.
        on: bool,
    },
}
