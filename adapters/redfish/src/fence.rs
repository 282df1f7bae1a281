//! Switches hosts off, one or all of a site, and says whether they are still off.
//!
//! A fence is a hold that is remembered here, and all hosts of the site read to be off at the moment of the question.
//! The hold is written down before the first host is told anything, so that whoever comes back after a kill finds what
//! was wanted; that a host was switched off is never taken from a file.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use muster_contract::stop::{later, missing, not_now};
use muster_contract::{
    AdapterError, ErrorClass, FenceState, FencingAdapter, FencingOp, Mode, Observation, Observed,
    OpContext, Operation, Outcome, Query, Receipt, Stop,
};
use muster_plans::id::{HostId, SiteName};
use tokio::time::{Instant, timeout, timeout_at};

use crate::decide::{self, Power};
use crate::host::Host;
use crate::power::HostPower;
use crate::state::Hold;

/// How long a question about a fence may take: who asks waits for ten seconds.
const QUESTION: Duration = Duration::from_secs(8);

#[async_trait]
impl FencingAdapter for HostPower {
    async fn apply(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        let _under_way = self.under_way(Operation::Fencing(op.clone()).object());
        let result = match op {
            FencingOp::FenceSite { site } => self.keep_out(ctx, site).await,
            FencingOp::UnfenceSite { site } => self.let_in(ctx, site).await,
            FencingOp::PowerOffHost { host } => self.switch_off(ctx, host).await,
        };
        result.into()
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        // The older end: a host is off since then at least.
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

impl HostPower {
    async fn switch_off(&self, ctx: &OpContext, id: &HostId) -> Result<Receipt, Stop> {
        may(ctx)?;
        let host = self.hosts.iter().find(|host| host.id == *id);
        let host = host.ok_or_else(|| missing(format!("the host {id}")))?;
        let end = self.end(ctx)?;
        if ctx.dry_run {
            return self.rehearse(&[host], end).await;
        }
        let already = decide::site::one(host.off(end).await)?;
        Ok(self.receipt(already, None))
    }

    async fn keep_out(&self, ctx: &OpContext, site: &SiteName) -> Result<Receipt, Stop> {
        may(ctx)?;
        let hosts = self.of_peer(site)?;
        let end = self.end(ctx)?;
        if ctx.dry_run {
            return self.rehearse(&hosts, end).await;
        }
        let _turn = timeout_at(end, self.turn.lock()).await.map_err(|_| waited())?;
        let before = self.hold(site)?;
        self.note(site, Some(before.unwrap_or(Hold { proven: false })))?;
        let off = hosts.iter().map(async |host| (host.id.clone(), host.off(end).await));
        let ends = join_all(off).await;
        match decide::site::site(&ends) {
            Ok(already) => {
                self.note(site, Some(Hold { proven: true })).map_err(Stop::unknown)?;
                let note = format!("hosts proven to be off: {}", ends.len());
                Ok(self.receipt(already && before.is_some(), Some(note)))
            }
            // No host was told anything: all is as it was, and nobody holds anything.
            Err(stop @ Stop::Refused(_)) => {
                self.note(site, before).map_err(Stop::unknown)?;
                Err(stop)
            }
            // What was told may still land, and is then read back.
            Err(stop) => {
                self.note(site, Some(Hold { proven: false })).map_err(Stop::unknown)?;
                Err(stop)
            }
        }
    }

    /// Only forgets: who switches the hosts on looks at them first.
    async fn let_in(&self, ctx: &OpContext, site: &SiteName) -> Result<Receipt, Stop> {
        may(ctx)?;
        let known = self.of_peer(site);
        let end = self.end(ctx)?;
        let _turn = timeout_at(end, self.turn.lock()).await.map_err(|_| waited())?;
        let held = self.hold(site)?.is_some();
        if !held {
            // A site whose hosts were taken out of the configuration may still be held.
            known?;
        }
        if held && !ctx.dry_run {
            self.note(site, None).map_err(Stop::unknown)?;
        }
        let note = held.then(|| "its hosts are not switched on by this".to_owned());
        Ok(self.receipt(!held, note))
    }

    fn of_peer(&self, site: &SiteName) -> Result<Vec<&Host>, Stop> {
        if *site == self.site {
            return Err(Stop::not_now("a site cannot fence itself"));
        }
        let hosts = self.hosts_of(site);
        if hosts.is_empty() { Err(missing(format!("the site {site}")).into()) } else { Ok(hosts) }
    }

    /// What would be done; refused where it could not be.
    async fn rehearse(&self, hosts: &[&Host], end: Instant) -> Result<Receipt, Stop> {
        let looks = join_all(hosts.iter().map(|host| timeout_at(end, host.look()))).await;
        let (mut on, mut wrong, mut class) = (0, Vec::new(), None);
        for (host, look) in hosts.iter().zip(looks) {
            match look {
                Ok(Ok(power)) => on += usize::from(power == Power::On),
                Ok(Err(error)) => {
                    class = class.or_else(|| Some(error.class()));
                    wrong.push(format!("{}: {error}", host.id));
                }
                Err(_) => wrong.push(format!("{}: its BMC gave no answer in time", host.id)),
            }
        }
        if !wrong.is_empty() {
            return Err(Stop::no(class.unwrap_or(ErrorClass::Retry), wrong.join("; ")));
        }
        let note = format!("{on} of {} hosts would be switched off", hosts.len());
        Ok(self.receipt(on == 0, Some(note)))
    }

    async fn fence_state(&self, site: &SiteName) -> Result<FenceState, AdapterError> {
        // Nobody is asked about a site that nobody holds.
        let Some(hold) = self.hold(site)? else { return Ok(FenceState::Unfenced) };
        let hosts = self.hosts_of(site);
        let looks = join_all(hosts.iter().map(|host| timeout(QUESTION, host.look()))).await;
        let mut read = Vec::new();
        for (host, look) in hosts.iter().zip(looks) {
            let power = look.ok().and_then(|look| {
                look.inspect_err(|error| tracing::info!(host = %host.id, %error, "unread")).ok()
            });
            read.push(power);
        }
        Ok(decide::fence::fence(Some(&hold), &read))
    }
}

/// A test does not touch production, and everything here is.
fn may(ctx: &OpContext) -> Result<(), Stop> {
    match ctx.mode {
        Mode::Planned | Mode::Unplanned => Ok(()),
        Mode::Test | Mode::Cleanup => Err(not_now("a test does not touch production").into()),
    }
}

fn waited() -> Stop {
    later("something else was done with fences until the deadline").into()
}
