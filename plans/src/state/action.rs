//! What an operator may do next, and why not something else.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Blocker, Going, Phase, PlanState};
use crate::run::RunKind;

/// What an operator can do with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperatorAction {
    /// Start a test.
    Test,
    /// Remove what a test made.
    Cleanup,
    /// Start a planned migration.
    PlannedMigration,
    /// Start a failover.
    Failover,
    /// Do what a failover owes to a site.
    OwedSteps,
    /// Turn the direction.
    Reprotect,
    /// Make a recovery final.
    Commit,
    /// Stop the run.
    Cancel,
    /// Let a halted run go on.
    Resume,
    /// Answer the run's question.
    Answer,
    /// Give the run evidence.
    GiveEvidence,
}

impl OperatorAction {
    /// All of them.
    pub const ALL: [OperatorAction; 11] = [
        OperatorAction::Test,
        OperatorAction::Cleanup,
        OperatorAction::PlannedMigration,
        OperatorAction::Failover,
        OperatorAction::OwedSteps,
        OperatorAction::Reprotect,
        OperatorAction::Commit,
        OperatorAction::Cancel,
        OperatorAction::Resume,
        OperatorAction::Answer,
        OperatorAction::GiveEvidence,
    ];

    /// The action that starts a run.
    pub fn start(kind: RunKind, owed_only: bool) -> OperatorAction {
        match kind {
            RunKind::Test => OperatorAction::Test,
            RunKind::Cleanup => OperatorAction::Cleanup,
            RunKind::PlannedMigration => OperatorAction::PlannedMigration,
            RunKind::Failover if owed_only => OperatorAction::OwedSteps,
            RunKind::Failover => OperatorAction::Failover,
            RunKind::Reprotect => OperatorAction::Reprotect,
        }
    }
}

