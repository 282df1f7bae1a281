//! Two folders, and an adapter on each of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use muster_adapter_cdp::{Cdp, Config, Guests, Now};
use muster_adapter_libvirt::replicate::{BackupDisk, BackupState, RunningDisk};
use muster_contract::{
    AdapterError, ErrorClass, FenceDomain, FenceState, FencingAdapter, FencingOp, GroupState, Mode,
    Observation, OpContext, OpId, Outcome, Query, Reason, Receipt, StorageAdapter, StorageOp,
    Token,
};
use muster_plans::id::{RecoveryPointId, RunId, SiteName};
use muster_plans::time::{Span, Time};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

pub(crate) const GROUP: &str = "erp";

/// Hosts on which nothing runs, or of which nobody knows.
#[derive(Default)]
pub(crate) struct Hosts {
    pub(crate) silent: std::sync::atomic::AtomicBool,
}

fn nothing() -> AdapterError {
    AdapterError::new(ErrorClass::Precondition, "nothing runs here")
}

#[async_trait]
impl Guests for Hosts {
    async fn disks(&self) -> Result<Vec<RunningDisk>, AdapterError> {
        if self.silent.load(Ordering::SeqCst) {
            return Err(AdapterError::new(ErrorClass::Retry, "the host does not answer"));
        }
        Ok(Vec::new())
    }

    async fn mirror(&self, _: uuid::Uuid, _: &str, _: &str, _: &str) -> Result<(), AdapterError> {
        Err(nothing())
    }

    async fn end_mirror(&self, _: uuid::Uuid, _: &str) -> Result<(), AdapterError> {
        Err(nothing())
    }

    async fn backup(&self, _: uuid::Uuid, _: &[BackupDisk]) -> Result<(), AdapterError> {
        Err(nothing())
    }

    async fn backup_state(&self, _: uuid::Uuid) -> Result<BackupState, AdapterError> {
        Err(nothing())
    }
}

/// A process that has a file open until this is dropped.
pub(crate) struct Held(std::process::Child);

#[expect(clippy::disallowed_methods, reason = "somebody else has to have a file open")]
pub(crate) fn held(path: &Path, writing: bool) -> Held {
    let mut open = std::fs::OpenOptions::new();
    let file = open.read(true).write(writing).open(path).unwrap();
    Held(std::process::Command::new("sleep").arg("60").stdin(file).spawn().unwrap())
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests live in real time")]
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time(i64::try_from(since.as_millis()).unwrap())
}

/// A site.
pub(crate) struct Side {
    pub(crate) name: SiteName,
    pub(crate) store: Arc<Cdp>,
    pub(crate) hosts: Arc<Hosts>,
    config: serde_json::Value,
    running: Option<(oneshot::Sender<()>, JoinSet<std::io::Result<()>>)>,
}

/// Two sites. Fields are dropped in this order: the folder last.
pub(crate) struct Pair {
    pub(crate) a: Side,
    pub(crate) b: Side,
    dir: TempDir,
}

impl Pair {
    pub(crate) async fn new() -> Pair {
        Pair::with(serde_json::json!({}), serde_json::json!({})).await
    }

    pub(crate) async fn with(more_a: serde_json::Value, more_b: serde_json::Value) -> Pair {
        let dir = tempfile::Builder::new().prefix("w").tempdir().unwrap();
        for name in ["a", "b"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        // Addresses of their own: a port that is let go for a while is not taken by somebody's outgoing
        // connection, all of which begin at 127.0.0.1.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nr = NEXT.fetch_add(1, Ordering::SeqCst) % 250 + 1;
        let on_a = TcpListener::bind(format!("127.3.{nr}.1:0")).await.unwrap();
        let on_b = TcpListener::bind(format!("127.3.{nr}.2:0")).await.unwrap();
        let url = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let (url_a, url_b) = (url(&on_a), url(&on_b));
        let config =
            |name: &str, peer: &str, url: &str, own: &TcpListener, more: serde_json::Value| {
                let mut config = serde_json::json!({
                    "root": dir.path().join(name), "container": format!("{name}-files"),
                    "listen": own.local_addr().unwrap(), "interval": "1h", "keep": 3,
                    "peer": {"site": peer, "url": url},
                });
                config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                config
            };
        let (config_a, config_b) = (
            config("a", "lyon", &url_b, &on_a, more_a),
            config("b", "paris", &url_a, &on_b, more_b),
        );
        let mut a = Side::open("paris", config_a).await;
        let mut b = Side::open("lyon", config_b).await;
        a.start(on_a);
        b.start(on_b);
        Pair { a, b, dir }
    }

    /// One with a group that begins at A.
    pub(crate) async fn with_group() -> Pair {
        let pair = Pair::new().await;
        pair.a.store.create_group(&GROUP.into()).await.unwrap();
        pair.a.done(StorageOp::Sync { group: GROUP.into() }).await;
        pair
    }

    pub(crate) async fn end(mut self) {
        self.a.stop().await;
        self.b.stop().await;
        drop(self.dir);
    }
}

impl Side {
    async fn open(name: &str, config: serde_json::Value) -> Side {
        let hosts = Arc::new(Hosts::default());
        let store = open(name, &config, hosts.clone()).await;
        Side { name: name.into(), store, hosts, config, running: None }
    }

