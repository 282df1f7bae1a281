use muster_web::Nav;
use muster_web::chrome::Live;
use muster_web::page::{
    Ask, AskHead, CancelOffer, LogLine, OwedStep, PhaseLine, PhaseSteps, ResumeOffer, Ruling, Run,
    RunBody, StepLine, SubjectSteps,
};
use muster_web::part::{Choice, Finding, Paging};
use muster_web::state::{Level, RunKind, RunState, StepState};

use super::{HOUR, MIN, SEC, ago, chrome, strings};

const PHASES: [(&str, StepState, u32, u32); 9] = [
    ("Checks", StepState::Done, 6, 6),
    ("Sync storage, VMs running", StepState::Done, 3, 3),
    ("Move live", StepState::Warning, 9, 9),
    ("Shut down, priority 5 to 1", StepState::Done, 58, 58),
    ("Unmount and demote at paris", StepState::Done, 6, 6),
    ("Promote storage at lyon", StepState::Done, 3, 3),
    ("Power on, priority 1", StepState::Done, 12, 12),
    ("Power on, priority 2", StepState::Running, 31, 72),
    ("Report", StepState::Pending, 0, 1),
];

fn phases() -> Vec<PhaseLine> {
    PHASES
        .iter()
        .zip(0..)
        .map(|(&(name, state, done, total), ix)| PhaseLine {
            ix,
            name: name.into(),
            state,
            done,
            failed: 0,
            total,
            pivot: ix == 5,
            href: format!("/runs/r1?phase={ix}#steps"),
        })
        .collect()
}

pub(crate) fn step(ix: u32, what: &str, state: StepState, detail: &str) -> StepLine {
    let began = !matches!(state, StepState::Pending | StepState::Blocked | StepState::Skipped);
    StepLine {
        ix,
        what: what.into(),
        site: "lyon".into(),
        state,
        attempts: if state == StepState::Retrying { 2 } else { u32::from(began) },
        started: began.then(|| ago(30 * SEC)),
        took_ms: began.then_some(24_310),
        estimate_ms: 24_000,
        detail: detail.into(),
    }
}

fn steps() -> Vec<PhaseSteps> {
    let subject = |name: &str, steps| SubjectSteps { name: name.into(), steps };
    vec![
        PhaseSteps {
            ix: 2,
            name: "Move live".into(),
            subjects: vec![subject(
                "erp-report-02",
                vec![step(
                    14,
                    "Migrate, long-distance/active-active",
                    StepState::Warning,
                    "Memory is dirtied faster (1.4 Gbit/s) than the link carries it (1.0 Gbit/s). It is restarted instead.",
                )],
            )],
        },
        PhaseSteps {
            ix: 7,
            name: "Power on, priority 2".into(),
            subjects: vec![
                subject(
                    "erp-app-001",
                    vec![
                        step(120, "Power on", StepState::Done, ""),
                        step(
                            121,
                            "Wait until healthy",
                            StepState::Running,
                            "no answer on port 8443 yet",
                        ),
                    ],
                ),
                subject(
                    "erp-app-002",
                    vec![
                        step(
                            122,
                            "Customize IP",
                            StepState::Retrying,
                            "guest tools did not answer within 60 s",
                        ),
                        step(123, "Power on", StepState::Pending, ""),
                    ],
                ),
                subject(
                    "erp-app-003",
                    vec![step(125, "Prompt", StepState::Asking, "Check the queue, then go on")],
                ),
            ],
        },
    ]
}

fn log() -> Vec<LogLine> {
    let line = |seq: u64, level, by: &str, text: &str| LogLine {
        seq,
        at: ago((500 - seq as i64) * SEC),
        by: by.into(),
        level,
        text: text.into(),
    };
    vec![
        line(488, Level::Note, "muster", "Prompt beside erp-app-003: Check the queue, then go on"),
        line(
            487,
            Level::Warning,
            "muster",
            "Customize IP of erp-app-002 was refused: guest tools did not answer within 60 s; it will be tried again",
        ),
        line(486, Level::Passed, "muster", "Power on erp-app-001: done"),
        line(
            402,
            Level::Passed,
            "muster",
            "Promote storage of cg-erp at lyon: done, generation 5. From here on nothing is undone by itself",
        ),
        line(1, Level::Note, "mara", "Started a planned migration: power work in the building"),
    ]
}

fn head(step: u32, title: &str, text: &str) -> AskHead {
    AskHead {
        step,
        title: title.into(),
        text: text.into(),
        since: ago(3 * MIN),
        blocks: 47,
        refused: None,
    }
}

fn body() -> RunBody {
    RunBody {
        source: Live { fragment: "/runs/r1/live".into(), events: "/runs/r1/events".into() },
        csrf: "t0ken".into(),
        id: "r1".into(),
        plan: "erp".into(),
        kind: RunKind::PlannedMigration,
        forced: false,
        from: "paris".into(),
        to: "lyon".into(),
        state: RunState::Waiting,
        sentence: "It waits for an answer beside erp-app-003. 21 other steps go on meanwhile.".into(),
        by: "mara".into(),
        reason: "Power work in the building".into(),
        started: ago(9 * MIN + 12 * SEC),
        ended: None,
        elapsed_ms: 552_000,
        remaining_ms: Some(410_000),
        rto_goal_ms: Some(1_800_000),
        done: 128,
        total: 214,
        failed: 0,
        digest: "sha256:5b1f0c9a77de".into(),
        seq: 488,
        owner: "muster-1".into(),
        asks: vec![Ask::Prompt {
            head: head(125, "Beside erp-app-003", "Check the queue, then go on"),
            role: "recovery admin".into(),
        }],
        phases: phases(),
        warnings: vec![Finding::new(Level::Warning, "erp-report-02 could not move live and is restarted; it was down for 4 min 02 s.")],
        owed: vec![],
        owes: false,
        owed_refused: None,
        show: Choice::list("all", &[("active", "running, waiting, failed"), ("failed", "failed")], "active"),
        q: String::new(),
        phase: String::new(),
        steps: steps(),
        paging: Paging { total: 6, from: 1, to: 6, previous: None, next: None },
        log: log(),
        log_hidden: 483,
        cancel: Some(CancelOffer {
            sentence: "The storage has been promoted at lyon: nothing is undone any more. Steps under way are finished, nothing new is started, and the run waits for you.".into(),
            refused: None,
        }),
        resume: None,
    }
}

