//! A site with one defect that only a hand finds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, HypervisorOp, Mode, Observation, Observed,
    OpContext, OpId, OpStatus, Operation, Outcome, Query, Receipt, SiteAdapter, StorageOp, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, RecoveryPoint, SiteInventory, Witness};
use muster_plans::time::Span;

use crate::stand::TOKEN;

/// Which defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    ForgetsIdsAtRestart,
    ResetsTokensAtRestart,
    ComparesTokensAtTheDoor,
    CallsWhatIsUnknownRefused,
    AsksTheFailedSite,
    PromotesWithoutEvidence,
    CallsHalfDone,
    FindsByName,
    Storms,
    CallsExpiredBusy,
    TellsItsToken,
    TakesNonsenseForAnEmptySite,
    WorksOnOneObjectAtATime,
    KeepsItsGeneration,
    IgnoresWhatIsKnownOfGenerations,
    ListsPointsThatAreOnTheirWay,
    RunsWhatIsLocked,
    ConnectsNothing,
}

pub(crate) struct Defective {
    defect: Defect,
    site: Arc<dyn SiteAdapter>,
    life: u32,
    count: AtomicU64,
    floor: Mutex<Token>,
    highs: Mutex<BTreeMap<String, Token>>,
    names: Mutex<BTreeMap<muster_plans::id::VmId, Arc<str>>>,
    one: tokio::sync::Mutex<()>,
}

