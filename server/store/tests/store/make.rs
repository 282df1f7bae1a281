//! Values for tests.

use muster_engine::{Append, By, Event, Fence, Leases, Opening, OwnerId, Record};
use muster_plans::id::{GroupName, RunId};
use muster_plans::run::RunKind;
use muster_plans::time::{Span, Time};
use muster_store::{CreateRun, Run, Store};
use uuid::Uuid;

pub(crate) const NOW: Time = Time(1_700_000_000_000);
pub(crate) const TTL: Span = Span::secs(15);

/// The nth run; later ones are newer.
pub(crate) fn id(n: u64) -> RunId {
    RunId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n)))
}

pub(crate) fn owner(name: &str) -> OwnerId {
    OwnerId(name.to_owned())
}

pub(crate) fn run(n: u64) -> Run {
    Run {
        id: id(n),
        plan: "erp".into(),
        kind: RunKind::Failover,
        created_at: NOW + Span::secs(n),
        started_by: String::from("alice"),
        reason: None,
        graph_digest: String::from("d1"),
        chain: None,
        tag: None,
        state: String::from("running"),
        summary: serde_json::json!({"steps": 3}),
        active: true,
        ending: None,
        ended_at: None,
    }
}

pub(crate) fn create(run: Run, groups: &[&str]) -> CreateRun {
    CreateRun {
        run,
        graph: String::from(r#"{"steps":[]}"#),
        groups: groups.iter().map(|name| GroupName::from(*name)).collect(),
        plan_state: None,
        approval: None,
        chain: None,
        request: None,
        audit: Vec::new(),
    }
}

/// Makes the nth run and takes it.
pub(crate) async fn taken(store: &Store, n: u64) -> Fence {
    store.runs().create(create(run(n), &[])).await.unwrap();
    store.acquire(id(n), &owner("one"), NOW, TTL).await.unwrap().unwrap()
}

/// Records at positions `from..to`.
pub(crate) fn records(from: u64, to: u64) -> Vec<Record> {
    let event = |seq| match seq {
        0 => Event::Opened(Opening {
            by: By(String::from("alice")),
            reason: None,
            graph_digest: String::from("d1"),
            evidence: Vec::new(),
            accepts: Vec::new(),
        }),
        n => Event::Intent { step: n as u32, attempt: 0, undo: false },
    };
    (from..to).map(|seq| Record { seq, at: NOW, epoch: 1, event: event(seq) }).collect()
}

pub(crate) fn entry(n: u64, fence: &Fence, records: Vec<Record>) -> Append {
    Append { run: id(n), fence: fence.clone(), records }
}
