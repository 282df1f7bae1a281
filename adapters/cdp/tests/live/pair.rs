//! Two sites, with an adapter on each, in one process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use muster_adapter_cdp::{Cdp, Config, Now};
use muster_contract::{
    FenceDomain, GroupState, Mode, Observation, OpContext, OpId, Outcome, Query, Reason, Receipt,
    StorageAdapter, StorageOp, Token,
};
use muster_plans::id::{RecoveryPointId, RunId, SiteName};
use muster_plans::time::{Span, Time};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::daemon::{Daemon, boot};
use crate::link::Link;

pub(crate) const GROUP: &str = "erp";

#[expect(clippy::disallowed_methods, reason = "tests live in real time")]
pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time(i64::try_from(since.as_millis()).unwrap())
}

/// A site.
pub(crate) struct Side {
    pub(crate) name: SiteName,
    pub(crate) store: Arc<Cdp>,
    pub(crate) daemon: Daemon,
    config: serde_json::Value,
    running: Option<(oneshot::Sender<()>, JoinSet<std::io::Result<()>>)>,
}

/// Two sites.
pub(crate) struct Pair {
    pub(crate) a: Side,
    pub(crate) b: Side,
    pub(crate) boot: PathBuf,
    /// From A to B.
    pub(crate) link: Link,
}

impl Pair {
    /// With a group that begins at A; `None`, and says why: this machine cannot.
    pub(crate) async fn new(mode: &str, interval: &str) -> Option<Pair> {
        let boot = boot()?;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nr = NEXT.fetch_add(1, Ordering::SeqCst) % 250 + 1;
        let on_a = TcpListener::bind(format!("127.2.{nr}.1:0")).await.unwrap();
        let on_b = TcpListener::bind(format!("127.2.{nr}.2:0")).await.unwrap();
        let (at_a, at_b) = (on_a.local_addr().unwrap(), on_b.local_addr().unwrap());
        let more = |own: std::net::SocketAddr, peer: &str, other: std::net::SocketAddr, first| {
            serde_json::json!({
                "container": "files", "listen": own, "interval": interval, "keep": 4,
                "peer": {"site": peer, "url": format!("http://{other}")}, "patience": "3s",
                "groups": [{"id": GROUP, "mode": mode, "protected": first}],
            })
        };
        let link = Link::new(at_b).await;
        let mut a = Side::open("paris", 4, more(at_a, "lyon", link.address, true)).await;
        let mut b = Side::open("lyon", 5, more(at_b, "paris", at_a, false)).await;
        a.run(on_a);
        b.run(on_b);
        Some(Pair { a, b, boot, link })
    }
}

impl Side {
    async fn open(name: &str, nr: u8, mut config: serde_json::Value) -> Side {
        let daemon = Daemon::start(nr).await;
        config["root"] = daemon.path("root").display().to_string().into();
        let store = open(name, &config, &daemon).await;
        Side { name: name.into(), store, daemon, config, running: None }
    }

    /// Its agent is there again, and has forgotten everything that it had not written down.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.store = open(self.name.as_str(), &self.config, &self.daemon).await;
        let mut listener = self.store.listen().await;
        for _ in 0..50 {
            if listener.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            listener = self.store.listen().await;
        }
        self.run(listener.unwrap());
    }

    fn run(&mut self, listener: TcpListener) {
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        let store = self.store.clone();
        tasks.spawn(store.run(listener, async move {
            let _ = stopped.await;
        }));
        self.running = Some((stop, tasks));
    }

    /// The agent is gone; its hosts go on.
    pub(crate) async fn stop(&mut self) {
        if let Some((stop, mut tasks)) = self.running.take() {
            let _ = stop.send(());
            tasks.join_next().await.unwrap().unwrap().unwrap();
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.store.root()
    }

    /// A file as hosts see it.
    pub(crate) fn shown(&self, file: &str) -> PathBuf {
        self.root().join("groups").join(GROUP).join(file)
    }

    pub(crate) async fn outcome(&self, op: StorageOp, mode: Mode) -> Outcome<Receipt> {
        StorageAdapter::apply(&*self.store, &context(&self.name, mode), &op).await
    }

    pub(crate) async fn done(&self, op: StorageOp, mode: Mode) -> Receipt {
        match self.outcome(op.clone(), mode).await {
            Outcome::Done(receipt) => receipt,
            other => panic!("{op:?} at {}: {other:?}", self.name),
        }
    }

    pub(crate) async fn refused(&self, op: StorageOp, mode: Mode) -> Reason {
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

    pub(crate) async fn until(&self, what: &str, met: impl Fn(&GroupState) -> bool) -> GroupState {
        for _ in 0..400 {
            let state = self.state().await;
            if met(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what} does not come at {}: {:#?}", self.name, self.state().await);
    }
}

async fn open(name: &str, config: &serde_json::Value, daemon: &Daemon) -> Arc<Cdp> {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    let now: Now = Arc::new(now);
    Cdp::open(config, name.into(), now, Arc::new(daemon.replicator())).await.unwrap()
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
