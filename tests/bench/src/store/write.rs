//! Appends against the size of a batch, and against the number of runs in it.

use std::time::Duration;

use muster_engine::testing::opening;
use muster_engine::{Append, Event, Fence, Journal, Leases, OwnerId, Record};
use muster_plans::time::{Span, Time};
use muster_store::Store;

use super::lists::create;
use super::open;
use crate::clock::now;
use crate::report::Report;

/// How long each size is written.
const LONG: Duration = Duration::from_millis(1_000);

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let mut alone = 0.0;
    for size in [1, 10, 100, 1_000, 8_000] {
        let rate = rate(1, size).await?;
        report.plain(format!("append, batches of {size}, one run"), rate, "records/s");
        if size == 1 {
            alone = rate;
        } else {
            report.plain(format!("append, batches of {size} : one by one"), rate / alone, "times");
        }
    }
    for runs in [8, 64, 512] {
        let rate = rate(runs, 1).await?;
        report.plain(format!("append, one record each of {runs} runs"), rate, "records/s");
        report.plain(format!("append, {runs} runs at once : one by one"), rate / alone, "times");
    }
    Ok(())
}

/// Records per second, for some runs in each transaction and some records of each.
async fn rate(runs: u64, size: u64) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let store = open(folder.path()).await?;
    let mut fences = Vec::new();
    for n in 0..runs {
        fences.push(take(&store, n).await?);
    }
    let (start, mut seq) = (now(), 0);
    while start.elapsed() < LONG {
        let batch = fences.iter().zip(0..).map(|(fence, run)| Append {
            run: super::lists::id(run),
            fence: fence.clone(),
            records: records(seq, seq + size),
        });
        for answer in store.append(batch.collect()).await? {
            answer?;
        }
        seq += size;
    }
    let rate = (seq * runs) as f64 / start.elapsed().as_secs_f64();
    store.close().await?;
    Ok(rate)
}

/// Makes the nth run and takes it.
pub(super) async fn take(store: &Store, n: u64) -> anyhow::Result<Fence> {
    create(store, n).await?;
    let owner = OwnerId(String::from("bench"));
    let fence = store.acquire(super::lists::id(n), &owner, Time(0), Span::mins(10)).await?;
    fence.ok_or_else(|| anyhow::anyhow!("the run is held"))
}

fn records(from: u64, to: u64) -> Vec<Record> {
    let event = |seq: u64| match seq {
        0 => Event::Opened(opening("ines")),
        n => Event::Intent { step: (n % 250_000) as u32, attempt: 0, undo: false },
    };
    let at = Time(1_750_000_000_000);
    (from..to).map(|seq| Record { seq, at, epoch: 1, event: event(seq) }).collect()
}
