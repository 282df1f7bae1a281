//! Takes a point in.

use axum::body::BodyDataStream;
use muster_plans::id::RecoveryPointId;

use super::Describes;
use crate::error::{Error, later};
use crate::store::{Btrfs, Group};
use crate::{btrfs, file};
use muster_adapter_pair::decide::{self, Sender};
use muster_adapter_pair::point;
use muster_adapter_pair::{Leg, Report};
use muster_contract::name::check;

impl Btrfs {
    pub(crate) async fn take_in(
        &self,
        group: &Group,
        point: &RecoveryPointId,
        describes: Describes,
        stream: BodyDataStream,
    ) -> Result<Report, Error> {
        let known = point::at(check(point.as_str())?);
        known.ok_or_else(|| Error::NotNow(format!("`{point}` is no point")))?;
        let busy = || Error::Peer(later(format!("another point of {} is coming in", group.id)));
        let _one = group.incoming.try_lock().map_err(|_| busy())?;
        let Describes { generation, origin, parent, .. } = describes;
        let sender = Sender { generation, origin, parent };
        {
            let leg = group.leg.lock().await;
            self.may_take(group, &leg, &sender).await?;
            if self.look(&group.id).await?.points.contains(point) {
                return self.report(group, &leg).await;
            }
        }
        self.clear_incoming(&group.id).await?;
        let folder = self.layout.incoming(&group.id)?;
        btrfs::receive(&folder, stream).await?;
        let path = folder.join(point.as_str());
        if file::names(&folder)? != [point.as_str()] || !btrfs::received(&path).await? {
            return Err(Error::NotNow(format!("what came in is not the point {point}")));
        }
        let mut leg = group.leg.lock().await;
        // It may have been promoted while this came in.
        self.may_take(group, &leg, &sender).await?;
        btrfs::snapshot_read_only(&path, &self.layout.point(&group.id, point)?).await?;
        if leg.origin != sender.origin {
            let next = Leg { origin: sender.origin, ..leg.clone() };
            self.save(group, &mut leg, next)?;
        }
        self.prune(group, &leg).await?;
        btrfs::delete(&path).await?;
        self.report(group, &leg).await
    }

    async fn may_take(&self, group: &Group, leg: &Leg, sender: &Sender) -> Result<(), Error> {
        let look = self.look(&group.id).await?;
        decide::receive(&self.sight(group, leg, &look, None), sender).map_err(Error::Peer)
    }
}