    fn start(&mut self, listener: TcpListener) {
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        let store = self.store.clone();
        tasks.spawn(store.run(listener, async move {
            let _ = stopped.await;
        }));
        self.running = Some((stop, tasks));
    }

    /// The agent is gone; its host goes on.
    pub(crate) async fn stop(&mut self) {
        if let Some((stop, mut tasks)) = self.running.take() {
            let _ = stop.send(());
            tasks.join_next().await.unwrap().unwrap().unwrap();
        }
    }

    /// It is there again, and has forgotten everything that it had not written down.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.store = open(self.name.as_str(), &self.config, self.hosts.clone()).await;
        // A child that another test starts at this moment holds the old listener until it has become its program.
        let mut listener = self.store.listen().await;
        for _ in 0..50 {
            if listener.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            listener = self.store.listen().await;
        }
        self.start(listener.unwrap());
    }

    /// The same with a group that begins here once more.
    pub(crate) async fn restart_with_nothing(&mut self) {
        self.restart().await;
        self.store.create_group(&GROUP.into()).await.unwrap();
    }

    pub(crate) fn root(&self) -> &Path {
        self.store.root()
    }

    pub(crate) fn address(&self) -> &str {
        self.config["listen"].as_str().unwrap()
    }

    /// A path as hosts see it.
    pub(crate) fn shown(&self, file: &str) -> PathBuf {
        self.root().join("groups").join(GROUP).join(file)
    }

    pub(crate) async fn outcome(&self, op: StorageOp, mode: Mode) -> Outcome<Receipt> {
        self.store.apply_storage(&context(&self.name, mode), &op).await
    }

    pub(crate) async fn done(&self, op: StorageOp) -> Receipt {
        self.done_in(op, Mode::Planned).await
    }

    pub(crate) async fn done_in(&self, op: StorageOp, mode: Mode) -> Receipt {
        match self.outcome(op.clone(), mode).await {
            Outcome::Done(receipt) => receipt,
            other => panic!("{op:?} at {}: {other:?}", self.name),
        }
    }

    pub(crate) async fn refused(&self, op: StorageOp) -> Reason {
        self.refused_in(op, Mode::Planned).await
    }

    pub(crate) async fn refused_in(&self, op: StorageOp, mode: Mode) -> Reason {
        match self.outcome(op.clone(), mode).await {
            Outcome::Refused(reason) => reason,
            other => panic!("{op:?} at {}: {other:?}", self.name),
        }
    }

    pub(crate) async fn state(&self) -> GroupState {
        let query = Query::Group(GROUP.into());
        match StorageAdapter::query(&*self.store, &query).await.unwrap().state {
            Observation::Group(Some(state)) => state,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn fencing(&self, op: FencingOp, mode: Mode) -> Outcome<Receipt> {
        FencingAdapter::apply(&*self.store, &context(&self.name, mode), &op).await
    }

    pub(crate) async fn fence(&self, site: &str) -> FenceState {
        let query = Query::Fence(site.into());
        match FencingAdapter::query(&*self.store, &query).await.unwrap().state {
            Observation::Fence(state) => state,
            other => panic!("{other:?}"),
        }
    }

    /// Waits, as the sites speak to each other every few seconds.
    pub(crate) async fn until(&self, what: &str, met: impl Fn(&GroupState) -> bool) -> GroupState {
        for _ in 0..150 {
            let state = self.state().await;
            if met(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what} does not come at {}: {:#?}", self.name, self.state().await);
    }
}

async fn open(name: &str, config: &serde_json::Value, hosts: Arc<Hosts>) -> Arc<Cdp> {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    let now: Now = Arc::new(now);
    Cdp::open(config, name.into(), now, hosts).await.unwrap()
}

/// Both traits have an `apply`.
trait ApplyStorage {
    async fn apply_storage(&self, ctx: &OpContext, op: &StorageOp) -> Outcome<Receipt>;
}

impl ApplyStorage for Cdp {
    async fn apply_storage(&self, ctx: &OpContext, op: &StorageOp) -> Outcome<Receipt> {
        StorageAdapter::apply(self, ctx, op).await
    }
}

pub(crate) fn context(site: &SiteName, mode: Mode) -> OpContext {
    static STEP: AtomicU32 = AtomicU32::new(0);
    let run = RunId(uuid::Uuid::from_u128(7));
    let step = STEP.fetch_add(1, Ordering::SeqCst);
    OpContext {
        op_id: OpId { run, step, attempt: 0, undo: false },
        token: Token::default(),
        domain: FenceDomain { site: site.clone(), group: Some(GROUP.into()) },
        deadline: now() + Span::secs(60),
        dry_run: false,
        mode,
        run_tag: matches!(mode, Mode::Test | Mode::Cleanup).then(|| "test-7".into()),
    }
}

pub(crate) fn promote(point: Option<&RecoveryPointId>, forced: bool) -> StorageOp {
    StorageOp::Promote { group: GROUP.into(), point: point.cloned(), forced, above: 0 }
}

pub(crate) fn sync() -> StorageOp {
    StorageOp::Sync { group: GROUP.into() }
}

pub(crate) fn demote() -> StorageOp {
    StorageOp::Demote { group: GROUP.into() }
}

pub(crate) fn reverse() -> StorageOp {
    StorageOp::Reverse { group: GROUP.into() }
}
