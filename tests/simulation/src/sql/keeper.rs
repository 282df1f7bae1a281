//! The thread on which the store lives.

use std::sync::mpsc;

use muster_engine::{Journal as _, Leases as _};
use muster_plans::id::PlanName;
use muster_store::{Options, RunFilter, Store};

use super::{Answer, Found, Question, Request, Transaction};

/// Runs at most that are looked at: a play starts far fewer.
const RUNS: u64 = 1000;

/// Answers until nobody can ask any more. Whoever has asked may be gone when the answer comes: a play ends
/// as soon as something is broken.
pub(super) fn keep(
    plan: PlanName,
    requests: &mpsc::Receiver<Request>,
    ready: &mpsc::Sender<anyhow::Result<()>>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let opened = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let keeper = runtime.block_on(Keeper::open(plan))?;
        Ok((runtime, keeper))
    });
    match opened {
        Ok((runtime, keeper)) => {
            _ = ready.send(Ok(()));
            runtime.block_on(keeper.answer(requests));
        }
        Err(error) => _ = ready.send(Err(error)),
    }
}

struct Keeper {
    plan: PlanName,
    store: Store,
    /// Everything that was done, so that a backup is the first so many of it.
    done: Vec<Transaction>,
}

async fn empty() -> anyhow::Result<Store> {
    let options = Options { quick_check: false, ..Options::default() };
    Ok(Store::open(":memory:", options).await?)
}

impl Keeper {
    async fn open(plan: PlanName) -> anyhow::Result<Keeper> {
        Ok(Keeper { plan, store: empty().await?, done: Vec::new() })
    }

    async fn answer(mut self, requests: &mpsc::Receiver<Request>) {
        while let Ok(request) = requests.recv() {
            match request {
                Request::Do(transaction, back) => {
                    _ = back.send(self.carry_out(*transaction).await);
                }
                Request::Find(question, back) => _ = back.send(self.find(question).await),
            }
        }
    }

    async fn carry_out(&mut self, transaction: Transaction) -> anyhow::Result<Answer> {
        let answer = match &transaction {
            Transaction::PutBack { keep, seen } => self.put_back(*keep, *seen).await?,
            other => other.clone().carry_out(&self.store, &self.plan).await?,
        };
        self.done.push(transaction);
        Ok(answer)
    }

    /// A store in memory has no file that could be copied: its backup is a store in which the same was
    /// done. Then what a server does that finds itself behind its sites.
    async fn put_back(&mut self, keep: usize, seen: u64) -> anyhow::Result<Answer> {
        self.done.truncate(keep);
        self.store = empty().await?;
        for transaction in &self.done {
            match transaction {
                Transaction::PutBack { seen, .. } => _ = self.store.outlive(*seen).await?,
                other => _ = other.clone().carry_out(&self.store, &self.plan).await?,
            }
        }
        Ok(Answer::Life(self.store.outlive(seen).await?))
    }

    async fn find(&self, question: Question) -> anyhow::Result<Found> {
        match question {
            Question::Records(run) => Ok(Found::Records(self.store.read(run, 0).await?)),
            Question::Lease(run) => Ok(Found::Lease(self.store.held(run).await?)),
            Question::OpenRuns => {
                let active = RunFilter { active: Some(true), ..RunFilter::default() };
                let page = self.store.runs().list(&active, None, RUNS).await?;
                let open = page.items.into_iter().filter(|run| run.ending.is_none());
                let mut open: Vec<_> = open.map(|run| run.id).collect();
                open.sort_unstable();
                Ok(Found::OpenRuns(open))
            }
            Question::Standing => {
                let found = self.store.plan_states().get(&self.plan).await?;
                let (json, version) =
                    found.map_or((String::new(), 0), |found| (found.json, found.version));
                Ok(Found::Standing { json, version, restored: self.store.restored() })
            }
        }
    }
}
