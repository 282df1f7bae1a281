//! Reading a journal and folding it, against its length.

use std::sync::Arc;

use muster_contract::Receipt;
use muster_engine::testing::opening;
use muster_engine::{Append, Event, Journal, Record, fold};
use muster_plans::graph::{Action, Graph};
use muster_plans::time::{Span, Time};

use super::write::take;
use super::{lists, open};
use crate::clock::{median, ms, now};
use crate::engine::Workload;
use crate::report::Report;

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let mut before: Option<(u64, f64)> = None;
    let sizes: &[u32] = if report.quick { &[100, 1_000] } else { &[100, 1_000, 10_000, 50_000] };
    for &vms in sizes {
        let workload = Workload { vms, step: Span::ZERO, cap: 0, one_group: false };
        let graph = Arc::new(workload.graph()?);
        let records = played(&graph);
        let count = records.len() as u64;
        let folder = tempfile::tempdir()?;
        let store = open(folder.path()).await?;
        let fence = take(&store, 0).await?;
        for batch in records.chunks(1_000) {
            let (run, fence) = (lists::id(0), fence.clone());
            let answers =
                store.append(vec![Append { run, fence, records: batch.to_vec() }]).await?;
            answers.into_iter().collect::<Result<Vec<()>, _>>()?;
        }
        let (mut reads, mut folds) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let start = now();
            let read = store.read(lists::id(0), 0).await?;
            reads.push(start.elapsed());
            let start = now();
            fold(&graph, &read)?;
            folds.push(start.elapsed());
        }
        let (read, folded) = (ms(median(reads)), ms(median(folds)));
        report.plain(format!("read a journal of {count} records"), read, "ms");
        report.plain(format!("fold a journal of {count} records"), folded, "ms");
        let each = (read + folded) / count as f64;
        if let Some((fewer, cost)) = before {
            let name = format!("read and fold, cost of a record of {count} : of {fewer}");
            report.plain(name, each / cost, "(1 = linear)");
        }
        before = Some((count, each));
    }
    Ok(())
}

/// Every step begun and done, one after the other. Steps are numbered so that each comes behind those
/// that it waits for.
fn played(graph: &Graph) -> Vec<Record> {
    let steps = (0..).zip(&graph.steps).filter(|(_, step)| step.action != Action::Barrier);
    let events = steps.flat_map(|(step, _)| {
        let receipt = Receipt::default();
        [
            Event::Intent { step, attempt: 0, undo: false },
            Event::Done { step, undo: false, receipt },
        ]
    });
    let all = std::iter::once(Event::Opened(opening("ines"))).chain(events);
    let at = Time(1_750_000_000_000);
    (0..).zip(all).map(|(seq, event)| Record { seq, at, epoch: 1, event }).collect()
}
