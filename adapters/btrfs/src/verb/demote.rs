//! Makes a leg read-only and drains it.

use muster_contract::{OpContext, Receipt};
use muster_plans::inventory::ReplicaRole;

use crate::error::{Stop, not_now};
use crate::store::{Btrfs, Group};
use crate::users::{self, Open};
use crate::{btrfs, file};
use muster_adapter_pair::Leg;
use muster_adapter_pair::decide::{self, Demotion};

impl Btrfs {
    pub(super) async fn demote(&self, ctx: &OpContext, group: &Group) -> Result<Receipt, Stop> {
        let _turn = self.turn(ctx, group).await?;
        let peer = self.ask(ctx.mode, &group.id).await;
        let decided = {
            let mut leg = group.leg.lock().await;
            let look = self.look(&group.id).await?;
            let sight = self.sight(group, &leg, &look, peer.as_ref());
            let decided = decide::demote(&sight, ctx.mode)?;
            if matches!(decided, Demotion::Close { .. }) {
                self.unused(group).await?;
                if !ctx.dry_run {
                    self.close(group, &mut leg).await?;
                }
            }
            decided
        };
        let send = match decided {
            Demotion::Nothing => return Ok(self.already()),
            Demotion::Close { send } => send,
            Demotion::Send => true,
        };
        if ctx.dry_run {
            return Ok(self.done("it would be made read-only".to_owned()));
        }
        if !send {
            let waits = group.leg.lock().await.sealed.is_some();
            return Ok(self.done(waits.then(|| "its last point was not sent".to_owned())));
        }
        // Read-only is what it stays, whatever becomes of the point.
        let sent = tokio::time::timeout(self.left(ctx), self.ship(group)).await;
        let unsent = |why: String| Stop::unknown(format!("its last point is not sent: {why}"));
        let point = sent
            .map_err(|_| unsent("it is still on its way".to_owned()))?
            .map_err(|error| unsent(error.to_string()))?;
        Ok(self.done(format!("its last point is {point}")))
    }

    async fn unused(&self, group: &Group) -> Result<(), Stop> {
        let live = self.layout.live(&group.id)?;
        match users::of(&live, Open::ForWriting).await? {
            Some(user) => {
                let text = format!("{user} has files of {} open for writing", group.id);
                Err(not_now(text).into())
            }
            None => Ok(()),
        }
    }

    /// First nobody can open anything for writing any more, then it is looked whether somebody did: in
    /// the other order one could slip in between.
    async fn close(&self, group: &Group, leg: &mut Leg) -> Result<(), Stop> {
        let live = self.layout.live(&group.id)?;
        let mut next = Leg { open: false, ..leg.clone() };
        if btrfs::is_subvolume(&live) {
            btrfs::set_read_only(&live, true).await.map_err(Stop::unknown)?;
            if let Err(stop) = self.unused(group).await {
                btrfs::set_read_only(&live, false).await.map_err(Stop::unknown)?;
                return Err(stop);
            }
            if leg.role == ReplicaRole::Source {
                next.sealed = Some(self.take(group, leg).await.map_err(Stop::unknown)?);
            }
        }
        self.save(group, leg, next).map_err(Stop::unknown)?;
        file::remove(&self.layout.shown(&group.id)?).map_err(Stop::unknown)
    }
}
