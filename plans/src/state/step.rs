//! The one function that changes a plan's state.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActiveRun, Began, Blocker, Event, Flag, Going, Phase, PlanState};
use crate::id::SiteName;
use crate::run::RunKind;

/// An event that cannot happen in a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Illegal(pub String);

impl PlanState {
    /// The state after an event.
    ///
    /// # Errors
    /// [`Illegal`] where the event cannot happen now; the words say what to do first.
    pub fn next(&self, event: &Event) -> Result<PlanState, Illegal> {
        let mut next = self.clone();
        match event {
            Event::RunStarted { kind, owed_only } => next.start(*kind, *owed_only)?,
            Event::Committed => next.commit()?,
            Event::SiteReturned { site } => next.site(site, true),
            Event::SiteLost { site } => next.site(site, false),
            Event::OwedDone { site } => {
                next.conditions.owed.remove(site);
            }
            Event::PlanChanged => {
                next.conditions.unverified = true;
                next.run = next.run.map(|run| ActiveRun { stale: true, ..run });
            }
            Event::Flagged { flag, on } => match flag {
                Flag::Partial => next.conditions.partial = *on,
                Flag::Degraded => next.conditions.degraded = *on,
                Flag::Drifted => next.conditions.drifted = *on,
            },
            about_the_run => next.run_event(about_the_run)?,
        }
        Ok(next)
    }

    fn start(&mut self, kind: RunKind, owed_only: bool) -> Result<(), Illegal> {
        if let Some(refusal) = self.refusal(kind, owed_only) {
            return Err(Illegal(refusal.0));
        }
        let test_was_there =
            matches!(self.phase, Phase::Testing | Phase::TestHeld | Phase::Cleaning)
                || self.run.is_some_and(|run| run.kind == RunKind::Test);
        let began = self.began();
        let recovered = matches!(self.phase, Phase::CommitHeld | Phase::Recovered);
        self.conditions.leftovers |= test_was_there;
        self.phase = match kind {
            RunKind::Test => Phase::Testing,
            // What is owed or left over is done beside a recovery, which stays what it is.
            RunKind::Cleanup | RunKind::Failover if recovered => self.phase,
            RunKind::Cleanup => Phase::Cleaning,
            RunKind::PlannedMigration => Phase::Migrating,
            RunKind::Failover => Phase::FailingOver,
            RunKind::Reprotect => Phase::Reprotecting,
        };
        self.run = Some(ActiveRun { kind, owed_only, going: Going::On, began, stale: false });
        self.conditions.blocked.clear();
        Ok(())
    }

    /// Where the plan will stand again if the run that starts now is undone. A halted test is no
    /// half-way: production was not touched.
    fn began(&self) -> Began {
        // However many migrations take its place, the failover below them is half-way still.
        if self.run.is_some_and(|run| run.began == Began::HalfFailedOver) {
            return Began::HalfFailedOver;
        }
        match self.run.map(|run| run.kind) {
            Some(RunKind::PlannedMigration) => Began::HalfMigrated,
            Some(RunKind::Failover) => Began::HalfFailedOver,
            None if self.phase == Phase::TestHeld => Began::TestHeld,
            _ => Began::AtRest,
        }
    }

    fn commit(&mut self) -> Result<(), Illegal> {
        if let Some(refusal) = self.refuses(super::OperatorAction::Commit) {
            return Err(Illegal(refusal.0));
        }
        self.phase = Phase::Recovered;
        Ok(())
    }

    fn site(&mut self, site: &SiteName, answers: bool) {
        if let Some(returned) = self.conditions.owed.get_mut(site) {
            *returned = answers;
        }
    }

    fn run_event(&mut self, event: &Event) -> Result<(), Illegal> {
        let Some(run) = self.run else {
            return Err(Illegal(format!("no run is under way, so none can be {}", word(event))));
        };
        let halted = run.going == Going::Halted;
        if halted != matches!(event, Event::RunResumed) {
            let (kind, word) = (run.kind, word(event));
            return Err(Illegal(if halted {
                format!("the {kind} has stopped, so it cannot be {word}; resume it first")
            } else {
                format!("the {kind} has not stopped, so it cannot be resumed")
            }));
        }
        match event {
            Event::CancelRequested => self.going(Going::Cancelling),
            Event::RunResumed => self.going(Going::On),
            Event::RunHalted => {
                self.going(Going::Halted);
                self.conditions.blocked.clear();
                self.conditions.leftovers |= matches!(run.kind, RunKind::Test | RunKind::Cleanup);
            }
            Event::RunTurned => self.turned(run)?,
            Event::RunUndone => self.undone(run)?,
            Event::Blocked { by } => self.blocked(*by, true),
            Event::Unblocked { by } => self.blocked(*by, false),
            Event::RunSucceededLeaving if run.kind != RunKind::Cleanup => {
                return Err(Illegal(format!("a {} leaves nothing to clean up", run.kind)));
            }
            Event::RunSucceededOwing { sites } => {
                let known = std::mem::take(&mut self.conditions.owed);
                self.succeeded(run)?;
                self.owing(run, sites, &known)?;
            }
            Event::RunSucceededLeaving => {
                self.succeeded(run)?;
                self.conditions.leftovers = true;
            }
            _ => self.succeeded(run)?,
        }
        Ok(())
    }

