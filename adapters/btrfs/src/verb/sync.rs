//! Sends what is not yet at the other leg.

use muster_contract::{OpContext, Receipt};

use crate::error::{Error, Stop};
use crate::peer::SyncRequest;
use crate::store::{Btrfs, Group};
use muster_adapter_pair::decide::{self, Sync};

impl Btrfs {
    pub(super) async fn sync(&self, ctx: &OpContext, group: &Group) -> Result<Receipt, Stop> {
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
