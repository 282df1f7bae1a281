//! Sites to try on.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use muster_adapter_ceph::{Ceph, Config, Now};
use muster_contract::{
    FenceDomain, FenceState, FencingAdapter, FencingOp, GroupState, Mode, Observation, OpContext,
    OpId, Outcome, Query, Receipt, StorageAdapter, StorageOp, Token,
};
use muster_plans::id::{RunId, SiteName};
use muster_plans::time::{Span, Time};

pub(crate) const GROUP: &str = "shop";

/// A path that the environment names; `None` skips the test.
pub(crate) fn named(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok();
    if found.is_none() {
        eprintln!("skipped: {variable} names no cluster");
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "a real clock, for real clusters")]
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time(i64::try_from(since.as_millis()).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "the administrator and the VMs of the test")]
fn command(conf: &str, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(["--conf", conf]).args(&words[1..]).stdin(Stdio::null());
    command
}

/// What an administrator does.
pub(crate) fn run(conf: &str, words: &[&str]) -> String {
    let out = command(conf, words).output().unwrap();
    assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Something that writes to an image and holds its lock.
pub(crate) struct Writer(Child);

impl Writer {
    pub(crate) fn start(conf: &str, image: &str) -> Writer {
        let words = ["rbd", "bench", image, "--io-type", "write", "--io-total", "1T"];
        let mut command = command(conf, &words);
        let child = command.args(["--io-size", "4K", "--io-threads", "1"]);
        Writer(child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It lets its lock go, and nobody has to wait until that is seen to be dead.
        #[expect(clippy::disallowed_methods, reason = "ends what it has started itself")]
        let told = Command::new("kill").arg(self.0.id().to_string()).status();
        if told.is_err() {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

/// One site.
pub(crate) struct Site {
    pub(crate) name: SiteName,
    pub(crate) ceph: Arc<Ceph>,
    _state: tempfile::TempDir,
}

impl Site {
    pub(crate) fn open(name: &str, mut config: serde_json::Value) -> Site {
        let state = tempfile::tempdir().unwrap();
        config["state"] = state.path().display().to_string().into();
        config["user"] = "admin".into();
        config["clients"] =
            serde_json::json!({"paris": ["10.201.0.0/24"], "lyon": ["10.202.0.0/24"]});
        let config: Config = serde_json::from_value(config).unwrap();
        let clock: Now = Arc::new(now);
        let ceph = Ceph::open(config, name.into(), clock).unwrap();
        Site { name: name.into(), ceph, _state: state }
    }

    pub(crate) fn context(&self, mode: Mode) -> OpContext {
        static STEP: AtomicU32 = AtomicU32::new(0);
        let step = STEP.fetch_add(1, Ordering::SeqCst);
        OpContext {
            op_id: OpId { run: RunId(uuid::Uuid::from_u128(7)), step, attempt: 0, undo: false },
            token: Token::default(),
            domain: FenceDomain { site: self.name.clone(), group: Some(GROUP.into()) },
            deadline: now() + Span::secs(90),
            dry_run: false,
            mode,
            run_tag: matches!(mode, Mode::Test | Mode::Cleanup).then(|| "test-7".into()),
        }
    }

    pub(crate) async fn apply(&self, mode: Mode, op: &StorageOp) -> Outcome<Receipt> {
        let begun = now();
        let outcome = StorageAdapter::apply(&*self.ceph, &self.context(mode), op).await;
        eprintln!("{:>9} {op:?} -> {outcome:?}", format!("{}", now().since(begun)));
        outcome
    }

    pub(crate) async fn done(&self, mode: Mode, op: &StorageOp) -> Receipt {
        match self.apply(mode, op).await {
            Outcome::Done(receipt) => receipt,
            other => panic!("{}: {op:?}: {other:?}", self.name),
        }
    }

    pub(crate) async fn refused(&self, mode: Mode, op: &StorageOp) -> String {
        match self.apply(mode, op).await {
            Outcome::Refused(reason) => reason.message,
            other => panic!("{}: {op:?}: {other:?}", self.name),
        }
    }

    pub(crate) async fn fence(&self, mode: Mode, op: &FencingOp) -> Outcome<Receipt> {
        let outcome = FencingAdapter::apply(&*self.ceph, &self.context(mode), op).await;
        eprintln!("          {op:?} -> {outcome:?}");
        outcome
    }

    pub(crate) async fn fenced(&self, site: &str) -> FenceState {
        let seen = FencingAdapter::query(&*self.ceph, &Query::Fence(site.into())).await.unwrap();
        let Observation::Fence(state) = seen.state else { panic!("{seen:?}") };
        state
    }

    pub(crate) async fn look(&self) -> GroupState {
        let query = Query::Group(GROUP.into());
        let seen = StorageAdapter::query(&*self.ceph, &query).await.unwrap();
        let Observation::Group(Some(state)) = seen.state else { panic!("{seen:?}") };
        state
    }

    /// Looks until it is as wanted, for two minutes at most.
    pub(crate) async fn until(
        &self,
        what: &str,
        wanted: impl Fn(&GroupState) -> bool,
    ) -> GroupState {
        let begun = now();
        loop {
            let state = self.look().await;
            if wanted(&state) {
                eprintln!("{:>9} until {what}", format!("{}", now().since(begun)));
                return state;
            }
            assert!(now().since(begun) < Span::mins(2), "{}: {what}: {state:?}", self.name);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

pub(crate) fn promote(forced: bool, above: u64) -> StorageOp {
    StorageOp::Promote { group: GROUP.into(), point: None, forced, above }
}

pub(crate) fn demote() -> StorageOp {
    StorageOp::Demote { group: GROUP.into() }
}

pub(crate) fn sync() -> StorageOp {
    StorageOp::Sync { group: GROUP.into() }
}

pub(crate) fn reverse() -> StorageOp {
    StorageOp::Reverse { group: GROUP.into() }
}
