//! The store as the recorded process uses it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use muster_engine::{
    Append, AppendError, Fence, Journal, JournalError, LeaseSight, Leases, OwnerId, Record,
};
use muster_plans::graph::Graph;
use muster_plans::id::RunId;
use muster_plans::time::{Span, Time};
use muster_store::{CreateRun, Options, Run, Store};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::mark::{Mark, Step};

/// When everything happens.
pub(crate) const NOW: Time = Time(1_750_000_000_000);

/// The store, which says aloud what it is told and what it has answered. One transaction at a time: the
/// store has one writer anyway, and so their order is known.
pub(crate) struct Told {
    pub(crate) store: Store,
    pub(crate) turn: Mutex<()>,
}

#[async_trait]
impl Journal for Told {
    async fn append(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<(), AppendError>>, JournalError> {
        let _turn = self.turn.lock().await;
        let lengths = batch
            .iter()
            .filter_map(|entry| Some((entry.run, entry.records.last()?.seq + 1)))
            .collect();
        let step = Step::Appended(lengths);
        say(&Mark::Begin(Some(step.clone())))?;
        let answers = self.store.append(batch).await?;
        if let Some(Err(error)) = answers.iter().find(|answer| answer.is_err()) {
            return Err(JournalError(Box::new(error.clone())));
        }
        say(&Mark::Ack(step))?;
        Ok(answers)
    }

    async fn read(&self, run: RunId, from: u64) -> Result<Vec<Record>, JournalError> {
        self.store.read(run, from).await
    }
}

#[async_trait]
impl Leases for Told {
    async fn acquire(
        &self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Result<Option<Fence>, JournalError> {
        let _turn = self.turn.lock().await;
        say(&Mark::Begin(None))?;
        let fence = self.store.acquire(run, owner, now, ttl).await?;
        if let Some(fence) = &fence {
            say(&Mark::Ack(Step::Taken(fence.epoch)))?;
        }
        Ok(fence)
    }

    async fn renew(
        &self,
        run: RunId,
        fence: &Fence,
        now: Time,
        ttl: Span,
    ) -> Result<bool, JournalError> {
        let _turn = self.turn.lock().await;
        self.store.renew(run, fence, now, ttl).await
    }

    async fn release(&self, run: RunId, fence: &Fence) -> Result<(), JournalError> {
        let _turn = self.turn.lock().await;
        self.store.release(run, fence).await
    }

    async fn held(&self, run: RunId) -> Result<Option<LeaseSight>, JournalError> {
        self.store.held(run).await
    }

    async fn end(&self, run: RunId, seen: &LeaseSight) -> Result<bool, JournalError> {
        let _turn = self.turn.lock().await;
        self.store.end(run, seen).await
    }
}

fn say(mark: &Mark) -> Result<(), JournalError> {
    mark.say().map_err(|error| JournalError(Box::new(error)))
}

/// The nth run.
pub(crate) fn id(n: u128) -> RunId {
    RunId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))
}

/// How the store is opened, by the workload and by whoever looks at what is left.
pub(crate) fn options() -> Options {
    Options { readers: 1, mark_every: 16, ..Options::default() }
}

impl Told {
    pub(crate) async fn open(db: &Path) -> anyhow::Result<Arc<Told>> {
        let store = Store::open(&db.display().to_string(), options()).await?;
        Ok(Arc::new(Told { store, turn: Mutex::new(()) }))
    }

    pub(crate) async fn create(&self, n: u128, graph: &Graph) -> anyhow::Result<()> {
        let run = Run {
            id: id(n),
            plan: graph.plan.clone(),
            kind: graph.kind,
            created_at: NOW,
            started_by: String::from("ines"),
            reason: None,
            graph_digest: String::from("none"),
            chain: None,
            tag: None,
            state: String::from("running"),
            summary: serde_json::json!({"steps": graph.len()}),
            active: true,
            ending: None,
            ended_at: None,
        };
        let new = CreateRun {
            run,
            graph: serde_json::to_string(graph)?,
            groups: vec![format!("group-{n}").into()],
            plan_state: None,
            approval: None,
            chain: None,
            request: None,
            audit: Vec::new(),
        };
        let _turn = self.turn.lock().await;
        let step = Step::Created(id(n));
        Mark::Begin(Some(step.clone())).say()?;
        self.store.runs().create(new).await?;
        Ok(Mark::Ack(step).say()?)
    }
}
