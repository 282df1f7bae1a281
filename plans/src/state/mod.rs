//! Where a plan stands, what may be done next, and why the rest may not.
//!
//! A state has three parts that change on their own: the direction, the phase with the run that is
//! in it, and conditions. A run whose server died is no state: it is resumed from its journal.

mod action;
mod event;
mod reckon;
mod srm;
mod step;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::SiteName;
use crate::run::RunKind;

pub use action::{OperatorAction, Refusal};
pub use event::{Event, Flag};
pub use reckon::{Back, Reckoning, Sight, Stand, moved_back, reckon, sights};
pub use srm::{SrmFacts, SrmStatus};
pub use step::Illegal;

/// Which way a plan protects.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// As its groups' documents say.
    #[default]
    Forward,
    /// The other way round, after an odd number of reprotects.
    Reversed,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub fn turned(self) -> Direction {
        match self {
            Direction::Forward => Direction::Reversed,
            Direction::Reversed => Direction::Forward,
        }
    }
}

/// What a plan is in the middle of.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nothing: it protects.
    #[default]
    Idle,
    /// A test is started.
    Testing,
    /// Test copies run.
    TestHeld,
    /// What a test made is removed.
    Cleaning,
    /// A planned migration.
    Migrating,
    /// An unplanned failover.
    FailingOver,
    /// Recovered, and what is needed to go back is kept.
    CommitHeld,
    /// A run undoes what it did.
    RollingBack,
    /// Recovered for good; nothing protects the other way yet.
    Recovered,
    /// The direction is turned.
    Reprotecting,
}

/// How a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Going {
    /// It goes on.
    On,
    /// A person asked it to stop; what is under way comes to rest.
    Cancelling,
    /// It stopped before its end and can be resumed.
    Halted,
}

/// A run that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ActiveRun {
    /// What it does.
    pub kind: RunKind,
    /// It only does what an earlier failover owes.
    pub owed_only: bool,
    /// How it does.
    pub going: Going,
    /// Where the plan stands when everything that the run did is undone.
    #[serde(default)]
    pub began: Began,
    /// The plan changed under it: a test that ends well then proves a plan that is gone.
    #[serde(default)]
    pub stale: bool,
}

/// Where a run began.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Began {
    /// Where nothing was under way.
    #[default]
    AtRest,
    /// Beside a held test.
    TestHeld,
    /// In place of a planned migration that had stopped half-way. Undoing the later run does not
    /// undo that one.
    HalfMigrated,
    /// In place of a failover that had stopped half-way.
    HalfFailedOver,
}

/// What a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blocker {
    /// A person's answer.
    Prompt,
    /// Evidence.
    Gate,
    /// A group that another plan uses.
    Lock,
    /// Room at the recovery site.
    Capacity,
    /// An adapter that does not answer.
    Adapter,
}

/// What else is true of a plan. Each comes and goes on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Conditions {
    /// What the active run waits for.
    pub blocked: BTreeSet<Blocker>,
    /// Sites with steps that a failover still owes them; `true`: the site has come back. Its old
    /// writer stays fenced until they are done.
    pub owed: BTreeMap<SiteName, bool>,
    /// Something that a test made may be left.
    pub leftovers: bool,
    /// Another plan has recovered or turned some of the groups.
    pub partial: bool,
    /// Something is not as it should be, but the plan can run.
    pub degraded: bool,
    /// What the server has is not what the repository says.
    pub drifted: bool,
    /// No test proved the plan as it is now.
    pub unverified: bool,
}

/// Where a plan stands. Stored by the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanState {
    /// Which way it protects.
    pub direction: Direction,
    /// What it is in the middle of.
    pub phase: Phase,
    /// The run that is not over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<ActiveRun>,
    /// What else is true.
    #[serde(default)]
    pub conditions: Conditions,
}

/// A new plan: idle, forward, and proved by nothing.
impl Default for PlanState {
    fn default() -> PlanState {
        PlanState {
            direction: Direction::Forward,
            phase: Phase::Idle,
            run: None,
            conditions: Conditions { unverified: true, ..Conditions::default() },
        }
    }
}

impl PlanState {
    /// Whether the roles of the sites are swapped.
    pub fn is_reversed(&self) -> bool {
        self.direction == Direction::Reversed
    }

    /// Whether a failover still owes steps to a site.
    pub fn owes(&self) -> bool {
        !self.conditions.owed.is_empty()
    }

    /// Whether a failover of this plan counts on a site being fenced: it is under way or has stopped
    /// half-way, or old writers there are not cleared away.
    pub fn counts_on_fence(&self, site: &SiteName) -> bool {
        let replaced = self.run.is_some_and(|run| run.began == Began::HalfFailedOver);
        self.conditions.owed.contains_key(site) || self.phase == Phase::FailingOver || replaced
    }

    /// Whether a run is going on, waiting or coming to rest.
    pub fn is_running(&self) -> bool {
        self.run.is_some_and(|run| run.going != Going::Halted)
    }

    /// The run that stopped before its end, if there is one: it can be resumed.
    pub fn halted(&self) -> Option<ActiveRun> {
        self.run.filter(|run| run.going == Going::Halted)
    }

    /// Whether a test may have left something.
    pub fn may_have_leftovers(&self) -> bool {
        self.conditions.leftovers || self.halted().is_some_and(|run| run.kind == RunKind::Test)
    }
}
