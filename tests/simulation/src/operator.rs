//! The operator: looks now and then, and does what a person may do.

use std::sync::Arc;

use muster_engine::{
    Answer, By, Clock, Course, Event as JournalEvent, RunView, StepState, Verdict, WaitingFor, fold,
};
use muster_plans::graph::{Action, StepIx};
use muster_plans::id::{RunId, RunTag, SiteName};
use muster_plans::run::RunKind;
use muster_plans::state::{Event as PlanEvent, OperatorAction, Phase};
use uuid::Uuid;

use crate::cue::Cue;
use crate::desk::short;
use crate::net::Dice;
use crate::scene::Workflow;
use crate::server::Core;
use crate::start::Wish;

/// A person.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) workflow: Workflow,
    pub(crate) dice: Dice,
    /// Faults are over: the operator only helps things to their end, and begins nothing.
    pub(crate) helps_only: bool,
    /// What is to be begun, where the play has a plot.
    pub(crate) cue: Option<Arc<Cue>>,
}

/// The tag of a test.
pub(crate) fn tag(run: RunId) -> RunTag {
    RunTag::from(format!("muster-{}", run.0.simple()))
}

pub(crate) fn ines() -> By {
    By(String::from("ines"))
}

/// Whether somebody who looks at the array sees that a promotion was done: the group is written where it
/// leads, and nowhere else.
fn is_promoted(core: &Core, run: RunId, step: StepIx) -> bool {
    let graph = core.shared.lock().runs.get(&run).map(|row| Arc::clone(&row.graph));
    let Some(graph) = graph else { return false };
    let Action::PromoteStorage(group) = graph.steps[step as usize].action else { return false };
    let target = &graph.groups[group.0 as usize];
    let there = graph.site(target.to);
    core.watch.last().groups.iter().any(|seen| {
        let at = |side: usize| (&seen.sites[side] == there) == seen.serving[side];
        seen.id == target.id && at(0) && at(1)
    })
}

/// The next number that no run has yet; rewinding the database does not give numbers back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers(Arc<std::sync::atomic::AtomicU64>);

impl Numbers {
    pub(crate) fn run(&self) -> RunId {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        RunId(Uuid::from_u128(u128::from(next)))
    }

    /// The tag of the next run, if that is a test.
    pub(crate) fn next_tag(&self) -> RunTag {
        tag(RunId(Uuid::from_u128(u128::from(self.given() + 1))))
    }

