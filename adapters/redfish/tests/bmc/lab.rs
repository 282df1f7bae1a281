//! A site with hosts at another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use muster_adapter_redfish::{Config, HostPower, Now};
use muster_contract::{
    FenceDomain, FenceState, FencingAdapter, FencingOp, Mode, Observation, OpContext, OpId,
    Outcome, Query, Receipt, Token,
};
use muster_plans::id::RunId;
use muster_plans::time::{Span, Time};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stub::Stub;

#[expect(clippy::disallowed_methods, reason = "a real clock, for real deadlines")]
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time(i64::try_from(since.as_millis()).unwrap())
}

/// A folder with passwords and state, which outlives an agent.
pub(crate) struct Lab {
    pub(crate) dir: TempDir,
    /// How long a host has to go off.
    pub(crate) land: u64,
    /// How long a BMC has for one answer.
    pub(crate) answer: u64,
}

impl Lab {
    pub(crate) fn new() -> Lab {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("good"), "geheim\n").unwrap();
        std::fs::write(dir.path().join("bad"), "wrong\n").unwrap();
        Lab { dir, land: 3, answer: 2 }
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// As an earlier life left it: lyon is fenced.
    pub(crate) fn hold(&self) {
        std::fs::create_dir(self.file("state")).unwrap();
        let held = r#"{"sites": {"lyon": {"proven": true}}}"#;
        std::fs::write(self.file("state/fence.json"), held).unwrap();
    }

    /// `redfish` of a host behind a stub.
    pub(crate) fn at(&self, stub: &Stub) -> Value {
        json!({
            "address": format!("http://{}", stub.address), "user": "muster",
            "passwordFile": self.file("good"), "system": "/redfish/v1/Systems/1",
        })
    }

    /// The agent of paris, which may switch off hosts of lyon: `h1`, `h2` and so on.
    pub(crate) fn open(&self, ways: Vec<Value>) -> Arc<HostPower> {
        let host = |(at, mut ways): (usize, Value)| {
            ways["id"] = format!("h{}", at + 1).into();
            ways["site"] = "lyon".into();
            ways
        };
        let hosts: Vec<Value> = ways.into_iter().enumerate().map(host).collect();
        let config = json!({
            "hosts": hosts, "state": self.file("state"),
            "answerSeconds": self.answer, "landSeconds": self.land, "confirmSeconds": 1,
        });
        let config: Config = serde_json::from_value(config).unwrap();
        let clock: Now = Arc::new(now);
        HostPower::open(config, "paris".into(), clock).unwrap()
    }

    /// The same with Redfish alone.
    pub(crate) fn behind(&self, stubs: &[&Stub]) -> Arc<HostPower> {
        self.open(stubs.iter().map(|stub| json!({"redfish": self.at(stub)})).collect())
    }
}

pub(crate) fn context(mode: Mode, seconds: u64) -> OpContext {
    static STEP: AtomicU32 = AtomicU32::new(0);
    let step = STEP.fetch_add(1, Ordering::SeqCst);
    OpContext {
        op_id: OpId { run: RunId(uuid::Uuid::from_u128(7)), step, attempt: 0, undo: false },
        token: Token::default(),
        domain: FenceDomain { site: "paris".into(), group: None },
        deadline: now() + Span::secs(seconds),
        dry_run: false,
        mode,
        run_tag: matches!(mode, Mode::Test | Mode::Cleanup).then(|| "test-7".into()),
    }
}

pub(crate) fn host(id: &str) -> FencingOp {
    FencingOp::PowerOffHost { host: id.into() }
}

pub(crate) fn keep_out() -> FencingOp {
    FencingOp::FenceSite { site: "lyon".into() }
}

pub(crate) fn let_in() -> FencingOp {
    FencingOp::UnfenceSite { site: "lyon".into() }
}

pub(crate) async fn apply(power: &HostPower, op: &FencingOp) -> Outcome<Receipt> {
    power.apply(&context(Mode::Unplanned, 60), op).await
}

/// What came of it, in one line without times and ports.
pub(crate) fn said(outcome: &Outcome<Receipt>) -> String {
    match outcome {
        Outcome::Done(receipt) => {
            let note = receipt.note.as_deref().unwrap_or("no note");
            format!("done, already: {}, {note}", receipt.already)
        }
        Outcome::Refused(reason) => format!("refused ({:?}): {}", reason.class, reason.message),
        Outcome::Unknown(hint) => format!("unknown: {}", hint.message),
    }
}

pub(crate) async fn fence(power: &HostPower) -> FenceState {
    let seen = power.query(&Query::Fence("lyon".into())).await.unwrap();
    let Observation::Fence(state) = seen.state else { panic!("{seen:?}") };
    state
}

pub(crate) fn millis(since: Time) -> u64 {
    now().since(since).0
}
