//! What is done in one transaction, as a value: done once more it leads to the same.

use std::sync::Arc;

use muster_engine::{Append, Ending, Fence, Journal as _, LeaseSight, Leases as _, OwnerId};
use muster_plans::graph::Graph;
use muster_plans::id::{GroupName, PlanName, RunId};
use muster_plans::time::{Span, Time};
use muster_store::{CreateRun, Error, Finish, PlanStateChange, Run, Store};
use serde_json::Value;

use super::Answer;

/// A change of the store.
#[derive(Clone, Debug)]
pub(crate) enum Transaction {
    Append(Append),
    Acquire {
        run: RunId,
        owner: OwnerId,
        now: Time,
        ttl: Span,
    },
    Renew {
        run: RunId,
        fence: Fence,
        now: Time,
        ttl: Span,
    },
    Release {
        run: RunId,
        fence: Fence,
    },
    EndLease {
        run: RunId,
        seen: LeaseSight,
    },
    Create {
        run: RunId,
        graph: Arc<Graph>,
        digest: String,
        groups: Vec<GroupName>,
        stand: Stand,
    },
    Finish {
        run: RunId,
        ending: Ending,
        free: bool,
        stand: Option<Stand>,
    },
    Reopen {
        run: RunId,
        stand: Option<Stand>,
    },
    Stand(Stand),
    /// A person lets the server go on.
    Settle,
    /// A backup, of when so many transactions were done, takes the store's place; sites have seen this
    /// incarnation.
    PutBack {
        keep: usize,
        seen: u64,
    },
}

/// Where the plan stands from now on.
#[derive(Clone, Debug)]
pub(crate) struct Stand {
    pub(crate) json: String,
    /// The version that was read.
    pub(crate) read: u64,
}

impl Stand {
    fn change(self, plan: &PlanName) -> PlanStateChange {
        PlanStateChange { plan: plan.clone(), json: self.json, expected: self.read }
    }
}

impl Transaction {
    /// Does it, for all but [`Transaction::PutBack`], which is not the store's.
    pub(super) async fn carry_out(self, store: &Store, plan: &PlanName) -> anyhow::Result<Answer> {
        match self {
            Transaction::Append(entry) => {
                let mut answers = store.append(vec![entry]).await?;
                Ok(answers.pop().map_or(Answer::Refused, Answer::Appended))
            }
            Transaction::Acquire { run, owner, now, ttl } => {
                Ok(Answer::Lease(store.acquire(run, &owner, now, ttl).await?))
            }
            Transaction::Renew { run, fence, now, ttl } => {
                Ok(Answer::of(store.renew(run, &fence, now, ttl).await?))
            }
            Transaction::Release { run, fence } => {
                store.release(run, &fence).await?;
                Ok(Answer::Done)
            }
            Transaction::EndLease { run, seen } => Ok(Answer::of(store.end(run, &seen).await?)),
            Transaction::Create { run, graph, digest, groups, stand } => {
                let row = row(run, &graph, digest);
                let new = CreateRun {
                    run: row,
                    graph: serde_json::to_string(&*graph)?,
                    groups,
                    plan_state: Some(stand.change(plan)),
                    approval: None,
                    chain: None,
                    request: None,
                    audit: Vec::new(),
                };
                told(store.runs().create(new).await)
            }
            Transaction::Finish { run, ending, free, stand } => {
                let end = Finish {
                    run,
                    ending,
                    at: Time(0),
                    state: String::from("over"),
                    summary: Value::Null,
                    release_groups: free,
                    plan_state: stand.map(|stand| stand.change(plan)),
                    chain: None,
                    audit: Vec::new(),
                };
                told(store.runs().finish(end).await)
            }
            Transaction::Reopen { run, stand } => {
                let change = stand.map(|stand| stand.change(plan));
                told(store.runs().reopen(run, "running", change, Vec::new()).await)
            }
            Transaction::Stand(stand) => {
                told(store.plan_states().put(&stand.change(plan)).await.map(|_| ()))
            }
            Transaction::Settle => told(store.settle_restore().await),
            Transaction::PutBack { .. } => Ok(Answer::Refused),
        }
    }
}

fn row(id: RunId, graph: &Graph, digest: String) -> Run {
    Run {
        id,
        plan: graph.plan.clone(),
        kind: graph.kind,
        created_at: Time(0),
        started_by: String::from("ines"),
        reason: None,
        graph_digest: digest,
        chain: None,
        tag: graph.tag.clone(),
        state: String::from("running"),
        summary: Value::Null,
        active: true,
        ending: None,
        ended_at: None,
    }
}

/// What another was quicker with is an answer; anything else is a fault of the store.
fn told(answer: Result<(), Error>) -> anyhow::Result<Answer> {
    match answer {
        Ok(()) => Ok(Answer::Done),
        Err(Error::Conflict { .. } | Error::GroupBusy { .. } | Error::Exists(_)) => {
            Ok(Answer::Refused)
        }
        Err(error) => Err(error.into()),
    }
}