fn page(live: RunBody) -> Run {
    Run { chrome: chrome(&format!("{} of {}", live.kind.title(), live.plan), Nav::Runs), live }
}

pub(crate) fn run_live() -> Run {
    page(body())
}

pub(crate) fn run_gate() -> Run {
    page(RunBody {
        kind: RunKind::Failover,
        forced: true,
        sentence: "It waits for evidence that paris cannot write. Nothing has been promoted yet."
            .into(),
        remaining_ms: None,
        done: 6,
        asks: vec![Ask::Gate {
            head: head(
                4,
                "Evidence that paris cannot write",
                "No valid evidence is known. The witness says nothing: paris is silent, but its lease has not run out.",
            ),
            site: "paris".into(),
            accepts: strings(&["witness", "fence", "attestation"]),
            seen: strings(&["02:38:11 witness w1: paris is silent and may still write"]),
            minutes: 60,
        }],
        warnings: vec![],
        ..body()
    })
}

pub(crate) fn run_failed() -> Run {
    let mut phases = phases();
    phases[5] = PhaseLine { state: StepState::Failed, failed: 1, done: 3, ..phases[5].clone() };
    for phase in &mut phases[6..] {
        phase.state = StepState::Blocked;
        phase.done = 0;
    }
    let ruling = Ask::Step {
        head: head(
            77,
            "Promote storage: cg-erp at lyon",
            "The array did not answer within 120 s after it accepted the command. It may have promoted the group, or not.",
        ),
        rulings: vec![Ruling::Retry, Ruling::Done, Ruling::Skip, Ruling::Fail],
    };
    let refused = AskHead {
        refused: Some(
            "Only a recovery admin may answer; you are signed in as a test admin.".into(),
        ),
        ..head(
            79,
            "Promote storage: cg-report at lyon",
            "Refused by the backend: the leg is read-only (code leg-locked).",
        )
    };
    page(RunBody {
        kind: RunKind::Failover,
        state: RunState::Halted,
        sentence: "It stopped: promoting cg-erp at lyon failed. 85 steps wait for it.".into(),
        ended: Some(ago(MIN)),
        remaining_ms: None,
        rto_goal_ms: Some(300_000),
        done: 97,
        failed: 2,
        asks: vec![ruling, Ask::Step { head: refused, rulings: vec![Ruling::Retry] }],
        owed: owed(),
        owes: true,
        owed_refused: Some("paris does not answer.".into()),
        phases,
        steps: vec![PhaseSteps {
            ix: 5,
            name: "Promote storage at lyon".into(),
            subjects: vec![
                SubjectSteps {
                    name: "cg-erp".into(),
                    steps: vec![step(
                        77,
                        "Promote storage",
                        StepState::Unknown,
                        "no answer within 120 s after the command was accepted",
                    )],
                },
                SubjectSteps {
                    name: "cg-report".into(),
                    steps: vec![
                        step(
                            79,
                            "Promote storage",
                            StepState::Failed,
                            "leg-locked: the leg is read-only",
                        ),
                        step(80, "Rescan", StepState::Blocked, "waits for step 79"),
                    ],
                },
            ],
        }],
        cancel: None,
        resume: Some(ResumeOffer {
            sentence: "Steps that failed get a new attempt; what is done stays done.".into(),
            refused: None,
        }),
        ..body()
    })
}

fn owed() -> Vec<OwedStep> {
    [
        "Power off erp-db-01",
        "Power off erp-db-02",
        "Unmount cg-erp",
        "Demote cg-erp",
        "Unregister erp-db-01",
        "Unregister erp-db-02",
    ]
    .iter()
    .zip(0..)
    .map(|(what, ix)| OwedStep {
        ix,
        what: (*what).into(),
        site: "paris".into(),
        reason: "no answer within 30 s".into(),
    })
    .collect()
}

pub(crate) fn run_done() -> Run {
    let mut phases = phases();
    for phase in &mut phases {
        phase.done = phase.total;
        phase.state = StepState::Done;
    }
    page(RunBody {
        kind: RunKind::Failover,
        state: RunState::Warnings,
        sentence: "38 of 38 VMs run at lyon. 6 steps are owed at paris.".into(),
        ended: Some(ago(2 * HOUR)),
        started: ago(2 * HOUR + 14 * MIN),
        elapsed_ms: 821_000,
        remaining_ms: None,
        done: 214,
        asks: vec![],
        phases,
        owed: owed(),
        owes: true,
        cancel: None,
        ..body()
    })
}

pub(crate) fn run_test() -> Run {
    page(RunBody {
        kind: RunKind::Test,
        state: RunState::Running,
        sentence: "Powering on priority 2: 14 of 24 copies run.".into(),
        asks: vec![],
        warnings: vec![],
        log: vec![],
        log_hidden: 0,
        steps: vec![],
        paging: Paging::default(),
        ..body()
    })
}