impl Defective {
    pub(crate) fn new(defect: Defect, site: Arc<dyn SiteAdapter>, life: u32) -> Defective {
        Defective {
            defect,
            site,
            life,
            count: AtomicU64::new(0),
            floor: Mutex::default(),
            highs: Mutex::default(),
            names: Mutex::default(),
            one: tokio::sync::Mutex::default(),
        }
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    /// The id as the site underneath knows it.
    fn id(&self, id: &OpId) -> OpId {
        let life = if self.is(Defect::ForgetsIdsAtRestart) { self.life } else { 0 };
        OpId { attempt: id.attempt + 1000 * life, ..*id }
    }

    /// Compares when the request comes in, and never again.
    fn at_the_door(&self, ctx: &OpContext, op: &Operation) -> Result<(), Outcome<Receipt>> {
        let highs = self.highs.lock().unwrap();
        let high = highs.get(&op.object()).copied().unwrap_or_default();
        if ctx.token < high.max(*self.floor.lock().unwrap()) {
            return Err(Outcome::refused(ErrorClass::Precondition, "too low"));
        }
        Ok(())
    }

    async fn storming(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let mut answer = self.site.execute(ctx, op).await;
        for _ in 0..100 {
            match &answer {
                Outcome::Refused(reason) if reason.class == ErrorClass::Retry => {}
                _ => break,
            }
            tokio::task::yield_now().await;
            answer = self.site.execute(ctx, op).await;
        }
        answer
    }
}

#[async_trait]
impl SiteAdapter for Defective {
    fn site(&self) -> &SiteName {
        self.site.site()
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        self.site.capabilities().await
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        let found = self.site.inventory().await?;
        let mut names = self.names.lock().unwrap();
        for vm in &found.vms {
            names.entry(vm.id).or_insert_with(|| vm.name.clone());
        }
        Ok(found)
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        self.site.surroundings().await
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let mut ctx = OpContext { op_id: self.id(&ctx.op_id), ..ctx.clone() };
        let (original, kind) = (ctx.token, op.kind());
        let _one = if self.is(Defect::WorksOnOneObjectAtATime) {
            Some(self.one.lock().await)
        } else {
            None
        };
        match (self.defect, op) {
            (Defect::ResetsTokensAtRestart, _) => {
                ctx.token.seq += 1_000_000 * u64::from(self.life);
            }
            (Defect::ComparesTokensAtTheDoor, _) => {
                if let Err(refused) = self.at_the_door(&ctx, op) {
                    return refused;
                }
                ctx.token.seq += 1000 * (1 + self.count.fetch_add(1, Ordering::SeqCst));
            }
            (Defect::AsksTheFailedSite, Operation::Storage(StorageOp::Promote { group, .. }))
                if ctx.mode == Mode::Unplanned =>
            {
                let sync = Operation::Storage(StorageOp::Sync { group: group.clone() });
                let look = OpContext { dry_run: true, mode: Mode::Planned, ..ctx.clone() };
                self.site.execute(&look, &sync).await;
            }
            (
                Defect::PromotesWithoutEvidence,
                Operation::Storage(StorageOp::Promote { forced: false, .. }),
            )
            | (
                Defect::RunsWhatIsLocked,
                Operation::Hypervisor(HypervisorOp::PowerOn(
                    muster_contract::Instance::Production(_),
                )),
            )
            | (
                Defect::ConnectsNothing,
                Operation::Hypervisor(HypervisorOp::ConnectTestNics { .. }),
            ) => return Outcome::Done(Receipt::default()),
            (Defect::Storms, _) => return self.storming(&ctx, op).await,
            _ => {}
        }
        let mut op = op.clone();
        if let Operation::Storage(StorageOp::Promote { above, .. }) = &mut op
            && self.is(Defect::IgnoresWhatIsKnownOfGenerations)
        {
            *above = 0;
        }
        let answer = self.site.execute(&ctx, &op).await;
        if matches!(answer, Outcome::Done(_)) && self.is(Defect::ComparesTokensAtTheDoor) {
            self.highs.lock().unwrap().insert(op.object(), original);
        }
        match (self.defect, answer) {
            (Defect::CallsWhatIsUnknownRefused, Outcome::Unknown(hint)) => {
                Outcome::refused(ErrorClass::Retry, hint.message)
            }
            (Defect::CallsHalfDone, Outcome::Unknown(_))
                if kind == muster_contract::OperationKind::ConnectTestNics =>
            {
                Outcome::Done(Receipt::default())
            }
            (Defect::CallsExpiredBusy, Outcome::Refused(reason))
                if reason.class == ErrorClass::Auth =>
            {
                Outcome::refused(ErrorClass::Retry, reason.message)
            }
            (Defect::TellsItsToken, Outcome::Refused(reason)) => {
                let told = format!("{} (asked with Bearer {TOKEN})", reason.message);
                Outcome::refused(reason.class, told)
            }
            (_, answer) => answer,
        }
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let mut seen = match self.site.query(query).await {
            Err(error)
                if self.is(Defect::TakesNonsenseForAnEmptySite)
                    && error.class == ErrorClass::Bug =>
            {
                let state = Observation::Bubble(None);
                let as_of = self
                    .site
                    .query(&Query::Alive)
                    .await
                    .map_or_else(|_| muster_plans::time::Time::default(), |seen| seen.as_of);
                return Ok(Observed { as_of, pending: Vec::new(), state });
            }
            other => other?,
        };
        match (self.defect, query, &mut seen.state) {
            (Defect::FindsByName, Query::Vm(instance), state) => {
                let now = self.site.inventory().await?;
                let name = now.vms.iter().find(|vm| vm.id == instance.vm()).map(|vm| &vm.name);
                if name != self.names.lock().unwrap().get(&instance.vm()) {
                    *state = Observation::Vm(None);
                }
            }
            (Defect::KeepsItsGeneration, _, Observation::Group(Some(group))) => {
                group.generation = 1;
            }
            (Defect::ListsPointsThatAreOnTheirWay, _, Observation::Group(Some(group))) => {
                if let Some(newest) = group.points.first().cloned() {
                    let coming = RecoveryPoint {
                        id: "on-its-way".into(),
                        taken_at: seen.as_of + Span::mins(5),
                        ..newest
                    };
                    group.points.insert(0, coming);
                }
            }
            _ => {}
        }
        Ok(seen)
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.site.operation(&self.id(id)).await
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        self.site.cancel(&self.id(id)).await
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        if self.is(Defect::ComparesTokensAtTheDoor) {
            let mut floor = self.floor.lock().unwrap();
            *floor = (*floor).max(token);
            return Outcome::Done(*floor);
        }
        self.site.raise_fence(domain, token).await
    }
}
