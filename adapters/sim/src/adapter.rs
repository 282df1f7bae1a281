//! The site adapter over a simulated site, and its three parts.

use std::sync::Arc;

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, FenceLevel, FencingAdapter, FencingOp,
    HypervisorAdapter, HypervisorOp, Observed, OpContext, OpId, OpStatus, Operation, OperationKind,
    Outcome, PROTOCOL_VERSION, Query, Receipt, SiteAdapter, StorageAdapter, StorageOp, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};
use muster_plans::mobility::Method;

use crate::look::{no_answer, object};
use crate::persist::{Input, StoreError};
use crate::pipeline::Answer;
use crate::sim::{Shared, State};

/// One site of a simulated world.
#[derive(Clone)]
pub struct SimSite {
    name: SiteName,
    shared: Arc<Shared>,
}

/// What cannot be written down is not answered: after a restart nobody would know of it.
fn unwritten(error: &StoreError) -> String {
    tracing::error!(error = %error, "sim.state");
    "the simulator cannot write its state".to_owned()
}

impl SimSite {
    pub(crate) fn new(name: SiteName, shared: Arc<Shared>) -> SimSite {
        SimSite { name, shared }
    }

    /// Its storage alone.
    pub fn storage(&self) -> SimStorage {
        SimStorage(self.clone())
    }

    /// Its hypervisor alone.
    pub fn hypervisor(&self) -> SimHypervisor {
        SimHypervisor(self.clone())
    }

    /// Its fencing alone.
    pub fn fencing(&self) -> SimFencing {
        SimFencing(self.clone())
    }

    fn submit(&self, ctx: &OpContext, op: &Operation) -> Answer {
        self.shared.at_now(|state| {
            let ctx = OpContext { deadline: state.instant(ctx.deadline), ..ctx.clone() };
            let input = Input::Submit {
                site: self.name.clone(),
                ctx: Box::new(ctx.clone()),
                op: Box::new(op.clone()),
            };
            match state.write(&input) {
                Ok(()) => state.world.submit(&self.name, &ctx, op),
                Err(error) => Answer::At(state.world.now(), Outcome::unknown(unwritten(&error))),
            }
        })
    }

    fn poll(&self, ctx: &OpContext) -> Answer {
        self.shared.at_now(|state| {
            let deadline = state.instant(ctx.deadline);
            state.world.poll(&self.name, ctx.op_id, deadline)
        })
    }

    /// `None` where the answer could be given; the error text where it could not be written down.
    fn answer(&self) -> Option<String> {
        self.shared.at_now(|state| state.write_answer().err().map(|error| unwritten(&error)))
    }

    /// A look at the world as it is now, if the site answers.
    fn look<R>(&self, then: impl FnOnce(&mut State) -> Option<R>) -> Result<R, AdapterError> {
        self.shared.at_now(|state| {
            if !state.world.reachable(&self.name) {
                return Err(no_answer());
            }
            let found = then(state);
            // What was seen must be seen again after a restart.
            state
                .write_answer()
                .map_err(|error| AdapterError::new(ErrorClass::Retry, unwritten(&error)))?;
            found.ok_or_else(no_answer)
        })
    }
}

#[async_trait]
impl SiteAdapter for SimSite {
    fn site(&self) -> &SiteName {
        &self.name
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        self.look(|_| {
            let operations = OperationKind::ALL.map(|kind| (kind, FenceLevel::Native));
            Some(Capabilities {
                protocol: PROTOCOL_VERSION,
                site: self.name.clone(),
                product: "Muster simulator".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                operations: operations.into_iter().collect(),
                methods: vec![
                    Method::VMotion,
                    Method::StorageVMotion,
                    Method::XvMotion,
                    Method::CrossManager,
                    Method::LongDistance,
                    Method::LongDistanceActiveActive,
                    Method::LongDistanceActivePassive,
                ],
                stretched_rtt_ms: (10.0, 5.0),
            })
        })
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        self.look(|state| state.world.inventory(&self.name))
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        self.look(|state| Some(state.world.surroundings(&self.name)))
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        self.shared.called(&self.name);
        let mut answer = self.submit(ctx, op);
        loop {
            let (until, outcome) = match answer {
                Answer::At(at, outcome) => (at, Some(outcome)),
                Answer::Wait(until) => (until, None),
            };
            let now = self.shared.at_now(|state| state.world.now());
            if until > now {
                self.shared.clock.sleep(until.since(now)).await;
            }
            if let Some(outcome) = outcome {
                return self.answer().map_or(outcome, Outcome::unknown);
            }
            answer = self.poll(ctx);
        }
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.shared.called(&self.name);
        self.shared.at_now(|state| {
            let written = if state.world.query_fault(&self.name, &object(query)).is_some() {
                state.write(&Input::Query { site: self.name.clone(), query: query.clone() })
            } else {
                state.write_answer()
            };
            written.map_err(|error| AdapterError::new(ErrorClass::Retry, unwritten(&error)))?;
            state.world.query(&self.name, query)
        })
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.look(|state| Some(state.world.status(&self.name, id)))?
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        self.shared.at_now(|state| {
            match state.write(&Input::Cancel { site: self.name.clone(), id: *id }) {
                Ok(()) => state.world.cancel(&self.name, id),
                Err(error) => Outcome::unknown(unwritten(&error)),
            }
        })
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        self.shared.at_now(|state| {
            let (site, domain) = (self.name.clone(), domain.clone());
            let input = Input::Raise { site, domain: domain.clone(), token };
            match state.write(&input) {
                Ok(()) => state.world.raise(&self.name, &domain, token),
                Err(error) => Outcome::unknown(unwritten(&error)),
            }
        })
    }
}

/// The storage of a simulated site.
#[derive(Clone)]
pub struct SimStorage(SimSite);

/// The hypervisor of a simulated site.
#[derive(Clone)]
pub struct SimHypervisor(SimSite);

/// The fencing of a simulated site.
#[derive(Clone)]
pub struct SimFencing(SimSite);

#[async_trait]
impl StorageAdapter for SimStorage {
    async fn apply(&self, ctx: &OpContext, op: &StorageOp) -> Outcome<Receipt> {
        self.0.execute(ctx, &Operation::Storage(op.clone())).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.0.query(query).await
    }

    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        let all = self.0.inventory().await?;
        into.containers = all.containers;
        into.endpoints = all.endpoints;
        into.volumes = all.volumes;
        into.groups = all.groups;
        Ok(())
    }
}

#[async_trait]
impl HypervisorAdapter for SimHypervisor {
    async fn apply(&self, ctx: &OpContext, op: &HypervisorOp) -> Outcome<Receipt> {
        self.0.execute(ctx, &Operation::Hypervisor(op.clone())).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.0.query(query).await
    }

    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        let all = self.0.inventory().await?;
        into.managers = all.managers;
        into.clusters = all.clusters;
        into.hosts = all.hosts;
        into.networks = all.networks;
        into.vms = all.vms;
        Ok(())
    }
}

#[async_trait]
impl FencingAdapter for SimFencing {
    async fn apply(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        self.0.execute(ctx, &Operation::Fencing(op.clone())).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.0.query(query).await
    }
}
