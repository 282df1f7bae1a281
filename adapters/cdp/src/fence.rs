//! Keeps the other site out.
//!
//! A fence is remembered here and told to the other site, which then lets nobody write any more. It
//! holds when the other site says so itself; a site that does not answer may go on writing, and is only
//! kept from sending that here.

use async_trait::async_trait;
use muster_contract::{
    AdapterError, ErrorClass, FenceState, FencingAdapter, FencingOp, Mode, Observation, Observed,
    OpContext, Operation, Outcome, Query, Reason, Receipt,
};
use muster_plans::id::SiteName;

use crate::error::{Stop, missing, not_now, outcome};
use crate::store::Cdp;

#[async_trait]
impl FencingAdapter for Cdp {
    async fn apply(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        let _under_way = self.under_way(Operation::Fencing(op.clone()).object());
        outcome(match op {
            FencingOp::FenceSite { site } => self.set(ctx, site, true).await,
            FencingOp::UnfenceSite { site } => self.set(ctx, site, false).await,
            FencingOp::PowerOffHost { host } => {
                let message = format!("storage cannot power off {host}");
                Err(Reason { class: ErrorClass::Unsupported, message }.into())
            }
        })
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let as_of = self.now();
        let Query::Fence(site) = query else {
            let message = "fencing does not answer this";
            return Err(AdapterError::new(ErrorClass::Unsupported, message));
        };
        let state = Observation::Fence(self.fence_state(site).await);
        Ok(Observed { as_of, pending: Vec::new(), state })
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        Ok(self.idle(object))
    }
}

impl Cdp {
    async fn set(&self, ctx: &OpContext, site: &SiteName, up: bool) -> Result<Receipt, Stop> {
        if *site == self.site {
            return Err(not_now("a site cannot fence itself").into());
        }
        if site != self.peer_site() {
            return Err(missing(format!("the site {site}")).into());
        }
        let receipt = |already| Receipt { already, at: Some(self.now()), note: None };
        if self.fence().raised == up {
            return Ok(receipt(true));
        }
        if ctx.dry_run {
            return Ok(receipt(false));
        }
        self.set_fence(|fence| fence.raised = up).await.map_err(Stop::unknown)?;
        if up {
            // What is mirrored here comes over lines that are open already.
            for group in self.groups() {
                let _leg = group.leg.lock().await;
                self.settle_mirror(&group).await.map_err(Stop::unknown)?;
            }
        }
        // In an unplanned run it hears of it from the loop, when it answers that again.
        if ctx.mode != Mode::Unplanned {
            self.tell().await;
        }
        Ok(receipt(false))
    }

    async fn fence_state(&self, site: &SiteName) -> FenceState {
        if site != self.peer_site() || !self.fence().raised {
            return FenceState::Unfenced;
        }
        match self.exchange(true).await {
            Ok(answer) if answer.writers.as_ref().is_some_and(Vec::is_empty) => FenceState::Fenced,
            Ok(answer) => {
                tracing::warn!(writers = ?answer.writers, "the fenced site can still write");
                FenceState::Asked
            }
            Err(_) => FenceState::Asked,
        }
    }
}
