use muster_web::Nav;
use muster_web::page::{
    AttestField, Blast, Evidence, EvidenceSection, FieldError, ForcedField, PointLine, Start,
    StartValues,
};
use muster_web::part::Finding;
use muster_web::state::{Level, RunKind};

use super::{MIN, SEC, ago, chrome, strings};

fn base(kind: RunKind) -> Start {
    Start {
        chrome: chrome(kind.title(), Nav::Plans),
        plan: "erp".into(),
        kind,
        from: "paris".into(),
        to: "lyon".into(),
        owed: false,
        refused: None,
        errors: vec![],
        values: StartValues::default(),
        story: strings(&[
            "The volumes of 3 consistency groups are promoted at lyon. From then on lyon is written.",
            "38 VMs are registered at lyon, connected to lyon-app and lyon-db, and get the addresses of the plan.",
            "They are powered on by priority: 4 databases first, then 24 application servers, then 10 others.",
            "Each is waited for until it answers; then the run is done and the old state is kept for 60 min.",
        ]),
        way_back: "It stops where it is and waits for you. A failover is never undone by itself."
            .into(),
        estimate_ms: Some(1_160_000),
        rto_goal_ms: Some(1_800_000),
        checks: vec![
            Finding::new(
                Level::Warning,
                "Host lyon-h8 is in maintenance; the other seven have room for all VMs.",
            )
            .help("Nothing to do."),
            Finding::new(Level::Passed, "All 38 VMs have a recovery specification at lyon."),
            Finding::new(Level::Passed, "lyon-array can promote cg-erp, cg-report and cg-archive."),
        ],
        evidence: None,
        points: vec![],
        loss: String::new(),
        blast: Blast {
            vms: 38,
            sample: strings(&["erp-db-01", "erp-db-02", "erp-app-001", "erp-app-002"]),
            groups: strings(&["erp-metro", "erp-async"]),
            volumes: 112,
            consistency_groups: 3,
            networks: strings(&["lyon-app", "lyon-db"]),
            suspended: strings(&["dev-build-01", "dev-build-02"]),
            moves_writer: true,
        },
        digest: "sha256:5b1f0c9a77de".into(),
        confirm: true,
        reason_needed: true,
        forced: None,
        attest: None,
        approvals: 0,
    }
}

pub(crate) fn start_failover() -> Start {
    Start {
        evidence: Some(EvidenceSection {
            against: "paris".into(),
            accepted: strings(&["witness", "fence", "attestation"]),
            items: vec![
                Evidence {
                    stance: Level::Passed,
                    source: "Witness w1".into(),
                    text: "paris has been silent for 94 s; its lease at the witness has run out, so it has stopped writing by itself.".into(),
                    observed: Some(ago(3 * SEC)),
                    expires: Some(ago(-5 * MIN)),
                },
                Evidence {
                    stance: Level::Error,
                    source: "Agent of paris".into(),
                    text: "It answered 2 min ago and said that cg-archive is writable there.".into(),
                    observed: Some(ago(2 * MIN)),
                    expires: None,
                },
                Evidence {
                    stance: Level::Unknown,
                    source: "Fence at lyon".into(),
                    text: "It has not been asked for yet; the run will do it.".into(),
                    observed: None,
                    expires: None,
                },
            ],
            verdict: (Level::Warning, "The witness says that paris cannot write; the agent's older answer speaks against it. The gate in the run decides with what it sees then.".into()),
        }),
        points: vec![
            PointLine { group: "cg-erp".into(), vms: 9, mode: "stretched".into(), taken: Some(ago(SEC)), age_ms: Some(1000), consistency: "crash consistent".into(), within: true },
            PointLine { group: "cg-report".into(), vms: 21, mode: "async, every 5 min".into(), taken: Some(ago(9 * MIN + 12 * SEC)), age_ms: Some(552_000), consistency: "application consistent".into(), within: false },
            PointLine { group: "cg-archive".into(), vms: 8, mode: "async, every 1 h".into(), taken: None, age_ms: None, consistency: "not known".into(), within: false },
        ],
        loss: "Up to 9 min 12 s of changes in cg-report will be lost. How much is lost in cg-archive is not known.".into(),
        forced: Some(ForcedField { refused: None, owed: 41 }),
        attest: Some(AttestField { site: "paris".into(), refused: None, minutes: 60 }),
        approvals: 1,
        ..base(RunKind::Failover)
    }
}

pub(crate) fn start_rejected() -> Start {
    Start {
        errors: vec![
            FieldError {
                field: "confirm".into(),
                text: "The plan's name was expected: “erp”, and “epr” was typed.".into(),
            },
            FieldError {
                field: "attest_reason".into(),
                text: "Say how you know that paris cannot write.".into(),
            },
        ],
        values: StartValues {
            confirm: "epr".into(),
            reason: "Fire alarm in paris".into(),
            forced: true,
            attest: true,
            attest_reason: String::new(),
        },
        forced: Some(ForcedField { refused: None, owed: 41 }),
        attest: Some(AttestField { site: "paris".into(), refused: None, minutes: 60 }),
        ..start_failover()
    }
}

pub(crate) fn start_refused() -> Start {
    Start {
        refused: Some(
            "A planned migration of erp is under way (started 9 min ago by mara).".into(),
        ),
        ..base(RunKind::Failover)
    }
}

pub(crate) fn start_test() -> Start {
    let plain = base(RunKind::Test);
    Start {
        story: strings(&[
            "Recent changes are sent to lyon first.",
            "Writable snapshots of the replicas are made; replication goes on.",
            "An isolated network is made, and copies of 38 VMs are started in it.",
            "The test is held until you clean up. Cleanup removes what this run made, and nothing else.",
        ]),
        way_back: "Everything that the test made is removed.".into(),
        checks: vec![],
        blast: Blast {
            moves_writer: false,
            networks: strings(&["muster-test-erp (isolated)"]),
            ..plain.blast.clone()
        },
        confirm: false,
        reason_needed: false,
        ..plain
    }
}
