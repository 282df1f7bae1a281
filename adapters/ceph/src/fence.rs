//! Keeps the other site's hosts out.
//!
//! They write to the cluster that this site uses as well, of a stretched one, and to their own, of a mirrored
//! pair. The latter can be told only where `peerConf` says how, and not by an unplanned run: then the fence is
//! recorded here, and no evidence.

use async_trait::async_trait;
use muster_contract::{
    AdapterError, ErrorClass, FenceState, FencingAdapter, FencingOp, Observation, Observed,
    OpContext, Operation, Outcome, Query, Receipt,
};
use muster_plans::id::SiteName;

use crate::cli::{Cli, PEER_LIMIT};
use crate::decide;
use crate::error::{Error, Stop, changing, later, missing, not_now, outcome, unsupported};
use crate::state::Fence;
use crate::store::Ceph;

#[async_trait]
impl FencingAdapter for Ceph {
    async fn apply(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        let object = Operation::Fencing(op.clone()).object();
        let _under_way = self.under_way(object.clone());
        let result = async {
            let _turn = self.turn(ctx, &object).await?;
            let work = async {
                match op {
                    FencingOp::FenceSite { site } => self.keep_out(ctx, site).await,
                    FencingOp::UnfenceSite { site } => self.let_in(ctx, site).await,
                    FencingOp::PowerOffHost { host } => {
                        Err(unsupported(format!("storage cannot power off {host}")).into())
                    }
                }
            };
            match tokio::time::timeout(self.left(ctx), work).await {
                Ok(result) => result,
                Err(_) => Err(Stop::unknown("it was not over at the deadline")),
            }
        };
        outcome(result.await)
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let as_of = self.now();
        let Query::Fence(site) = query else {
            let message = "fencing does not answer this";
            return Err(AdapterError::new(ErrorClass::Unsupported, message));
        };
        let state = Observation::Fence(self.fence_state(site).await?);
        Ok(Observed { as_of, pending: Vec::new(), state })
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        Ok(self.idle(object))
    }
}

impl Ceph {
    /// The cluster that the other site's hosts write to; `None`: it cannot be told anything.
    fn theirs(&self, ctx: Option<&OpContext>) -> Option<Cli> {
        match (self.config.is_stretched(), ctx) {
            (true, Some(ctx)) => Some(self.cli(ctx)),
            (true, None) => Some(self.cli.clone()),
            (false, Some(ctx)) => self.reach(ctx),
            (false, None) => self.peer_cli.as_ref().map(|cli| cli.within(PEER_LIMIT)),
        }
    }

    fn may_fence(&self, ctx: &OpContext, site: &SiteName) -> Result<(), Stop> {
        if *site == self.site {
            return Err(not_now("a site cannot fence itself").into());
        }
        if *site != self.config.peer {
            return Err(missing(format!("the site {site}")).into());
        }
        if matches!(ctx.mode, muster_contract::Mode::Test | muster_contract::Mode::Cleanup) {
            return Err(not_now("a test does not touch production").into());
        }
        Ok(())
    }

    async fn keep_out(&self, ctx: &OpContext, site: &SiteName) -> Result<Receipt, Stop> {
        self.may_fence(ctx, site)?;
        let nets = self.config.clients_of(site);
        if nets.is_empty() && self.config.is_stretched() {
            return Err(not_now(format!("the configuration names no hosts of {site}")).into());
        }
        let raised = self.fence()?.raised;
        let cli = self.theirs(ctx.into());
        let now = self.now();
        // A stretched cluster must answer; a peer's may be gone.
        let list = match &cli {
            None => None,
            Some(cli) => match cli.blocklist().await {
                Ok(list) => Some(list),
                Err(error) if self.config.is_stretched() => return Err(error.into()),
                Err(_) => None,
            },
        };
        let holds = list.as_ref().is_some_and(|list| decide::fence::holds(nets, list, now));
        if raised && (holds || list.is_none()) {
            return Ok(self.already());
        }
        if ctx.dry_run {
            return Ok(self.done(format!("{} ranges would be kept out", nets.len())));
        }
        self.note_fence(Fence { raised: true })?;
        let mut note = Some(format!("it cannot be told to the cluster of {site} now"));
        if let (Some(cli), Some(list)) = (cli, list) {
            let mut changed = false;
            for net in nets.iter().filter(|net| !decide::fence::holds(&[**net], &list, now)) {
                let stop = match cli.block(*net).await.map_err(changing(changed)) {
                    Ok(()) => {
                        changed = true;
                        continue;
                    }
                    Err(stop) => stop,
                };
                if matches!(stop, Stop::Refused(_)) && !raised {
                    // What the cluster refuses is nowhere, and must not be said to have been asked for.
                    self.note_fence(Fence { raised: false }).map_err(Stop::unknown)?;
                }
                return Err(stop);
            }
            note = None;
        }
        Ok(self.done(note))
    }

    async fn let_in(&self, ctx: &OpContext, site: &SiteName) -> Result<Receipt, Stop> {
        self.may_fence(ctx, site)?;
        let nets = self.config.clients_of(site);
        let raised = self.fence()?.raised;
        let Some(cli) = self.theirs(ctx.into()) else {
            // It was never told to anybody.
            if raised && !ctx.dry_run {
                self.note_fence(Fence { raised: false })?;
            }
            return Ok(if raised { self.done(None) } else { self.already() });
        };
        if !raised {
            return Ok(self.already());
        }
        let list = cli.blocklist().await.map_err(|error| {
            later(format!("the cluster that {site} writes to must let it in: {error}"))
        })?;
        if ctx.dry_run {
            return Ok(self.done(None));
        }
        let now = self.now();
        for net in nets.iter().filter(|net| list.touches(net, now)) {
            cli.unblock(*net).await.map_err(Stop::unknown)?;
        }
        let list = cli.blocklist().await.map_err(Stop::unknown)?;
        if let Some(net) = nets.iter().find(|net| list.touches(net, now)) {
            // Somebody else keeps out more or less than we did.
            return Err(Stop::unknown(format!("hosts of {net} are still kept out")));
        }
        self.note_fence(Fence { raised: false }).map_err(Stop::unknown)?;
        Ok(self.done(None))
    }

    async fn fence_state(&self, site: &SiteName) -> Result<FenceState, Error> {
        let raised = self.fence()?.raised && *site == self.config.peer;
        let shared = self.config.is_stretched();
        let list = match self.theirs(None).filter(|_| raised) {
            None => None,
            Some(cli) => match cli.blocklist().await {
                Ok(list) => Some(list),
                Err(error) if shared => return Err(error),
                Err(error) => {
                    tracing::info!(%error, "whether a fence holds cannot be read back");
                    None
                }
            },
        };
        let nets = self.config.clients_of(site);
        Ok(decide::fence::fence(raised, shared, nets, list.as_ref(), self.now()))
    }
}
