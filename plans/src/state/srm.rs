//! The names that users of VMware Site Recovery Manager know, from its public API (version 2.0.0,
//! `RecoveryPlanInfo.status`).

use serde::{Deserialize, Serialize};

use super::{ActiveRun, Blocker, Going, Phase, PlanState};
use crate::run::RunKind;

/// A plan's status by SRM's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are SRM's; its API describes them")]
pub enum SrmStatus {
    ReadyState,
    NoProtectionGroups,
    DirectionError,
    Deleting,
    WaitingForUserInput,
    CancelInProgress,
    TestInProgress,
    ProtectionGroupsInUse,
    TestComplete,
    TestInterrupted,
    CleanupInProgress,
    CleanupIncomplete,
    CleanupInterrupted,
    RecoveryInProgress,
    RecoveryComplete,
    RecoveryStarted,
    PartialRecovery,
    RecoverySplitBrain,
    DisasterRecoveryComplete,
    IncompleteRecovery,
    RecoveryInterrupted,
    ReprotectInProgress,
    IncompleteReprotect,
    PartialReprotect,
    ReprotectInterrupted,
    UnknownState,
    SyncConflict,
}

impl SrmStatus {
    /// All 27.
    pub const ALL: [SrmStatus; 27] = [
        SrmStatus::ReadyState,
        SrmStatus::NoProtectionGroups,
        SrmStatus::DirectionError,
        SrmStatus::Deleting,
        SrmStatus::WaitingForUserInput,
        SrmStatus::CancelInProgress,
        SrmStatus::TestInProgress,
        SrmStatus::ProtectionGroupsInUse,
        SrmStatus::TestComplete,
        SrmStatus::TestInterrupted,
        SrmStatus::CleanupInProgress,
        SrmStatus::CleanupIncomplete,
        SrmStatus::CleanupInterrupted,
        SrmStatus::RecoveryInProgress,
        SrmStatus::RecoveryComplete,
        SrmStatus::RecoveryStarted,
        SrmStatus::PartialRecovery,
        SrmStatus::RecoverySplitBrain,
        SrmStatus::DisasterRecoveryComplete,
        SrmStatus::IncompleteRecovery,
        SrmStatus::RecoveryInterrupted,
        SrmStatus::ReprotectInProgress,
        SrmStatus::IncompleteReprotect,
        SrmStatus::PartialReprotect,
        SrmStatus::ReprotectInterrupted,
        SrmStatus::UnknownState,
        SrmStatus::SyncConflict,
    ];
}

/// What the name depends on beside the state. Everything is as it is most of the time by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrmFacts {
    /// The sites see each other.
    pub link_up: bool,
    /// No server owns the run at this moment. It is resumed from its journal without anybody's
    /// doing, so this lasts seconds where SRM asks a person to run the plan again.
    pub interrupted: bool,
    /// The run is owned at the other site, which cannot be asked.
    pub run_out_of_reach: bool,
    /// The plan names no groups. Its document is refused then, so only an old one can.
    pub no_groups: bool,
    /// Its groups protect in different directions.
    pub directions_differ: bool,
    /// Another plan runs on one of its groups, or holds a test there.
    pub groups_in_use: bool,
    /// It is being removed.
    pub deleting: bool,
    /// Its stored state cannot be read.
    pub unreadable: bool,
}

impl Default for SrmFacts {
    fn default() -> SrmFacts {
        SrmFacts {
            link_up: true,
            interrupted: false,
            run_out_of_reach: false,
            no_groups: false,
            directions_differ: false,
            groups_in_use: false,
            deleting: false,
            unreadable: false,
        }
    }
}

impl PlanState {
    /// The status as SRM would name it.
    pub fn srm_name(&self, facts: &SrmFacts) -> SrmStatus {
        if facts.unreadable {
            return SrmStatus::UnknownState;
        }
        if facts.deleting {
            return SrmStatus::Deleting;
        }
        match self.run {
            Some(run) if run.going == Going::Halted => self.halted_name(run, facts),
            Some(run) => self.running_name(run, facts),
            None => self.resting_name(facts),
        }
    }

    fn running_name(&self, run: ActiveRun, facts: &SrmFacts) -> SrmStatus {
        let recovers = matches!(run.kind, RunKind::PlannedMigration | RunKind::Failover);
        if recovers && facts.run_out_of_reach && !facts.link_up {
            return SrmStatus::RecoveryStarted;
        }
        if facts.interrupted {
            return match run.kind {
                RunKind::Test => SrmStatus::TestInterrupted,
                RunKind::Cleanup => SrmStatus::CleanupInterrupted,
                RunKind::PlannedMigration | RunKind::Failover => SrmStatus::RecoveryInterrupted,
                RunKind::Reprotect => SrmStatus::ReprotectInterrupted,
            };
        }
        if run.going == Going::Cancelling || self.phase == Phase::RollingBack {
            return SrmStatus::CancelInProgress;
        }
        let asks = [Blocker::Prompt, Blocker::Gate];
        if asks.iter().any(|blocker| self.conditions.blocked.contains(blocker)) {
            return SrmStatus::WaitingForUserInput;
        }
        match run.kind {
            RunKind::Test => SrmStatus::TestInProgress,
            RunKind::Cleanup => SrmStatus::CleanupInProgress,
            RunKind::PlannedMigration | RunKind::Failover => SrmStatus::RecoveryInProgress,
            RunKind::Reprotect => SrmStatus::ReprotectInProgress,
        }
    }

    fn halted_name(&self, run: ActiveRun, facts: &SrmFacts) -> SrmStatus {
        match run.kind {
            RunKind::Test => SrmStatus::TestComplete,
            RunKind::Cleanup => SrmStatus::CleanupIncomplete,
            RunKind::Failover if run.owed_only => self.resting_name(facts),
            RunKind::PlannedMigration | RunKind::Failover => SrmStatus::IncompleteRecovery,
            RunKind::Reprotect => SrmStatus::IncompleteReprotect,
        }
    }

    fn resting_name(&self, facts: &SrmFacts) -> SrmStatus {
        match self.phase {
            Phase::CommitHeld | Phase::Recovered if self.owes() => {
                if facts.link_up {
                    SrmStatus::RecoverySplitBrain
                } else {
                    SrmStatus::DisasterRecoveryComplete
                }
            }
            Phase::CommitHeld | Phase::Recovered if self.conditions.partial => {
                SrmStatus::PartialReprotect
            }
            Phase::CommitHeld | Phase::Recovered => SrmStatus::RecoveryComplete,
            Phase::TestHeld => SrmStatus::TestComplete,
            _ if facts.no_groups => SrmStatus::NoProtectionGroups,
            _ if self.conditions.drifted => SrmStatus::SyncConflict,
            _ if facts.directions_differ => SrmStatus::DirectionError,
            _ if facts.groups_in_use => SrmStatus::ProtectionGroupsInUse,
            _ if self.conditions.partial => SrmStatus::PartialRecovery,
            _ if self.conditions.leftovers => SrmStatus::CleanupIncomplete,
            _ => SrmStatus::ReadyState,
        }
    }
}
