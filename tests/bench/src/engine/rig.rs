//! An engine over a store on a file and a prompt site.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use muster_engine::testing::{ScriptedCallouts, opening};
use muster_engine::{Ending, Engine, Limits, OwnerId, Ports, Stop};
use muster_plans::graph::Graph;
use muster_plans::id::RunId;
use muster_plans::time::{Span, Time};
use muster_store::{CreateRun, Options, Run, RunFilter, Store};

use super::adapter::{Prompt, PromptSites};
use super::workload::Workload;
use crate::child::Child;
use crate::clock::WallClock;

/// The run of all measurements.
pub(crate) fn run_id() -> RunId {
    RunId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001))
}

pub(crate) struct Rig {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) adapter: Arc<Prompt>,
}

impl Rig {
    /// Opens the database as the server does, and makes an engine over it.
    pub(crate) async fn open(child: &Child, owner: &str) -> anyhow::Result<Rig> {
        let location = child.db.display().to_string();
        let store = Store::open(&location, Options::default()).await?;
        let adapter = Prompt::new(Duration::from_millis(child.step_ms));
        let shared = Arc::new(store.clone());
        let ports = Ports {
            journal: Arc::clone(&shared) as _,
            leases: shared,
            sites: Arc::new(PromptSites(Arc::clone(&adapter))),
            callouts: Arc::new(ScriptedCallouts::default()),
            clock: Arc::new(WallClock::start()),
        };
        let owner = OwnerId(owner.to_owned());
        let engine = Engine::new(ports, owner, store.incarnation(), limits(child));
        Ok(Rig { store, engine, adapter })
    }

    /// Stores the run with its graph, as the server does before it tells the engine, and starts it.
    pub(crate) async fn create(&self, workload: Workload) -> anyhow::Result<Arc<Graph>> {
        let graph = workload.graph()?;
        let new = CreateRun {
            approval: None,
            run: row(&graph),
            graph: serde_json::to_string(&graph)?,
            groups: vec!["erp".into()],
            plan_state: None,
            chain: None,
            request: None,
            audit: Vec::new(),
        };
        self.store.runs().create(new).await?;
        Ok(Arc::new(graph))
    }

    pub(crate) async fn start(&self, graph: &Arc<Graph>) -> anyhow::Result<()> {
        Ok(self.engine.start(run_id(), Arc::clone(graph), opening("ines")).await?)
    }

    /// Waits for the end, which must be a good one.
    pub(crate) async fn wait(&self) -> anyhow::Result<()> {
        match self.engine.wait_ended(run_id()).await {
            Some(Stop::Ended(Ending::Succeeded)) => Ok(()),
            other => anyhow::bail!("the run came to another end: {other:?}"),
        }
    }

    /// Finds the run that an earlier process left behind, as the server does.
    pub(crate) async fn left_behind(&self) -> anyhow::Result<Arc<Graph>> {
        let filter = RunFilter { active: Some(true), ..RunFilter::default() };
        let page = self.store.runs().list(&filter, None, 100).await?;
        let run = page.items.first().ok_or_else(|| anyhow::anyhow!("no run was left behind"))?;
        let json = self.store.runs().graph(run.id).await?.unwrap_or_default();
        Ok(Arc::new(serde_json::from_str(&json)?))
    }
}

/// The product's own limits, unless every VM is to be under way at once.
fn limits(child: &Child) -> Limits {
    let limits = Limits::default();
    if child.at_once { Limits { slots: child.vms, ..limits } } else { limits }
}

pub(crate) fn workload(child: &Child) -> Workload {
    Workload { vms: child.vms, step: Span(child.step_ms), cap: child.cap, one_group: child.at_once }
}

/// A database file in a folder of its own.
pub(crate) fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("muster.db")
}

fn row(graph: &Graph) -> Run {
    Run {
        id: run_id(),
        plan: graph.plan.clone(),
        kind: graph.kind,
        created_at: Time(1_750_000_000_000),
        started_by: String::from("ines"),
        reason: None,
        graph_digest: String::from("none"),
        chain: None,
        tag: None,
        state: String::from("running"),
        summary: serde_json::json!({}),
        active: true,
        ending: None,
        ended_at: None,
    }
}
