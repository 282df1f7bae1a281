//! The agent in front of a small backend that counts its effects.

mod backend;
mod cancel;
mod careless;
mod crash;
mod deadline;
mod fence;
mod kit;
mod network;
mod open;
mod same_id;
mod scope;
mod token;
mod torn;

use std::sync::Arc;

use muster_adapter_remote::client::Now;
use muster_contract::{
    FenceDomain, HypervisorOp, Mode, OpContext, OpId, Operation, Outcome, Receipt, Token,
};
use muster_plans::id::RunId;
use muster_plans::time::{Span, Time};

use super::{Agent, LedgerError, Settings};
use backend::Backend;

/// When every test begins.
const NOON: Time = Time(1_700_000_000_000);

/// A site with a disk and a backend, both of which outlive its agent.
struct Bench {
    folder: tempfile::TempDir,
    backend: Arc<Backend>,
    start: Time,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        Bench { folder, backend: Arc::new(Backend::new()), start: NOON }
    }

    /// Starts an agent; its clock is the runtime's, which tests may pause.
    fn agent(&self) -> Agent {
        self.try_agent().unwrap()
    }

    fn try_agent(&self) -> Result<Agent, LedgerError> {
        let folder = self.folder.path().to_owned();
        Agent::open(Settings::new(folder, clock(self.start)), self.backend.clone())
    }

    fn effects(&self) -> Vec<String> {
        self.backend.effects()
    }
}

fn clock(start: Time) -> Now {
    let begin = tokio::time::Instant::now();
    Arc::new(move || start + Span(u64::try_from(begin.elapsed().as_millis()).unwrap()))
}

fn id(step: u32) -> OpId {
    let run: RunId = serde_json::from_value("018f3c5a-0000-7000-8000-000000000001".into()).unwrap();
    OpId { run, step, attempt: 0, undo: false }
}

/// A context whose token is the step's number.
fn ctx(step: u32) -> OpContext {
    OpContext {
        op_id: id(step),
        token: token(step.into()),
        domain: group("erp"),
        deadline: NOON + Span::mins(5),
        dry_run: false,
        mode: Mode::Test,
        run_tag: Some("t-1".into()),
    }
}

fn token(seq: u64) -> Token {
    Token { incarnation: 1, epoch: 1, seq }
}

fn group(name: &str) -> FenceDomain {
    FenceDomain { site: "paris".into(), group: Some(name.into()) }
}

fn whole_site() -> FenceDomain {
    FenceDomain { site: "paris".into(), group: None }
}

fn bubble(name: &str) -> Operation {
    Operation::Hypervisor(HypervisorOp::CreateBubble { name: name.into() })
}

fn drop_bubble(name: &str) -> Operation {
    Operation::Hypervisor(HypervisorOp::DropBubble { name: name.into() })
}

fn done() -> Outcome<Receipt> {
    Outcome::Done(Receipt::default())
}

/// The message of a refusal.
fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    match outcome {
        Outcome::Refused(reason) => reason.message,
        other => panic!("{other:?} is no refusal"),
    }
}

/// The message of an unknown outcome.
fn unknown<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    match outcome {
        Outcome::Unknown(hint) => hint.message,
        other => panic!("{other:?} is not unknown"),
    }
}

/// Lets everything run that can run.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
