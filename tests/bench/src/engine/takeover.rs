//! Going on after `kill -9`.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::rig::{Rig, database, run_id, workload};
use crate::child::{self, Child, Kind};
use crate::clock::ms;
use crate::report::{Goal, Report};

/// What the second process found, in milliseconds since its start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    opened: f64,
    graph_read: f64,
    folded: f64,
    first_contact: f64,
    first_step: f64,
    /// Records in the journal that was taken over, and intents without an end in it.
    records: u64,
    in_flight: u64,
}

/// The first process: says when half of the records are durable, and goes on until it is killed.
pub(crate) async fn victim(child: &Child) -> anyhow::Result<()> {
    let rig = Rig::open(child, "victim").await?;
    let workload = workload(child);
    let graph = rig.create(workload).await?;
    rig.start(&graph).await?;
    let mut pulse = rig.engine.watch(run_id()).ok_or_else(|| anyhow::anyhow!("not live"))?;
    // All at once is killed where every VM has a step under way, the other in the middle.
    let enough = if child.at_once { u64::from(child.vms) + 1 } else { workload.steps() };
    pulse.wait_for(|pulse| pulse.records >= enough).await?;
    child::shout("half")?;
    rig.wait().await
}

/// The second process: opens the database as the server does, and goes on with the run.
pub(crate) async fn heir(child: &Child, started: Instant) -> anyhow::Result<Found> {
    let rig = Rig::open(child, "heir").await?;
    let opened = ms(started.elapsed());
    let graph = rig.left_behind().await?;
    let graph_read = ms(started.elapsed());
    // Where a lease still stands the server comes round again after a while.
    while let Err(error) = rig.engine.resume(run_id(), graph.clone()).await {
        anyhow::ensure!(matches!(error, muster_engine::StartError::Held), "{error}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let folded = ms(started.elapsed());
    let state = rig.engine.look(run_id(), |state| (state.len(), state.active().count() as u64));
    let (records, in_flight) = state.unwrap_or_default();
    while rig.adapter.first_request().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let since = |at: Option<Instant>| at.map_or(0.0, |at| ms(at.duration_since(started)));
    Ok(Found {
        opened,
        graph_read,
        folded,
        first_contact: since(rig.adapter.first_contact()),
        first_step: since(rig.adapter.first_request()),
        records,
        in_flight,
    })
}

/// Kills one process in the middle of a run and measures how soon another one goes on.
pub(crate) fn measure(report: &mut Report, vms: u32, at_once: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let db = database(folder.path());
    let step_ms = if at_once { 60_000 } else { 50 };
    let victim = Child { kind: Kind::Victim, db, vms, step_ms, cap: 0, at_once };
    child::kill_at_first_line(&victim)?;
    let found: Found = child::measure(&Child { kind: Kind::Heir, step_ms: 0, ..victim })?;
    let how = if at_once { "all at once" } else { "half done" };
    let name = |what: &str| format!("kill -9, {vms} VMs {how}: {what}");
    report.goal(name("first next step"), found.first_step, "ms", Goal::AtMost(300.0));
    report.plain(name("store opened"), found.opened, "ms");
    report.plain(name("graph read"), found.graph_read, "ms");
    report.plain(name("journal folded"), found.folded, "ms");
    report.plain(name("first question"), found.first_contact, "ms");
    report.plain(name("records in the journal"), found.records as f64, "records");
    report.plain(name("steps under way"), found.in_flight as f64, "steps");
    Ok(())
}
