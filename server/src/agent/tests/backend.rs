//! A backend that knows bubbles, counts its effects and can be held up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, FenceLevel, Observation, Observed,
    OpContext, OpId, OpStatus, Operation, OperationKind, Outcome, PROTOCOL_VERSION, Query, Receipt,
    SiteAdapter, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};
use tokio::sync::Semaphore;

use super::NOON;

pub(super) struct Backend {
    site: SiteName,
    effects: Mutex<Vec<String>>,
    ended: Mutex<BTreeMap<OpId, Outcome<Receipt>>>,
    /// What `execute` answers instead of `Done`; the effect happens all the same.
    pub(super) answer: Mutex<Option<Outcome<Receipt>>>,
    /// Whether it keeps operation ids and tokens.
    pub(super) remembers: AtomicBool,
    /// Whether it says of what has not ended that it is still at it.
    pub(super) works: AtomicBool,
    /// Whether it knows that nothing is under way at an object; `None`: it cannot say.
    pub(super) idle: Mutex<Option<bool>>,
    /// What it answers to a cancel.
    pub(super) cancels: Mutex<Outcome<()>>,
    /// Every operation waits for a permit of the gate first.
    pub(super) gated: AtomicBool,
    pub(super) gate: Semaphore,
    pub(super) entered: AtomicUsize,
    /// How many are inside, by object: never more than one.
    inside: Mutex<BTreeMap<String, usize>>,
    pub(super) high_water: Mutex<Token>,
    /// A ledger that must hold the operation before it has its effect.
    pub(super) ledger: Mutex<Option<PathBuf>>,
}

impl Backend {
    pub(super) fn new() -> Backend {
        Backend {
            site: "paris".into(),
            effects: Mutex::default(),
            ended: Mutex::default(),
            answer: Mutex::default(),
            remembers: AtomicBool::new(true),
            works: AtomicBool::new(false),
            idle: Mutex::new(None),
            cancels: Mutex::new(Outcome::unknown("too late, perhaps")),
            gated: AtomicBool::new(false),
            gate: Semaphore::new(0),
            entered: AtomicUsize::new(0),
            inside: Mutex::default(),
            high_water: Mutex::default(),
            ledger: Mutex::default(),
        }
    }

    /// Objects in the order of their effects.
    pub(super) fn effects(&self) -> Vec<String> {
        self.effects.lock().unwrap().clone()
    }

    pub(super) fn hold(&self) {
        self.gated.store(true, Ordering::SeqCst);
    }

    pub(super) fn let_in(&self, operations: usize) {
        self.gate.add_permits(operations);
    }

    /// Waits until so many operations have come in.
    pub(super) async fn entered(&self, operations: usize) {
        while self.entered.load(Ordering::SeqCst) < operations {
            tokio::task::yield_now().await;
        }
    }

    /// As if it had never heard of the operation.
    pub(super) fn forget(&self, id: &OpId) {
        self.ended.lock().unwrap().remove(id);
    }

    /// The effect that a killed agent did not see.
    pub(super) fn finish(&self, id: &OpId, object: &str) {
        self.effects.lock().unwrap().push(object.to_owned());
        self.ended.lock().unwrap().insert(*id, super::done());
    }

    /// It stopped in the middle, and says so.
    pub(super) fn stop_half_way(&self, id: &OpId) {
        self.ended.lock().unwrap().insert(*id, Outcome::unknown("it stopped half way"));
    }

    /// Whoever was inside is gone.
    pub(super) fn restart(&self) {
        self.inside.lock().unwrap().clear();
    }

    pub(super) fn rename(&mut self, site: &str) {
        self.site = site.into();
    }

    fn remembers(&self) -> bool {
        self.remembers.load(Ordering::SeqCst)
    }

    fn assert_intent(&self, ctx: &OpContext) {
        if let Some(path) = &*self.ledger.lock().unwrap() {
            let text = std::fs::read_to_string(path).unwrap();
            let intent = format!(r#"{{"intent":{{"id":"{}""#, ctx.op_id);
            assert!(text.contains(&intent), "no intent on disk: {text}");
        }
    }
}

#[async_trait]
impl SiteAdapter for Backend {
    fn site(&self) -> &SiteName {
        &self.site
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        assert!(object.starts_with("bubble/"), "{object}");
        let cannot = || AdapterError::new(ErrorClass::Unsupported, "it cannot say");
        self.idle.lock().unwrap().ok_or_else(cannot)
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        Ok(Capabilities {
            protocol: PROTOCOL_VERSION,
            site: self.site.clone(),
            product: "bubbles".to_owned(),
            version: "1".to_owned(),
            operations: BTreeMap::from([
                (OperationKind::CreateBubble, FenceLevel::None),
                (OperationKind::DropBubble, FenceLevel::Native),
            ]),
            methods: Vec::new(),
            stretched_rtt_ms: (10.0, 5.0),
        })
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        Ok(SiteInventory::empty(self.site.clone(), NOON))
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        Ok((Vec::new(), Vec::new()))
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        self.assert_intent(ctx);
        let object = op.object();
        {
            let mut inside = self.inside.lock().unwrap();
            let here = inside.entry(object.clone()).or_default();
            *here += 1;
            assert_eq!(*here, 1, "two at once on {object}");
        }
        self.entered.fetch_add(1, Ordering::SeqCst);
        if self.gated.load(Ordering::SeqCst) {
            self.gate.acquire().await.unwrap().forget();
        }
        if !ctx.dry_run {
            self.effects.lock().unwrap().push(object.clone());
        }
        let answer = self.answer.lock().unwrap().clone();
        let outcome = answer.unwrap_or_else(super::done);
        if self.remembers() {
            self.ended.lock().unwrap().insert(ctx.op_id, super::done());
        }
        *self.inside.lock().unwrap().get_mut(&object).unwrap() -= 1;
        outcome
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let high_water = *self.high_water.lock().unwrap();
        let state = match query {
            Query::Alive => Observation::Alive { high_water },
            _ => Observation::Bubble(None),
        };
        Ok(Observed { as_of: NOON, pending: Vec::new(), state })
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        if !self.remembers() {
            return Err(AdapterError::new(ErrorClass::Unsupported, "it keeps no operation ids"));
        }
        let ended = self.ended.lock().unwrap().get(id).cloned();
        let open = match self.works.load(Ordering::SeqCst) {
            true => OpStatus::Pending,
            false => OpStatus::NotKnown,
        };
        Ok(ended.map_or(open, OpStatus::Ended))
    }

    async fn cancel(&self, _: &OpId) -> Outcome<()> {
        self.cancels.lock().unwrap().clone()
    }

    async fn raise_fence(&self, _: &FenceDomain, _: Token) -> Outcome<Token> {
        Outcome::refused(ErrorClass::Unsupported, "it knows no tokens")
    }
}
