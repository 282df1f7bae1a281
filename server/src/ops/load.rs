//! A run from the store: its row, its graph, its journal, and the state folded from them.

use std::sync::Arc;

use muster_engine::{Journal, Record, fold};
use muster_plans::graph::{GRAPH_FORMAT, Graph};
use muster_plans::id::RunId;
use muster_store::Run;

use crate::app::App;
use crate::http::Code;
use crate::ops::Refused;

/// A run with everything that is known of it.
#[derive(Debug)]
pub struct RunState {
    /// Its row.
    pub run: Run,
    /// What it executes.
    pub graph: Arc<Graph>,
    /// Its journal.
    pub records: Vec<Record>,
    /// What the journal adds up to.
    pub state: muster_engine::RunState,
}

/// Reads a run.
///
/// # Errors
/// Where there is none, or where it cannot be read.
pub async fn run(app: &App, id: RunId) -> Result<RunState, Refused> {
    let (run, graph) = row(app, id).await?;
    let records = app.store.read(id, 0).await.map_err(|error| {
        tracing::error!(run.id = %id, error = %error, "a journal cannot be read");
        Refused::new(
            Code::StoreUnavailable,
            format!("the journal of run {id} cannot be read"),
            "the server's log says more",
        )
    })?;
    let state = fold(&graph, &records).map_err(|illegal| {
        Refused::new(
            Code::JournalIllegal,
            format!("the journal of run {id} makes no sense: {illegal}"),
            "the run is parked; keep the database and report it",
        )
    })?;
    Ok(RunState { run, graph, records, state })
}

/// Reads a run without its journal.
///
/// # Errors
/// Where there is none, or where it cannot be read.
pub async fn row(app: &App, id: RunId) -> Result<(Run, Arc<Graph>), Refused> {
    let (Some(run), Some(json)) =
        (app.store.runs().get(id).await?, app.store.runs().graph(id).await?)
    else {
        return Err(Refused::new(
            Code::NotFound,
            format!("there is no run {id}"),
            "look at the list of runs: muster run list",
        ));
    };
    Ok((run, Arc::new(graph(&json)?)))
}

/// Reads a graph, and refuses one of a version that this server does not know.
pub(super) fn graph(json: &str) -> Result<Graph, Refused> {
    let unreadable = |why: String| {
        Refused::new(
            Code::GraphFormat,
            format!("the stored graph cannot be read: {why}"),
            "resume the run with the server version that started it",
        )
    };
    let graph: Graph = serde_json::from_str(json).map_err(|error| unreadable(error.to_string()))?;
    if graph.format != GRAPH_FORMAT {
        return Err(unreadable(format!(
            "it has format {}, this server knows {GRAPH_FORMAT}",
            graph.format
        )));
    }
    Ok(graph)
}
