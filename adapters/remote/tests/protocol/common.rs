//! A small site in memory, and helpers to put it on the network.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use muster_adapter_remote::client::{Now, RemoteOptions, RemoteSite};
use muster_contract::{
    AdapterError, BubbleState, Capabilities, ErrorClass, FenceDomain, FenceLevel, HypervisorOp,
    Mode, Observation, Observed, OpContext, OpId, OpStatus, Operation, OperationKind, Outcome,
    PROTOCOL_VERSION, Query, Receipt, SiteAdapter, Token,
};
use muster_plans::id::{RunId, RunTag, SiteName};
use muster_plans::inventory::{Link, SiteInventory, Witness};
use muster_plans::time::{Span, Time};

/// The hour at which all tests take place.
pub(crate) const NOON: Time = Time(1_700_000_000_000);

/// Answers that a test scripts; the rest is a site that knows bubbles only.
pub(crate) struct Scripted {
    pub(crate) site: SiteName,
    pub(crate) bubbles: Mutex<BTreeMap<String, RunTag>>,
    pub(crate) ended: Mutex<BTreeMap<OpId, Outcome<Receipt>>>,
    pub(crate) entered: AtomicUsize,
    pub(crate) effects: AtomicUsize,
    pub(crate) outcome: Mutex<Option<Outcome<Receipt>>>,
    pub(crate) error: Mutex<Option<AdapterError>>,
    pub(crate) gate: tokio::sync::Semaphore,
    pub(crate) gated: AtomicBool,
    pub(crate) panics: AtomicBool,
    pub(crate) cancelled: Mutex<BTreeSet<OpId>>,
    pub(crate) deadlines: Mutex<Vec<Time>>,
}

impl Scripted {
    pub(crate) fn new(site: &str) -> Arc<Scripted> {
        Arc::new(Scripted {
            site: site.into(),
            bubbles: Mutex::default(),
            ended: Mutex::default(),
            entered: AtomicUsize::new(0),
            effects: AtomicUsize::new(0),
            outcome: Mutex::new(None),
            error: Mutex::new(None),
            gate: tokio::sync::Semaphore::new(0),
            gated: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            cancelled: Mutex::default(),
            deadlines: Mutex::default(),
        })
    }

    fn scripted<T>(&self, value: T) -> Result<T, AdapterError> {
        self.error.lock().unwrap().clone().map_or(Ok(value), Err)
    }
}

#[async_trait]
impl SiteAdapter for Scripted {
    fn site(&self) -> &SiteName {
        &self.site
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        self.scripted(Capabilities {
            protocol: PROTOCOL_VERSION,
            site: self.site.clone(),
            product: "scripted".to_owned(),
            version: "1".to_owned(),
            operations: BTreeMap::from([
                (OperationKind::CreateBubble, FenceLevel::None),
                (OperationKind::DropBubble, FenceLevel::None),
            ]),
            methods: Vec::new(),
            stretched_rtt_ms: (10.0, 5.0),
        })
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        self.scripted(SiteInventory::empty(self.site.clone(), NOON))
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        let witness = Witness { name: "rome".into(), sites: vec![self.site.clone()], up: true };
        self.scripted((Vec::new(), vec![witness]))
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        assert!(!self.panics.load(Ordering::SeqCst), "as planned");
        self.entered.fetch_add(1, Ordering::SeqCst);
        self.deadlines.lock().unwrap().push(ctx.deadline);
        if self.gated.load(Ordering::SeqCst) {
            self.gate.acquire().await.unwrap().forget();
        }
        self.effects.fetch_add(1, Ordering::SeqCst);
        if let Operation::Hypervisor(HypervisorOp::CreateBubble { name }) = op {
            let tag = ctx.run_tag.clone().unwrap();
            self.bubbles.lock().unwrap().insert(name.to_string(), tag);
        }
        let scripted = self.outcome.lock().unwrap().clone();
        let outcome = scripted.unwrap_or_else(|| Outcome::Done(Receipt::default()));
        self.ended.lock().unwrap().insert(ctx.op_id, outcome.clone());
        outcome
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let state = match query {
            Query::Bubble(name) => {
                let bubbles = self.bubbles.lock().unwrap();
                let tag = bubbles.get(name.as_str()).cloned();
                Observation::Bubble(tag.map(|tag| BubbleState { tag }))
            }
            Query::Alive => Observation::Alive { high_water: Token::default() },
            _ => return Err(AdapterError::new(ErrorClass::Unsupported, "bubbles only")),
        };
        self.scripted(Observed { as_of: NOON, pending: Vec::new(), state })
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        let ended = self.ended.lock().unwrap().get(id).cloned();
        self.scripted(ended.map_or(OpStatus::NotKnown, OpStatus::Ended))
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        self.cancelled.lock().unwrap().insert(*id);
        Outcome::Done(())
    }

    async fn raise_fence(&self, _: &FenceDomain, token: Token) -> Outcome<Token> {
        Outcome::Done(Token { seq: token.seq + 1, ..token })
    }
}

pub(crate) fn op_id(step: u32) -> OpId {
    let run = "018f3c5a-0000-7000-8000-000000000001";
    let run: RunId = serde_json::from_value(run.into()).unwrap();
    OpId { run, step, attempt: 0, undo: false }
}

pub(crate) fn context(step: u32) -> OpContext {
    OpContext {
        op_id: op_id(step),
        token: Token { incarnation: 1, epoch: 1, seq: u64::from(step) },
        domain: FenceDomain { site: "paris".into(), group: Some("erp".into()) },
        deadline: NOON + Span::secs(60),
        dry_run: false,
        mode: Mode::Test,
        run_tag: Some("t-1".into()),
    }
}

pub(crate) fn bubble(name: &str) -> Operation {
    Operation::Hypervisor(HypervisorOp::CreateBubble { name: name.into() })
}

pub(crate) fn noon() -> Now {
    Arc::new(|| NOON)
}

/// Puts a router on a port of its own, in a runtime of its own: ending it ends every connection in
/// the middle, as a kill does.
pub(crate) fn listen_killable(router: Router) -> (String, tokio::runtime::Runtime) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let entered = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    runtime.handle().spawn(async move { axum::serve(listener, router).await.unwrap() });
    drop(entered);
    (address, runtime)
}

/// Puts a router on a port of its own; dropping the answer's task set ends it.
pub(crate) async fn listen(router: Router) -> (String, tokio::task::JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, tasks)
}

pub(crate) fn remote(address: &str) -> RemoteSite {
    remote_with(address, |_| {})
}

pub(crate) fn remote_with(address: &str, change: impl FnOnce(&mut RemoteOptions)) -> RemoteSite {
    let mut options = RemoteOptions::new(noon());
    options.connect_timeout = Duration::from_millis(500);
    change(&mut options);
    RemoteSite::new("paris".into(), address, options).unwrap()
}
