//! Sends what is not yet at the other leg.

use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_adapter_pair::decide::{self, Sync};
use muster_contract::{OpContext, Receipt};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Span;

use crate::config::Mode;
use crate::error::{Error, Stop, later};
use crate::peer::SyncRequest;
use crate::store::{Cdp, Group};

/// A mirror that held so short ago holds.
const AGO: Span = Span::secs(3);

impl Cdp {
    pub(super) async fn sync(&self, ctx: &OpContext, group: &Group) -> Result<Receipt, Stop> {
        if ctx.mode != muster_contract::Mode::Unplanned && self.mirrors(group).await? {
            return self.wait_for_mirror(ctx, group).await;
        }
        // A point that is on its way is waited for: breaking it off would make this longer.
        let late = |_| Stop::unknown("a point is still on its way at the deadline");
        let turn = tokio::time::timeout(self.left(ctx), group.doing.lock()).await;
        let _turn = turn.map_err(late)?;
        let peer = self.ask(ctx.mode, &group.id).await;
        let decided = {
            let leg = group.leg.lock().await;
            let look = self.look(&group.id).await?;
            let sight = self.sight(group, &leg, &look, peer.as_ref());
            decide::sync(&sight, ctx.mode)?
        };
        if decided == Sync::Nothing {
            return Ok(self.already());
        }
        if ctx.dry_run {
            return Ok(self.done("a point would be sent".to_owned()));
        }
        let left = self.left(ctx);
        if decided == Sync::Send {
            let sent = tokio::time::timeout(left, self.ship(group)).await;
            let point = sent.map_err(late)?.map_err(unsent)?;
            return Ok(self.done(format!("{point} is at {}", self.peer_site())));
        }
        let within = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let asked = SyncRequest { site: self.site.clone(), within };
        let report = self.client.sync(&group.id, &asked).await.map_err(unsent)?;
        self.hear_of(group, &report).await.map_err(Stop::unknown)?;
        Ok(self.done(None))
    }

    /// Whether guests of a source are mirrored, so that nothing is sent otherwise.
    async fn mirrors(&self, group: &Group) -> Result<bool, Error> {
        let leg = group.leg.lock().await;
        let source = leg.role == ReplicaRole::Source && leg.serves(self.fence());
        drop(leg);
        let sync = self.config.mode(&group.id) == Mode::Sync;
        Ok(source && sync && !self.used(group).await?.is_empty())
    }

    async fn wait_for_mirror(&self, ctx: &OpContext, group: &Group) -> Result<Receipt, Stop> {
        let since = self.now();
        if group.mirrored().is_some_and(|at| since.since(at) < AGO) {
            return Ok(self.already());
        }
        if ctx.dry_run {
            return Ok(self.done("the mirror would be waited for".to_owned()));
        }
        group.due.store(true, Ordering::SeqCst);
        loop {
            if group.mirrored().is_some_and(|at| at >= since) {
                return Ok(self.done("all disks are mirrored".to_owned()));
            }
            if self.left(ctx) < Duration::from_millis(500) {
                return Err(later("the mirror is still being filled at the deadline").into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Sends what is missing, for the other site that asks for it.
    pub(crate) async fn catch_up(&self, group: &Group, within: Duration) -> Result<(), Error> {
        if !self.mirrors(group).await? {
            let _turn = group.doing.lock().await;
            return self.ship(group).await.map(drop);
        }
        let since = self.now();
        group.due.store(true, Ordering::SeqCst);
        let until = tokio::time::Instant::now() + within;
        while tokio::time::Instant::now() < until {
            if group.mirrored().is_some_and(|at| at >= since) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err(Error::Peer(later("the mirror is still being filled")))
    }
}

/// What was refused changed nothing; of anything else the other site may have more than it said.
pub(super) fn unsent(error: Error) -> Stop {
    match error {
        Error::Peer(_) | Error::NotNow(_) | Error::Name(_) => match error {
            Error::Peer(reason) => Stop::Refused(reason),
            other => other.into(),
        },
        other => Stop::unknown(other),
    }
}