/// Why an action is not possible, and what to do first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl PlanState {
    /// What an operator may do now.
    pub fn allowed(&self) -> Vec<OperatorAction> {
        let allowed = |action: &OperatorAction| self.refuses(*action).is_none();
        OperatorAction::ALL.into_iter().filter(allowed).collect()
    }

    /// Why a run of this kind may not start now; `None`: it may. A failover may only start as one of
    /// owed steps where something is owed.
    pub fn refusal(&self, kind: RunKind, owed_only: bool) -> Option<Refusal> {
        self.refuses(OperatorAction::start(kind, owed_only))
    }

    /// Why an action is not possible now; `None`: it is.
    pub fn refuses(&self, action: OperatorAction) -> Option<Refusal> {
        let why = match action {
            OperatorAction::Cancel => self.no_cancel(),
            OperatorAction::Resume => self.no_resume(),
            OperatorAction::Answer => self.not_waiting_for(Blocker::Prompt, "an answer"),
            // Making a recovery final starts nothing, so no run is in its way.
            OperatorAction::Commit => self.phase_in_the_way(action),
            OperatorAction::GiveEvidence => self.not_waiting_for(Blocker::Gate, "evidence"),
            starting => self.run_in_the_way(starting).or_else(|| self.phase_in_the_way(starting)),
        };
        why.map(Refusal)
    }

    fn no_cancel(&self) -> Option<String> {
        match self.run {
            None => Some("nothing runs".to_owned()),
            Some(run) => match run.going {
                Going::Halted => Some(format!("the {} has stopped already; resume it", run.kind)),
                Going::Cancelling => Some(format!("the {} is being cancelled already", run.kind)),
                Going::On if self.phase == Phase::RollingBack => {
                    Some(format!("the {} undoes itself; wait for its end", run.kind))
                }
                Going::On => None,
            },
        }
    }

    fn no_resume(&self) -> Option<String> {
        match self.run {
            None => Some("nothing has stopped".to_owned()),
            Some(run) if run.going != Going::Halted => Some(format!("the {} runs", run.kind)),
            Some(_) => None,
        }
    }

    fn not_waiting_for(&self, blocker: Blocker, what: &str) -> Option<String> {
        let waits = self.is_running() && self.conditions.blocked.contains(&blocker);
        (!waits).then(|| format!("nothing waits for {what}"))
    }

    /// A run that goes on is in the way of everything that starts.
    fn run_in_the_way(&self, action: OperatorAction) -> Option<String> {
        let run = self.run?;
        match run.going {
            Going::On | Going::Cancelling => {
                Some(format!("a {} runs; wait for its end, or cancel it", run.kind))
            }
            Going::Halted => self.halted_in_the_way(run.kind, run.owed_only, action),
        }
    }

    /// A halted run gives way to the same run once more. Tests and cleanups also give way to what
    /// must not wait for them, a planned migration to a failover. A failover that stopped because its
    /// site came back alive gives way to a planned migration, which loses nothing.
    fn halted_in_the_way(
        &self,
        kind: RunKind,
        owed_only: bool,
        action: OperatorAction,
    ) -> Option<String> {
        use OperatorAction as Do;
        let gives_way = match kind {
            RunKind::Test => matches!(action, Do::Cleanup | Do::Failover),
            RunKind::Cleanup => {
                matches!(action, Do::Cleanup | Do::Failover | Do::OwedSteps | Do::Reprotect)
            }
            RunKind::PlannedMigration => matches!(action, Do::PlannedMigration | Do::Failover),
            RunKind::Failover if !owed_only => {
                matches!(action, Do::Failover | Do::PlannedMigration)
            }
            RunKind::Failover | RunKind::Reprotect => {
                action == OperatorAction::start(kind, owed_only)
            }
        };
        if gives_way {
            return None;
        }
        Some(match kind {
            RunKind::Test => "a test stopped half-way; clean it up or resume it first".to_owned(),
            RunKind::Cleanup => "a cleanup stopped half-way; clean up again first".to_owned(),
            kind => format!("a {kind} stopped half-way; resume it or start it again first"),
        })
    }

    /// What the phase allows. Only looked at where no run is in the way.
    fn phase_in_the_way(&self, action: OperatorAction) -> Option<String> {
        use OperatorAction as Do;
        let recovered = matches!(self.phase, Phase::CommitHeld | Phase::Recovered);
        match action {
            Do::Test | Do::PlannedMigration | Do::Failover if recovered => {
                Some(self.after_recovery())
            }
            Do::Test | Do::PlannedMigration if self.phase == Phase::TestHeld => {
                Some("a test is held; clean it up first".to_owned())
            }
            Do::Cleanup if self.phase != Phase::TestHeld && !self.may_have_leftovers() => {
                Some("there is nothing to clean up; only a test leaves something".to_owned())
            }
            Do::OwedSteps if !self.owes() => Some("nothing is owed to any site".to_owned()),
            Do::OwedSteps if !recovered => Some("finish the recovery first".to_owned()),
            Do::Reprotect if !recovered => {
                Some("nothing is recovered; run a planned migration or a failover first".to_owned())
            }
            Do::Reprotect if self.owes() => Some(self.pay_first()),
            Do::Commit if self.phase == Phase::Recovered => {
                Some("the recovery is final already; reprotect next".to_owned())
            }
            Do::Commit if self.phase != Phase::CommitHeld => {
                Some("there is no recovery to make final".to_owned())
            }
            _ => None,
        }
    }

    fn after_recovery(&self) -> String {
        if self.owes() {
            return self.pay_first();
        }
        "the plan is recovered; reprotect first, then it can run the other way".to_owned()
    }

    fn pay_first(&self) -> String {
        let sites: Vec<&str> = self.conditions.owed.keys().map(|site| site.as_str()).collect();
        let sites = sites.join(" and ");
        format!("steps are owed to {sites}; run the failover again when the site answers")
    }
}

impl fmt::Display for OperatorAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OperatorAction::Test => "test",
            OperatorAction::Cleanup => "cleanup",
            OperatorAction::PlannedMigration => "planned-migration",
            OperatorAction::Failover => "failover",
            OperatorAction::OwedSteps => "owed-steps",
            OperatorAction::Reprotect => "reprotect",
            OperatorAction::Commit => "commit",
            OperatorAction::Cancel => "cancel",
            OperatorAction::Resume => "resume",
            OperatorAction::Answer => "answer",
            OperatorAction::GiveEvidence => "give-evidence",
        })
    }
}
