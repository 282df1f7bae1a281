use muster_web::page::{
    CommitOffer, Contradicted, Forecast, KindSteps, Offer, PathStep, Plan, PlannedPhase,
    PlannedStep, Verified,
};
use muster_web::state::{Level, Readiness, RunKind, RunState};
use muster_web::{Contradiction, Nav};

use super::{DAY, HOUR, ago, chrome, finding, run_line, strings};

const YAML: &str = "apiVersion: muster/v1\nkind: RecoveryPlan\nmetadata: {name: erp, labels: {team: payments}}\nspec:\n  protectionGroups: [erp-metro, erp-async]\n  objectives: {rto: 30m, rpo: 5m}\n  defaults:\n    priority: 3\n    shutdown: {guest: true, timeout: 5m}\n    startup: {wait: heartbeat, timeout: 5m, delay: 0s}\n  vms:\n    - match: {policy: gold-metro, tags: {tier: db}}\n      priority: 1\n      startup: {wait: {tcp: 5432}, timeout: 3m}\n";

fn offers() -> Vec<Offer> {
    RunKind::ALL
        .into_iter()
        .map(|kind| Offer {
            kind,
            refused: match kind {
                RunKind::Cleanup => Some("no test is held.".into()),
                RunKind::Reprotect => Some(
                    "the VMs have not been recovered; reprotect comes after a complete recovery."
                        .into(),
                ),
                _ => None,
            },
            suggested: kind == RunKind::Test,
            owed: false,
        })
        .collect()
}

fn phase(name: &str, what: &str, shown: usize, total: u32) -> PlannedPhase {
    PlannedPhase {
        name: name.into(),
        steps: (0..shown)
            .map(|i| PlannedStep {
                ix: i as u32,
                what: what.into(),
                subject: format!("erp-app-{i:03}"),
                site: "lyon".into(),
                estimate_ms: 24_000,
                timeout_ms: 300_000,
                on_failure: if i == 0 { "is owed".into() } else { "run's policy".into() },
            })
            .collect(),
        total,
    }
}

fn graph(count: usize) -> KindSteps {
    KindSteps {
        digest: "sha256:5b1f0c9a77de".into(),
        total: 214,
        estimate_ms: 1_160_000,
        proof: "Proved: no step of this graph needs paris.".into(),
        pivot: "Promote storage: cg-erp at lyon".into(),
        phases: vec![
            phase("Evidence that paris cannot write", "Wait for evidence", 1, 1),
            phase("Promote storage at lyon", "Promote storage", 3, 3),
            phase("Power on, priority 1", "Power on", 4, 4),
            phase("Power on, priority 2", "Power on", count, 1024),
        ],
    }
}

fn forecast() -> Forecast {
    let step = |what: &str, ms| PathStep { what: what.into(), ms };
    Forecast {
        kind: RunKind::Failover,
        p50_ms: 1_160_000,
        p95_ms: 1_620_000,
        basis: "Measured in 12 runs, the last one 6 days ago".into(),
        binding: "host lyon-h1, 8 units".into(),
        path: vec![
            step("Promote storage: cg-erp at lyon", 84_000),
            step("Register erp-db-01", 9_000),
            step("Power on erp-db-01", 24_000),
            step("Wait until erp-db-01 is healthy", 171_000),
            step("Power on erp-app-014", 24_000),
        ],
    }
}

pub(crate) fn plan(steps: usize) -> Plan {
    Plan {
        chrome: chrome("erp", Nav::Plans),
        name: "erp".into(),
        description: "ERP with its databases and reports. Owner: payments.".into(),
        from: "paris".into(),
        to: "lyon".into(),
        phase: "idle".into(),
        srm: "READY_STATE".into(),
        groups: strings(&["erp-metro", "erp-async"]),
        vms: 38,
        digest: "sha256:a91be0c44d2f".into(),
        readiness: Readiness::Warnings,
        findings: vec![
            finding(
                Level::Warning,
                "test-stale",
                "Members have changed since the last test: erp-cache-03 is new.",
                "Run a test.",
            ),
            finding(
                Level::Note,
                "restart-instead",
                "erp-report-02 cannot move live: its volume replicates asynchronously and the plan's link carries 250 Mbit/s.",
                "It is shut down and restarted. Nothing to do if that is what you want.",
            ),
        ],
        commit: Some(CommitOffer { until: Some(ago(-HOUR)), refused: None }),
        contradicted: Some(Contradicted {
            found: Contradiction {
                plan: "erp".into(),
                says: strings(&[
                    "group erp-db-cg01: it protects the other way round, and the plan is at rest as \
                     its documents say",
                ]),
                then: "the plan is then: at rest, direction reversed".into(),
            },
            refused: None,
        }),
        offers: offers(),
        verified: Verified::Stale {
            tested: ago(6 * DAY),
            changes: strings(&[
                "The member erp-cache-03 came.",
                "The mapping of prod-app now leads to lyon-app2.",
            ]),
        },
        rto_goal_ms: Some(1_800_000),
        rpo_goal_ms: Some(300_000),
        rpo_ms: Some(42_000),
        forecast: Some(forecast()),
        steps: Some(graph(steps)),
        kind: RunKind::Failover,
        history: vec![
            run_line("0195a", RunKind::Test, RunState::Succeeded, 6 * DAY, ""),
            run_line(
                "0195b",
                RunKind::PlannedMigration,
                RunState::Undone,
                34 * DAY,
                "Cancelled before the pivot",
            ),
            run_line(
                "0195c",
                RunKind::Test,
                RunState::Warnings,
                41 * DAY + HOUR,
                "1 VM did not answer within 5 min",
            ),
        ],
        yaml: YAML.into(),
    }
}

/// A plan that was just applied and does not compile.
pub(crate) fn plan_bare() -> Plan {
    Plan {
        readiness: Readiness::NotReady,
        description: String::new(),
        findings: vec![finding(
            Level::Error,
            "dangling-reference",
            "The protection group erp-metr does not exist.",
            "Did you mean erp-metro?",
        )],
        offers: RunKind::ALL
            .into_iter()
            .map(|kind| Offer {
                kind,
                refused: Some("the plan has errors.".into()),
                suggested: false,
                owed: false,
            })
            .collect(),
        commit: None,
        contradicted: None,
        verified: Verified::Never,
        forecast: None,
        steps: None,
        history: vec![],
        rpo_ms: None,
        ..plan(0)
    }
}
