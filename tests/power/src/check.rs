//! Opens an image as a server would after the power came back, and looks what is there.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use muster_engine::{Append, Event, Journal, Leases, OwnerId, Record, fold};
use muster_plans::graph::Graph;
use muster_plans::id::RunId;
use muster_plans::time::Span;
use muster_store::{RunFilter, Store};

use crate::image::Files;
use crate::mark::{Held, Step};
use crate::record::{DATABASE, Recording};
use crate::told::{NOW, options};

/// Whether the transaction that was under way is in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There was none.
    NoneBegun,
    /// It is not.
    Lost,
    /// It is.
    Kept,
}

/// Writes the files into an empty folder, with an index of the log that is nonsense: it need not survive,
/// and whatever is left of it must not be believed.
pub(crate) fn lay(files: &Files, folder: &Path, noise: Option<u64>) -> std::io::Result<()> {
    for (name, content) in files {
        std::fs::write(folder.join(name), content.as_slice())?;
    }
    if let Some(seed) = noise {
        let mut rng = fastrand::Rng::with_seed(seed);
        let index: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(32 * 1024).collect();
        std::fs::write(folder.join(format!("{DATABASE}-shm")), index)?;
    }
    Ok(())
}

/// Everything that was acknowledged is there, whole and in order; what was under way is there as a whole
/// or not at all; and work can go on.
pub(crate) async fn check(
    folder: &Path,
    recording: &Recording,
    acknowledged: &Held,
    begun: &[Step],
) -> anyhow::Result<Found> {
    let db = folder.join(DATABASE).display().to_string();
    let store = Store::open(&db, options()).await.context("it does not open")?;
    let restored = store.restored();
    let found = judge(&store, recording, acknowledged, begun).await;
    store.close().await.context("it does not close")?;
    let found = found?;
    ensure!(!restored, "a power loss was taken for a restore");
    Ok(found)
}

async fn judge(
    store: &Store,
    recording: &Recording,
    acknowledged: &Held,
    begun: &[Step],
) -> anyhow::Result<Found> {
    let mut there = Held::default();
    for run in store.runs().list(&RunFilter::default(), None, 100).await?.items {
        let records = store.read(run.id, 0).await?;
        there.runs.insert(run.id, records.len() as u64);
        let graph = store.runs().graph(run.id).await?;
        is_sound(recording, run.id, &records, graph.as_deref())?;
    }
    let mut allowed = acknowledged.clone();
    let mut found = (there.runs == allowed.runs).then_some(Found::Lost);
    for step in begun {
        allowed.apply(step);
        found = found.or_else(|| (there.runs == allowed.runs).then_some(Found::Kept));
    }
    let found = match found {
        Some(_) if begun.is_empty() => Found::NoneBegun,
        Some(found) => found,
        None => bail!(
            "there is {:?}; acknowledged was {:?}, under way {begun:?}",
            there.runs,
            acknowledged.runs
        ),
    };
    if let Some((run, length)) = there.runs.iter().next() {
        goes_on(store, *run, *length, acknowledged.epoch).await?;
    }
    Ok(found)
}

/// The records are those that were written, and the fold takes them.
fn is_sound(
    recording: &Recording,
    run: RunId,
    records: &[Record],
    graph: Option<&str>,
) -> anyhow::Result<()> {
    let written = recording.records.get(&run).context("a run that nobody made")?;
    ensure!(written.starts_with(records), "run {run:?} has records that nobody wrote");
    ensure!(graph == recording.graphs.get(&run).map(String::as_str), "the graph is another one");
    let graph: Graph = serde_json::from_str(graph.context("a run without its graph")?)?;
    fold(&Arc::new(graph), records).context("the journal is illegal")?;
    Ok(())
}

/// Another server takes the run under a higher epoch than any that was drawn, and writes.
async fn goes_on(store: &Store, run: RunId, length: u64, epoch: u64) -> anyhow::Result<()> {
    let owner = OwnerId(String::from("later"));
    let fence = store.acquire(run, &owner, NOW, Span::mins(1)).await?.context("a lease stands")?;
    ensure!(fence.epoch > epoch, "epoch {} was drawn again after {epoch}", fence.epoch);
    let (at, epoch) = (NOW, fence.epoch);
    let records = vec![Record { seq: length, at, epoch, event: Event::TakenOver }];
    let answers = store.append(vec![Append { run, fence, records }]).await?;
    ensure!(answers == [Ok(())], "it cannot be written: {answers:?}");
    ensure!(store.journal_length(run).await? == length + 1, "what was written is not there");
    Ok(())
}