    fn going(&mut self, going: Going) {
        if let Some(run) = &mut self.run {
            run.going = going;
        }
    }

    fn blocked(&mut self, by: Blocker, on: bool) {
        if on {
            self.conditions.blocked.insert(by);
        } else {
            self.conditions.blocked.remove(&by);
        }
    }

    /// Only tests and planned migrations undo themselves.
    fn turned(&mut self, run: ActiveRun) -> Result<(), Illegal> {
        if !matches!(run.kind, RunKind::Test | RunKind::PlannedMigration) {
            return Err(Illegal(format!("a {} is never undone by itself", run.kind)));
        }
        self.phase = Phase::RollingBack;
        self.conditions.blocked.clear();
        Ok(())
    }

    /// Back to where it began. A failover that had done nothing may end like this too.
    fn undone(&mut self, run: ActiveRun) -> Result<(), Illegal> {
        match run.kind {
            RunKind::Test | RunKind::PlannedMigration => {}
            RunKind::Failover if !run.owed_only => {}
            kind => return Err(Illegal(format!("a {kind} is never undone"))),
        }
        match run.began {
            Began::AtRest => self.end(Phase::Idle),
            Began::TestHeld => self.end(Phase::TestHeld),
            Began::HalfMigrated => self.half_way(RunKind::PlannedMigration, Phase::Migrating),
            Began::HalfFailedOver => self.half_way(RunKind::Failover, Phase::FailingOver),
        }
        Ok(())
    }

    /// The run that had stopped half-way is the one to go on with again.
    fn half_way(&mut self, kind: RunKind, phase: Phase) {
        self.end(phase);
        let (going, began) = (Going::Halted, Began::AtRest);
        self.run = Some(ActiveRun { kind, owed_only: false, going, began, stale: false });
    }

    fn succeeded(&mut self, run: ActiveRun) -> Result<(), Illegal> {
        if self.phase == Phase::RollingBack {
            let kind = run.kind;
            return Err(Illegal(format!(
                "the {kind} undoes itself, so it cannot succeed any more"
            )));
        }
        let recovered = matches!(self.phase, Phase::CommitHeld | Phase::Recovered);
        match run.kind {
            RunKind::Test => {
                self.conditions.unverified &= run.stale;
                self.end(Phase::TestHeld);
            }
            RunKind::Cleanup => {
                self.conditions.leftovers = false;
                self.end(if recovered { self.phase } else { Phase::Idle });
            }
            RunKind::Failover if run.owed_only => {
                self.conditions.owed.clear();
                self.end(self.phase);
            }
            RunKind::PlannedMigration | RunKind::Failover => self.end(Phase::CommitHeld),
            RunKind::Reprotect => {
                self.direction = self.direction.turned();
                self.conditions.partial = false;
                self.conditions.unverified = true;
                self.end(Phase::Idle);
            }
        }
        Ok(())
    }

    fn owing(
        &mut self,
        run: ActiveRun,
        sites: &BTreeSet<SiteName>,
        known: &BTreeMap<SiteName, bool>,
    ) -> Result<(), Illegal> {
        if !matches!(run.kind, RunKind::PlannedMigration | RunKind::Failover) || sites.is_empty() {
            return Err(Illegal(format!("a {} owes nothing to any site", run.kind)));
        }
        let answers = |site: &SiteName| known.get(site).copied().unwrap_or_default();
        self.conditions.owed = sites.iter().map(|site| (site.clone(), answers(site))).collect();
        Ok(())
    }

    fn end(&mut self, phase: Phase) {
        self.phase = phase;
        self.run = None;
        self.conditions.blocked.clear();
    }
}

fn word(event: &Event) -> &'static str {
    match event {
        Event::CancelRequested => "cancelled",
        Event::RunTurned | Event::RunUndone => "undone",
        Event::RunHalted => "halted",
        Event::RunResumed => "resumed",
        Event::Blocked { .. } => "blocked",
        Event::Unblocked { .. } => "unblocked",
        _ => "ended",
    }
}
