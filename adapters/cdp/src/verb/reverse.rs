//! Turns replication round: the leg here is the source from now on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_adapter_pair::Leg;
use muster_adapter_pair::decide::{self, Reversal, abandoned};
use muster_contract::{OpContext, Receipt};
use muster_plans::inventory::ReplicaRole;

use super::sync::unsent;
use crate::config::Mode;
use crate::error::Stop;
use crate::peer::TurnRequest;
use crate::store::{Cdp, Group};

/// How long the first point is waited for. The first of everything may take hours, and the loop sends it.
const FIRST: Duration = Duration::from_secs(30);

impl Cdp {
    pub(super) async fn reverse(&self, ctx: &OpContext, group: &Group) -> Result<Receipt, Stop> {
        let _turn = self.turn(ctx, group).await?;
        let peer = self.ask(ctx.mode, &group.id).await;
        let asked = {
            let leg = group.leg.lock().await;
            let look = self.look(&group.id).await?;
            let sight = self.sight(group, &leg, &look, peer.as_ref());
            if decide::reverse(&sight, ctx.mode)? == Reversal::Nothing {
                return Ok(self.already());
            }
            let (site, report) = (self.site.clone(), self.report(group, &leg).await?);
            TurnRequest { site, report, base: leg.promoted.clone() }
        };
        if ctx.dry_run {
            return Ok(self.done(format!("{} would be turned", self.peer_site())));
        }
        let report = self.client.turn(&group.id, &asked).await.map_err(unsent)?;
        {
            let mut leg = group.leg.lock().await;
            let points = self.look(&group.id).await.map_err(Stop::unknown)?.points;
            let given_up = abandoned(&points, leg.promoted.as_ref(), None);
            self.give_up(group, &given_up).map_err(Stop::unknown)?;
            let next = Leg {
                role: ReplicaRole::Source,
                shipped: None,
                sealed: None,
                peer: Some(report),
                ..leg.clone()
            };
            self.save(group, &mut leg, next).map_err(Stop::unknown)?;
        }
        group.due.store(true, Ordering::SeqCst);
        if self.config.mode(&group.id) == Mode::Sync
            && !self.used(group).await.is_ok_and(|u| u.is_empty())
        {
            return Ok(self.done("the mirror is to come".to_owned()));
        }
        let room = self.left(ctx).saturating_sub(Duration::from_secs(2)).min(FIRST);
        Ok(self.done(match tokio::time::timeout(room, self.ship(group)).await.ok() {
            Some(Ok(point)) => format!("the first point is {point}"),
            Some(Err(error)) => format!("the first point is to come: {error}"),
            None => "the first point is to come".to_owned(),
        }))
    }
}
