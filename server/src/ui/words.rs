//! From the API's words to the states that pages show.

use muster_engine::StepState as Step;
use muster_plans::policy::Compliance as Obeys;
use muster_plans::run::RunKind as Kind;
use muster_store::Run;
use muster_web::Contradiction;
use muster_web::part::{Finding, RunLine, When};
use muster_web::state::{Compliance, Level, Protection, RunKind, RunState, StepState};

use crate::api::dto::{ContradictionDto, FindingDto, RunDto, StartKind};
use crate::app::App;

/// A kind of run as pages show it.
pub(super) fn kind(kind: Kind) -> RunKind {
    match kind {
        Kind::Test => RunKind::Test,
        Kind::Cleanup => RunKind::Cleanup,
        Kind::PlannedMigration => RunKind::PlannedMigration,
        Kind::Failover => RunKind::Failover,
        Kind::Reprotect => RunKind::Reprotect,
    }
}

/// The same as the store names it.
pub(super) fn run_kind(kind: RunKind) -> Kind {
    start_kind(kind).run_kind()
}

/// The same as one starts it.
pub(super) fn start_kind(kind: RunKind) -> StartKind {
    match kind {
        RunKind::Test => StartKind::Test,
        RunKind::Cleanup => StartKind::Cleanup,
        RunKind::PlannedMigration => StartKind::Planned,
        RunKind::Failover => StartKind::Failover,
        RunKind::Reprotect => StartKind::Reprotect,
    }
}

/// A run's state. What is parked goes on only when somebody lets it, as what has halted.
pub(super) fn run_state(word: &str) -> RunState {
    match word {
        "waiting" => RunState::Waiting,
        "unwinding" => RunState::Unwinding,
        "halting" => RunState::Halting,
        "halted" | "parked" => RunState::Halted,
        "succeeded" => RunState::Succeeded,
        "succeeded-with-warnings" => RunState::Warnings,
        "undone" => RunState::Undone,
        "abandoned" => RunState::Abandoned,
        _ => RunState::Running,
    }
}

/// A step's state; `waits`: for a person or for evidence.
pub(super) fn step_state(state: Step, waits: bool, attempts: u32) -> StepState {
    match state {
        Step::Running if waits => StepState::Asking,
        Step::Ready if attempts > 0 => StepState::Retrying,
        Step::Pending | Step::Ready => StepState::Pending,
        Step::Running => StepState::Running,
        Step::Unknown | Step::UndoUnknown => StepState::Unknown,
        Step::Done => StepState::Done,
        Step::Skipped => StepState::Skipped,
        Step::Warned => StepState::Warning,
        Step::Owed => StepState::Owed,
        Step::Failed | Step::UndoFailed => StepState::Failed,
        Step::Blocked | Step::UndoBlocked => StepState::Blocked,
        Step::UndoReady | Step::Undoing => StepState::Undoing,
        Step::Undone => StepState::Undone,
    }
}

/// A finding.
pub(super) fn finding(dto: &FindingDto) -> Finding {
    let level = match dto.severity.as_str() {
        "error" => Level::Error,
        "warning" => Level::Warning,
        _ => Level::Note,
    };
    Finding {
        level,
        code: dto.code.clone(),
        place: dto.place.clone().unwrap_or_default(),
        text: dto.message.clone(),
        help: dto.help.clone(),
    }
}

/// Worst first.
pub(super) fn worst_first(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| match finding.level {
        Level::Error => 0,
        Level::Unknown => 1,
        Level::Warning => 2,
        Level::Note => 3,
        Level::Passed => 4,
    });
}

/// A run in one line, with the API's numbers.
pub(super) fn run_line(app: &App, run: &Run, dto: &RunDto) -> RunLine {
    let (done, total) = counts(dto);
    RunLine {
        id: dto.id.clone(),
        plan: dto.plan.clone(),
        kind: kind(run.kind),
        state: run_state(&dto.state),
        by: dto.started_by.clone(),
        started: When::new(run.created_at.0, app.now().0),
        elapsed_ms: dto.elapsed_ms,
        done,
        total,
        note: dto
            .waiting
            .first()
            .map(|waiting| waiting.text.clone())
            .or_else(|| dto.cause.clone())
            .unwrap_or_default(),
    }
}

/// Steps that came to an end, and all.
pub(super) fn counts(dto: &RunDto) -> (u32, u32) {
    let sum = |of: fn(&crate::api::dto::PhaseDto) -> usize| dto.phases.iter().map(of).sum();
    (number(sum(|phase| phase.done + phase.failed)), number(sum(|phase| phase.total)))
}

/// A compliance.
pub(super) fn compliance(state: Obeys) -> Compliance {
    match state {
        Obeys::Compliant => Compliance::Compliant,
        Obeys::NonCompliant => Compliance::NonCompliant,
        Obeys::Unknown => Compliance::Unknown,
        Obeys::NotApplicable => Compliance::NotApplicable,
        Obeys::OutOfDate => Compliance::OutOfDate,
    }
}

/// The worst of several; nothing: there is no policy.
pub(super) fn worst_compliance(words: impl Iterator<Item = String>) -> Compliance {
    let rank = |state: Compliance| match state {
        Compliance::NonCompliant => 4,
        Compliance::Unknown => 3,
        Compliance::OutOfDate => 2,
        Compliance::Compliant => 1,
        Compliance::NotApplicable => 0,
    };
    let states = words.map(|word| {
        serde_json::from_value::<Obeys>(word.into()).map_or(Compliance::Unknown, compliance)
    });
    states.max_by_key(|state| rank(*state)).unwrap_or(Compliance::NotApplicable)
}

/// A protection; none: no group wants the VM.
pub(super) fn protection(word: Option<&str>) -> Protection {
    match word {
        Some("protected") => Protection::Protected,
        Some("partly") => Protection::Partly,
        Some("excluded") => Protection::Excluded,
        _ => Protection::Unprotected,
    }
}

/// A plan and its storage.
pub(super) fn contradiction(found: ContradictionDto) -> Contradiction {
    Contradiction { plan: found.plan, says: found.says, then: found.then }
}

/// A count for a page.
pub(super) fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