    pub(crate) fn given(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// One look at one server, and what comes of it.
pub(crate) async fn look(operator: Operator, core: Arc<Core>, numbers: Numbers) {
    if core.shared.lock().on_hold {
        if operator.helps_only || operator.dice.chance(0.5) {
            crate::release::release(&core).await;
        }
        return;
    }
    let standing = core.shared.lock().standing.clone();
    let often = standing.active.is_some_and(|run| tries(&core, run) > 0);
    let doubts = if often { 0.7 } else { 0.1 };
    if operator.helps_only && !standing.state.is_running() && operator.dice.chance(doubts) {
        // What does not come to its end however often it is tried may stand on what is not so.
        core.watch.note("ines", format_args!("sets the plan against the storage"));
        crate::release::reckon_with_sites(&core).await;
        return;
    }
    match standing.active {
        Some(run) if standing.state.is_running() => operator.steer(&core, run).await,
        Some(run) if standing.state.halted().is_some() => {
            operator.after_halt(&core, run, &numbers).await
        }
        _ => operator.begin(&core, &numbers).await,
    }
}

impl Operator {
    /// A run is under way: answers, vouches, rules, sometimes cancels.
    async fn steer(&self, core: &Arc<Core>, run: RunId) {
        if !core.engine.executes(run) {
            return;
        }
        let stop = core.watch.cue().is_some_and(|cue| cue.says_stop(run));
        if stop || (!self.helps_only && self.dice.chance(0.04)) {
            core.watch.note("ines", format_args!("cancels {}", short(run)));
            _ = core.engine.cancel(run, ines(), None).await;
            return;
        }
        let Some(view) = core.engine.view(run) else { return };
        for waiting in view.waiting {
            match waiting.kind {
                WaitingFor::Prompt => {
                    let go_on = self.helps_only || self.dice.chance(0.9);
                    let no = core.watch.cue().is_some_and(|cue| cue.says_no(run, waiting.step));
                    let go_on = go_on && !no;
                    let answer = if go_on { Answer::Continue } else { Answer::Abort };
                    _ = core.engine.answer(run, waiting.step, ines(), answer, None).await;
                }
                WaitingFor::Gate => self.vouch(core, run).await,
                WaitingFor::Unknown => self.rule(core, run, waiting.step).await,
            }
        }
    }

    /// A person knows what the world is like, and says so only where it is true: the site is off. At the end
    /// of all patience the failover of a site that is not is called off.
    async fn vouch(&self, core: &Arc<Core>, run: RunId) {
        let sites = failed_sites(core, run);
        let off: Vec<SiteName> = sites.into_iter().filter(|from| core.watch.vouch(from)).collect();
        if off.is_empty() && self.helps_only && self.dice.chance(0.05) {
            core.watch.note("ines", format_args!("cancels {}, its site is alive", short(run)));
            _ = core.engine.cancel(run, ines(), None).await;
            return;
        }
        for from in off {
            let evidence = core.observed(&from, crate::start::word());
            core.watch.note("ines", format_args!("attests that {from} is off"));
            _ = core.engine.attest(run, evidence).await;
        }
    }

    /// Of a callout a person can know; anything else is left to the read-back for a while. At the end
    /// of all patience it is tried again, under a new operation.
    async fn rule(&self, core: &Arc<Core>, run: RunId, step: u32) {
        let patient = !self.dice.chance(if self.helps_only { 0.3 } else { 0.03 });
        if patient {
            return;
        }
        let hopes = if tries(core, run) == 0 { 0.5 } else { 0.1 };
        if self.helps_only && !self.dice.chance(hopes) {
            // What is tried again and again comes to rest first; then it can be set against the storage.
            core.watch.note("ines", format_args!("cancels {}, tried often enough", short(run)));
            _ = core.engine.cancel(run, ines(), None).await;
            return;
        }
        let verdict = if is_promoted(core, run, step) { Verdict::Done } else { Verdict::Retry };
        core.watch.note("ines", format_args!("rules {verdict:?} on step {step} of {}", short(run)));
        _ = core.engine.rule(run, step, ines(), verdict, String::from("looked")).await;
    }

    /// A run has halted: it goes on, or another one takes its place.
    async fn after_halt(&self, core: &Arc<Core>, run: RunId, numbers: &Numbers) {
        if self.dice.chance(0.3) {
            return self.begin(core, numbers).await;
        }
        let found = {
            let database = core.shared.lock();
            let graph = database.runs.get(&run).map(|row| Arc::clone(&row.graph));
            graph.zip(database.standing.after(&PlanEvent::RunResumed))
        };
        let Some((graph, next)) = found else { return };
        let rulings =
            if self.helps_only && self.dice.chance(0.3) { hopeless(core, run) } else { Vec::new() };
        core.watch
            .note("ines", format_args!("resumes {}, without undoing {rulings:?}", short(run)));
        core.shared.lock().resumed(run, next);
        let reason = Some(String::from("looked at it"));
        if core.engine.resume_ruled(run, graph, ines(), reason, &rulings).await.is_ok() {
            core.watch_run(run);
        }
    }

    /// Nothing is under way: begins something.
    async fn begin(&self, core: &Arc<Core>, numbers: &Numbers) {
        if let Some(cue) = &self.cue {
            return self.begin_next(core, numbers, cue).await;
        }
        let state = core.shared.lock().standing.state.clone();
        if state.phase == Phase::CommitHeld {
            let mut database = core.shared.lock();
            if let Some(next) = database.standing.after(&PlanEvent::Committed) {
                database.stand(next);
            }
            return;
        }
        let kinds: Vec<RunKind> = state.allowed().into_iter().filter_map(kind_of).collect();
        let wanted: Vec<RunKind> = kinds
            .into_iter()
            .filter(|kind| self.dice.upto(9) < self.workflow.wants(*kind))
            .filter(|kind| !self.helps_only || needed(*kind, &state))
            .collect();
        let Some(kind) = self.dice.pick(&wanted) else { return };
        let from = core.scene.ends(state.is_reversed()).0;
        let off = from.iter().all(|from| is_off(core, from));
        let failover = kind == RunKind::Failover && !state.owes();
        let wish = Wish {
            id: numbers.run(),
            kind,
            forced: failover && off && self.dice.chance(0.5),
            live: self.dice.chance(0.7),
            accept_live: failover && state.halted().is_some(),
            attest: failover
                && off
                && self.dice.chance(0.5)
                && from.iter().all(|from| core.watch.vouch(from)),
        };
        if let Err(why) = core.start(&wish).await {
            core.watch.note("ines", format_args!("wanted a {kind}, but {why}"));
        }
    }
}

/// What has to be done before the plan is at rest again.
fn needed(kind: RunKind, state: &muster_plans::state::PlanState) -> bool {
    match kind {
        RunKind::Cleanup => true,
        RunKind::Failover => state.owes() || state.halted().is_some(),
        RunKind::PlannedMigration => state.halted().is_some(),
        RunKind::Test | RunKind::Reprotect => false,
    }
}

pub(crate) fn kind_of(action: OperatorAction) -> Option<RunKind> {
    Some(match action {
        OperatorAction::Test => RunKind::Test,
        OperatorAction::Cleanup => RunKind::Cleanup,
        OperatorAction::PlannedMigration => RunKind::PlannedMigration,
        OperatorAction::Failover | OperatorAction::OwedSteps => RunKind::Failover,
        OperatorAction::Reprotect => RunKind::Reprotect,
        _ => return None,
    })
}

fn failed_sites(core: &Core, run: RunId) -> Vec<SiteName> {
    let database = core.shared.lock();
    let Some(graph) = database.runs.get(&run).map(|row| &row.graph) else { return Vec::new() };
    let mut sites: Vec<SiteName> = graph.vms.iter().map(|vm| graph.site(vm.from).clone()).collect();
    sites.sort();
    sites.dedup();
    sites
}

/// Undos that have failed: what they would take back is gone, or a person takes it back by hand.
fn hopeless(core: &Core, run: RunId) -> Vec<(u32, Verdict)> {
    let database = core.shared.lock();
    let Some(row) = database.runs.get(&run) else { return Vec::new() };
    let records = database.records.get(&run).cloned().unwrap_or_default();
    let Ok(state) = fold(&row.graph, &records) else { return Vec::new() };
    let steps = 0..row.graph.len() as u32;
    let failed = steps.filter(|step| state.step(*step) == Some(StepState::UndoFailed));
    failed.map(|step| (step, Verdict::Skip)).collect()
}

/// How often somebody has let a run try something again: as a whole, or a step of it.
fn tries(core: &Core, run: RunId) -> usize {
    let database = core.shared.lock();
    let records = database.records.get(&run).into_iter().flatten();
    let again = |event: &JournalEvent| {
        matches!(
            event,
            JournalEvent::Resumed { .. } | JournalEvent::Ruled { verdict: Verdict::Retry, .. }
        )
    };
    records.filter(|record| again(&record.event)).count()
}

/// Whether a site has no power: what a person who stands there can see.
pub(crate) fn is_off(core: &Core, site: &SiteName) -> bool {
    core.watch.last().powered.iter().any(|(name, powered)| name == site && !powered)
}

/// How a run stands in the database, in words, for the story of a play that got stuck.
pub(crate) fn stuck_words(core: &Core, run: RunId) -> String {
    let database = core.shared.lock();
    let Some(row) = database.runs.get(&run) else { return String::from("it is not stored") };
    let records = database.records.get(&run).cloned().unwrap_or_default();
    match fold(&row.graph, &records) {
        Ok(state) => {
            let view = RunView::of(&state, core.clock.now());
            let waits: Vec<String> =
                view.waiting.iter().map(|w| format!("{:?} {}", w.kind, w.text)).collect();
            let runs: Vec<u32> = view.running.iter().map(|r| r.step).collect();
            let ended = matches!(state.course(), Course::Ended(_));
            format!(
                "{:?} (ended: {ended}), running {runs:?}, waiting {waits:?}, cause {:?}",
                view.state, view.cause
            )
        }
        Err(illegal) => format!("its journal is illegal: {illegal}"),
    }
}
