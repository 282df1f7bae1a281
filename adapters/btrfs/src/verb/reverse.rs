//! Turns replication round: the leg here is the source from now on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_contract::{OpContext, Receipt};
use muster_plans::inventory::ReplicaRole;

use super::sync::unsent;
use crate::error::Stop;
use crate::peer::TurnRequest;
use crate::store::{Btrfs, Group};
use muster_adapter_pair::Leg;
use muster_adapter_pair::decide::{self, Reversal, abandoned};

/// How long the first point is waited for. It goes on top of a common one or not at all here: the
/// first of everything may take hours, and the loop sends it.
const FIRST: Duration = Duration::from_secs(30);

impl Btrfs {
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
        let common = {
            let mut leg = group.leg.lock().await;
            let points = self.look(&group.id).await.map_err(Stop::unknown)?.points;
            let given_up = abandoned(&points, leg.promoted.as_ref(), None);
            self.give_up(group, &given_up).map_err(Stop::unknown)?;
            let kept = points.iter().filter(|point| !given_up.contains(point));
            let common = kept.into_iter().find(|point| report.points.contains(point)).cloned();
            let next = Leg {
                role: ReplicaRole::Source,
                shipped: common.clone(),
                sealed: None,
                peer: Some(report),
                ..leg.clone()
            };
            self.save(group, &mut leg, next).map_err(Stop::unknown)?;
            common
        };
        group.due.store(true, Ordering::SeqCst);
        let room = self.left(ctx).saturating_sub(Duration::from_secs(2)).min(FIRST);
        let first = match common {
            Some(_) => tokio::time::timeout(room, self.ship(group)).await.ok(),
            None => None,
        };
        Ok(self.done(match first {
            Some(Ok(point)) => format!("the first point is {point}"),
            Some(Err(error)) => format!("the first point is to come: {error}"),
            None => "the first point is to come".to_owned(),
        }))
    }
}
