//! Pages filled with example data: for the gallery and for the tests, which share this folder.

mod account;
mod lists;
mod overview;
mod plan;
mod run;
mod run_big;
mod sites;
mod start;

pub(crate) use account::{account_must, account_usual};
pub(crate) use lists::{
    error, group, groups, hostile_name, inventory, not_found, plans, runs, sign_in,
};
pub(crate) use overview::{overview, overview_empty, overview_hold};
pub(crate) use plan::{plan, plan_bare};
pub(crate) use run::{run_done, run_failed, run_gate, run_live, run_test};
pub(crate) use run_big::run_big;
pub(crate) use sites::{sites, sites_empty};
pub(crate) use start::{start_failover, start_refused, start_rejected, start_test};

use muster_web::part::{Finding, RunLine, When};
use muster_web::state::{Level, RunKind, RunState, Tone};
use muster_web::{Banner, Chrome, Hold, Nav, Template, User};

/// 2026-03-14 02:41:07 UTC.
pub(crate) const NOW: i64 = 1_773_456_067_000;
pub(crate) const SEC: i64 = 1000;
pub(crate) const MIN: i64 = 60 * SEC;
pub(crate) const HOUR: i64 = 60 * MIN;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) fn ago(ms: i64) -> When {
    When::new(NOW - ms, NOW)
}

pub(crate) fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

pub(crate) fn chrome(title: &str, active: Nav) -> Chrome {
    Chrome {
        user: Some(User { name: "mara".into(), role: "recovery admin".into() }),
        waiting: 1,
        csrf: "t0ken".into(),
        version: "0.1.0".into(),
        here: active.href().into(),
        ..Chrome::new(title, active)
    }
}

pub(crate) fn demo(mut chrome: Chrome) -> Chrome {
    chrome.banner = Some(Banner {
        tone: Tone::Test,
        text: "Demonstration: two simulated sites. Nothing here is real.".into(),
    });
    chrome
}

pub(crate) fn hold(mut chrome: Chrome) -> Chrome {
    chrome.hold = Some(Hold {
        refused: None,
        contradictions: vec![muster_web::Contradiction {
            plan: String::from("shop"),
            says: vec![String::from(
                "group shop-db: the database says that it protects as its documents say; the storage says \
                 that it was recovered at the recovery site",
            )],
            then: String::from("the plan is then: recovered, direction as its documents say"),
        }],
    });
    chrome
}

pub(crate) fn finding(level: Level, code: &str, text: &str, help: &str) -> Finding {
    Finding { level, code: code.into(), place: String::new(), text: text.into(), help: help.into() }
}

pub(crate) fn run_line(
    id: &str,
    kind: RunKind,
    state: RunState,
    started: i64,
    note: &str,
) -> RunLine {
    let over = state.is_over();
    RunLine {
        id: id.into(),
        plan: "erp".into(),
        kind,
        state,
        by: "mara".into(),
        started: ago(started),
        elapsed_ms: if over { 13 * 60_000 + 41_000 } else { started as u64 },
        done: if over { 214 } else { 96 },
        total: 214,
        note: note.into(),
    }
}

/// Pages by the name of their file.
pub(crate) type Rendered = Result<Vec<(&'static str, String)>, muster_web::askama::Error>;

/// Every page in every state that is worth looking at.
pub(crate) fn usual() -> Rendered {
    let hostile = hostile_name();
    Ok(vec![
        ("sign-in", sign_in(None).render()?),
        (
            "sign-in-error",
            sign_in(Some(
                "User or password is wrong. After five wrong tries the next one takes a while.",
            ))
            .render()?,
        ),
        ("account", account_usual().render()?),
        ("account-must", account_must(false).render()?),
        ("account-refused", account_must(true).render()?),
        ("overview", overview().render()?),
        ("overview-empty", overview_empty().render()?),
        ("overview-hold", overview_hold().render()?),
        ("sites", sites().render()?),
        ("sites-empty", sites_empty().render()?),
        ("groups", groups(false).render()?),
        ("groups-empty", groups(true).render()?),
        ("group", group(12, "erp-metro").render()?),
        ("group-empty", group(0, "erp-metro").render()?),
        ("group-hostile", group(4, hostile).render()?),
        ("plans", plans(false).render()?),
        ("plans-empty", plans(true).render()?),
        ("plan", plan(8).render()?),
        ("plan-bare", plan_bare().render()?),
        ("start-failover", start_failover().render()?),
        ("start-rejected", start_rejected().render()?),
        ("start-refused", start_refused().render()?),
        ("start-test", start_test().render()?),
        ("run-live", run_live().render()?),
        ("run-gate", run_gate().render()?),
        ("run-failed", run_failed().render()?),
        ("run-done", run_done().render()?),
        ("run-test", run_test().render()?),
        ("run-hostile", run_big(5, hostile).render()?),
        ("runs", runs(14, false).render()?),
        ("runs-empty", runs(0, false).render()?),
        ("runs-nothing", runs(0, true).render()?),
        ("inventory", inventory(16, false).render()?),
        ("inventory-nothing", inventory(0, true).render()?),
        ("error", error(false).render()?),
        ("error-run", error(true).render()?),
        ("not-found", not_found(false).render()?),
        ("not-found-similar", not_found(true).render()?),
    ])
}

/// Every list at its longest.
pub(crate) fn huge() -> Rendered {
    Ok(vec![
        ("group-huge", group(1000, "erp-metro").render()?),
        ("plan-huge", plan(1000).render()?),
        ("run-huge", run_big(1000, "erp-app").render()?),
        ("runs-huge", runs(1000, false).render()?),
        ("inventory-huge", inventory(1000, false).render()?),
    ])
}
