use muster_web::chrome::{Live, Nav};
use muster_web::page::{Next, Overview, OverviewBody, PlanCard, SiteCard};
use muster_web::part::Finding;
use muster_web::state::{Fence, Health, Level, Readiness, RunKind, RunState};

use super::{DAY, HOUR, MIN, SEC, ago, chrome, demo, run_line};

fn card(name: &str, readiness: Readiness, reasons: Vec<Finding>) -> PlanCard {
    PlanCard {
        name: name.into(),
        from: "paris".into(),
        to: "lyon".into(),
        vms: 38,
        readiness,
        reasons,
        next: None,
        rpo_ms: Some(42_000),
        rpo_goal_ms: Some(300_000),
        rto_ms: Some(19 * 60_000 + 20_000),
        rto_goal_ms: Some(1_800_000),
        tested: Some((ago(6 * DAY), RunState::Succeeded)),
    }
}

fn cards() -> Vec<PlanCard> {
    vec![
        PlanCard {
            next: Some(Next {
                label: "See what is wrong".into(),
                href: "/plans/mail#findings".into(),
            }),
            rpo_ms: None,
            rto_ms: None,
            tested: None,
            ..card(
                "mail",
                Readiness::NotReady,
                vec![
                    Finding::new(
                        Level::Error,
                        "The consistency group cg-mail-2 is stopped at lyon since 01:12 UTC.",
                    )
                    .help("Resume replication at the array, then run the checks again."),
                    Finding::new(
                        Level::Error,
                        "Host lyon-h3 has no free memory for mail-store-02 (64 GiB).",
                    ),
                    Finding::new(
                        Level::Warning,
                        "mail-relay-01 has a CD-ROM image that lyon does not see.",
                    ),
                    Finding::new(Level::Note, "Three VMs are started without a health check."),
                ],
            )
        },
        PlanCard {
            next: Some(Next { label: "Answer the prompt".into(), href: "/runs/r1".into() }),
            ..card(
                "erp",
                Readiness::Busy,
                vec![Finding::new(
                    Level::Note,
                    "A planned migration waits at “Check the queue, then go on”.",
                )],
            )
        },
        PlanCard {
            next: Some(Next {
                label: "Run a test".into(),
                href: "/plans/web-shop/start?kind=test".into(),
            }),
            rpo_ms: Some(410_000),
            rto_ms: Some(2_100_000),
            ..card(
                "web-shop",
                Readiness::Warnings,
                vec![
                    Finding::new(
                        Level::Warning,
                        "Members have changed since the last test: shop-cache-03 is new.",
                    )
                    .help("Run a test."),
                ],
            )
        },
        card("intranet", Readiness::Ready, vec![]),
    ]
}

pub(crate) fn overview() -> Overview {
    let waiting = run_line(
        "r1",
        RunKind::PlannedMigration,
        RunState::Waiting,
        9 * MIN + 12 * SEC,
        "Check the queue, then go on",
    );
    let test = run_line("r2", RunKind::Test, RunState::Running, 2 * MIN, "Powering on priority 2");
    Overview {
        chrome: demo(chrome("Overview", Nav::Overview)),
        live: OverviewBody {
            source: Live { fragment: "/overview/live".into(), events: String::new() },
            plans: cards(),
            runs: vec![waiting, muster_web::part::RunLine { plan: "web-shop".into(), ..test }],
            sites: vec![
                site("lyon", Health::Up, 41 * DAY, Fence::Open, ""),
                site(
                    "nantes",
                    Health::Down,
                    4 * HOUR,
                    Fence::Fenced,
                    "No answer from the agent; the witness says that it is dead.",
                ),
                site(
                    "paris",
                    Health::Degraded,
                    12 * MIN,
                    Fence::Open,
                    "Backend paris-array answers slowly (2.4 s).",
                ),
            ],
            unprotected: 12,
            partly: 3,
        },
    }
}

fn site(name: &str, health: Health, since: i64, fence: Fence, note: &str) -> SiteCard {
    SiteCard {
        name: name.into(),
        health,
        since: Some(ago(since)),
        fence,
        vms: 412,
        note: note.into(),
    }
}

pub(crate) fn overview_empty() -> Overview {
    Overview {
        chrome: chrome("Overview", Nav::Overview),
        live: OverviewBody {
            source: Live::default(),
            plans: vec![],
            runs: vec![],
            sites: vec![],
            unprotected: 0,
            partly: 0,
        },
    }
}

pub(crate) fn overview_hold() -> Overview {
    let empty = overview_empty();
    Overview { chrome: super::hold(empty.chrome), live: empty.live }
}
