//! Products that take every request for a new one, under whatever token.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use muster_adapter_sim::SimSite;
use muster_contract::{
    AdapterError, FencingAdapter, FencingOp, HypervisorAdapter, HypervisorOp, Observed, OpContext,
    Operation, Outcome, Query, Receipt, SiteAdapter, StorageAdapter, StorageOp, Token,
};
use muster_plans::inventory::SiteInventory;

pub(super) struct Careless {
    site: SimSite,
    requests: AtomicU32,
}

impl Careless {
    pub(super) fn new(site: SimSite) -> Careless {
        Careless { site, requests: AtomicU32::new(0) }
    }

    async fn ask(&self, ctx: &OpContext, op: Operation) -> Outcome<Receipt> {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        let mut ctx = ctx.clone();
        ctx.op_id.attempt = 1000 + request;
        ctx.token = Token { incarnation: 1000, epoch: 0, seq: request.into() };
        self.site.execute(&ctx, &op).await
    }

    async fn look(&self, query: &Query) -> Result<Observed, AdapterError> {
        let mut seen = SiteAdapter::query(&self.site, query).await?;
        seen.pending.clear();
        Ok(seen)
    }
}

#[async_trait]
impl StorageAdapter for Careless {
    async fn apply(&self, ctx: &OpContext, op: &StorageOp) -> Outcome<Receipt> {
        self.ask(ctx, Operation::Storage(op.clone())).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.look(query).await
    }

    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        self.site.storage().inventory(into).await
    }
}

#[async_trait]
impl HypervisorAdapter for Careless {
    async fn apply(&self, ctx: &OpContext, op: &HypervisorOp) -> Outcome<Receipt> {
        self.ask(ctx, Operation::Hypervisor(op.clone())).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.look(query).await
    }

    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        self.site.hypervisor().inventory(into).await
    }
}

#[async_trait]
impl FencingAdapter for Careless {
    async fn apply(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        self.ask(ctx, Operation::Fencing(op.clone())).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.look(query).await
    }
}
