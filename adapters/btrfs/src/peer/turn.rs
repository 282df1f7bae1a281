//! Becomes the replica of the other site's leg.

use muster_plans::inventory::ReplicaRole;

use super::TurnRequest;
use crate::btrfs;
use crate::error::Error;
use crate::store::{Btrfs, Group};
use crate::users::{self, Open};
use muster_adapter_pair::decide::{self, Turn, abandoned};
use muster_adapter_pair::{Leg, Report};

impl Btrfs {
    pub(crate) async fn turn_round(
        &self,
        group: &Group,
        asked: &TurnRequest,
    ) -> Result<Report, Error> {
        self.hear_of(group, &asked.report).await?;
        let mut leg = group.leg.lock().await;
        let live = self.layout.live(&group.id)?;
        let used = users::of(&live, Open::AtAll).await?;
        let look = self.look(&group.id).await?;
        let sight = self.sight(group, &leg, &look, Some(&asked.report));
        let turn = decide::turn(&sight, &asked.report, self.mounted(group), used.as_deref());
        if turn.map_err(Error::Peer)? == Turn::GiveUp {
            self.keep_live(group).await?;
            let known = &asked.report.points;
            self.give_up(group, &abandoned(&look.points, asked.base.as_ref(), Some(known)))?;
            let next = Leg {
                role: ReplicaRole::Target,
                generation: leg.generation,
                origin: asked.report.origin.clone(),
                peer: leg.peer.clone(),
                ..Leg::empty()
            };
            self.save(group, &mut leg, next)?;
            btrfs::delete(&live).await?;
            self.prune(group, &leg).await?;
        }
        self.report(group, &leg).await
    }
}
