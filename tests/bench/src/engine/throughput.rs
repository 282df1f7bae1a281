//! How fast, how large, and how close to the shortest possible.

use serde::{Deserialize, Serialize};

use super::bare::{self, Commit};
use super::rig::{Rig, database, workload};
use crate::child::{self, Child, Kind};
use crate::clock::now;
use crate::memory;
use crate::report::{Goal, Report};

/// What a child found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    /// From the start of the run to its end.
    seconds: f64,
    steps: u64,
    requests: u64,
    /// Seconds that an operation took at the adapter, on average.
    mean_step: f64,
    peak: u64,
    /// The peak before the run was started: graph, store and runtime.
    peak_before: u64,
}

/// The child's side: one run from start to end.
pub(crate) async fn child(child: &Child) -> anyhow::Result<Found> {
    let workload = workload(child);
    let rig = Rig::open(child, "bench").await?;
    let graph = rig.create(workload).await?;
    let peak_before = memory::peak();
    let start = now();
    rig.start(&graph).await?;
    rig.wait().await?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Found {
        seconds,
        steps: workload.steps(),
        requests: rig.adapter.requests(),
        mean_step: rig.adapter.mean_step(),
        peak: memory::peak(),
        peak_before,
    })
}

/// A child over a new database; what it journalled is left in `commits`.
fn measure(
    vms: u32,
    step_ms: u64,
    cap: u32,
) -> anyhow::Result<(Found, Vec<Commit>, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let db = database(folder.path());
    let child = Child { kind: Kind::Run, db: db.clone(), vms, step_ms, cap, at_once: false };
    let found: Found = child::measure(&child)?;
    let commits = bare::commits(&db)?;
    Ok((found, commits, folder))
}

/// Steps per second, memory, and the same writes without the product. Gives steps per second.
pub(crate) fn fleet(
    report: &mut Report,
    vms: u32,
    runs: usize,
    goal: Option<f64>,
) -> anyhow::Result<f64> {
    let mut all = Vec::new();
    for _ in 0..runs {
        all.push(measure(vms, 0, 0)?);
    }
    all.sort_by(|a, b| a.0.seconds.total_cmp(&b.0.seconds));
    let (found, commits, _folder) = all.swap_remove(all.len() / 2);
    let rate = found.steps as f64 / found.seconds;
    let name = |what: &str| format!("W({vms}) {what}");
    match goal {
        Some(goal) => report.goal(name("steps"), rate, "steps/s", Goal::AtLeast(goal)),
        None => report.plain(name("steps"), rate, "steps/s"),
    }
    let records: u64 = commits.iter().map(|commit| commit.records).sum();
    let bytes: u64 = commits.iter().map(|commit| commit.payload.len() as u64).sum();
    report.plain(name("records"), records as f64 / found.seconds, "records/s");
    report.plain(name("records per commit"), records as f64 / commits.len() as f64, "records");
    report.plain(name("journal"), bytes as f64 / found.steps as f64, "B/step");
    let allowed = 3000.0 * f64::from(vms) + 60e6;
    let peak = found.peak as f64 / 1e6;
    report.goal(name("peak memory"), peak, "MB", Goal::AtMost(allowed / 1e6));
    report.plain(name("peak before the start"), found.peak_before as f64 / 1e6, "MB");
    let same = bare::write(&commits, bare::Rows::AsJournalled)?;
    let each = bare::write(&commits, bare::Rows::OnePerRecord)?;
    report.plain(name("bare SQLite, same rows"), found.steps as f64 / same, "steps/s");
    report.plain(name("engine : bare, same rows"), same / found.seconds, "of bare");
    report.plain(name("bare SQLite, a row per record"), found.steps as f64 / each, "steps/s");
    report.plain(name("engine : bare, a row per record"), each / found.seconds, "of bare");
    Ok(rate)
}

/// How close a run under a cap comes to the lower bound. In real time.
pub(crate) fn makespan(report: &mut Report, vms: u32) -> anyhow::Result<()> {
    const STEP_MS: u64 = 200;
    const SLOTS: u32 = 64;
    let (found, ..) = measure(vms, STEP_MS, SLOTS)?;
    let child = Child {
        kind: Kind::Run,
        db: std::path::PathBuf::new(),
        vms,
        step_ms: STEP_MS,
        cap: SLOTS,
        at_once: false,
    };
    let bound = workload(&child).lower_bound(STEP_MS as f64 / 1000.0);
    let name = |what: &str| format!("makespan of {vms} VMs, 200 ms, 64 slots{what}");
    report.goal(name(""), found.seconds / bound, "of bound", Goal::AtMost(1.03));
    let real = workload(&child).lower_bound(found.mean_step);
    report.plain(name(", steps as long as they were"), found.seconds / real, "of bound");
    report.plain(name(", a step at the adapter"), found.mean_step * 1000.0, "ms");
    Ok(())
}
