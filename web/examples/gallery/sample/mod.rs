//! Pages filled with example data: for the gallery and for the tests, which share this folder.

mod lists;
mod overview;
mod plan;
mod run;
mod run_big;
mod sites;
mod start;

pub(crate) use lists::{
    error, group, groups, hostile_name, inventory, not_found, plans, runs, sign_in,
};
pub(crate) use overview::{overview, overview_empty};
pub(crate) use plan::{plan, plan_bare};
pub(crate) use run::{run_done, run_failed, run_gate, run_live, run_test};
pub(crate) use run_big::run_big;
pub(crate) use sites::{sites, sites_empty};
pub(crate) use start::{start_failover, start_refused, start_rejected, start_test};

use muster_web::part::{Finding, RunLine, When};
use muster_web::state::{Level, RunKind, RunState, Tone};
use muster_web::{Banner, Chrome, Nav, User};

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
