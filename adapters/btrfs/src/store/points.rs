//! Points: taken, kept and given up.

use muster_plans::id::RecoveryPointId;

use super::{Btrfs, Group};
use crate::error::Error;
use crate::{btrfs, file};
use muster_adapter_pair::Leg;
use muster_adapter_pair::{decide, point};

impl Btrfs {
    /// Takes a point of the live subvolume.
    pub(crate) async fn take(&self, group: &Group, leg: &Leg) -> Result<RecoveryPointId, Error> {
        let look = self.look(&group.id).await?;
        let theirs = leg.peer.iter().flat_map(|peer| &peer.points);
        let id = point::next(self.now(), look.points.iter().chain(theirs).chain(&leg.promoted));
        let (live, at) = (self.layout.live(&group.id)?, self.layout.point(&group.id, &id)?);
        btrfs::snapshot_read_only(&live, &at).await?;
        Ok(id)
    }

    /// Removes what is not kept.
    pub(crate) async fn prune(&self, group: &Group, leg: &Leg) -> Result<(), Error> {
        let look = self.look(&group.id).await?;
        let theirs = leg.peer.as_ref().map_or(&[][..], |peer| &peer.points);
        let common = look.points.iter().find(|point| theirs.contains(point));
        let held = [common, leg.shipped.as_ref(), leg.sealed.as_ref(), leg.promoted.as_ref()];
        for point in decide::prune(&look.points, self.config.keep, &held) {
            btrfs::delete(&self.layout.point(&group.id, &point)?).await?;
        }
        let folder = self.layout.points(&group.id)?;
        let names = file::names(&folder)?.into_iter().rev();
        let given_up = names.filter(|name| name.starts_with(&point::before("")));
        for name in given_up.skip(self.config.keep) {
            btrfs::delete(&folder.join(name)).await?;
        }
        Ok(())
    }

    /// Keeps the live subvolume under another name, so that something else can take its place. It is
    /// there until it is deleted.
    pub(crate) async fn keep_live(&self, group: &Group) -> Result<(), Error> {
        let live = self.layout.live(&group.id)?;
        if !btrfs::is_subvolume(&live) {
            return Ok(());
        }
        let folder = self.layout.points(&group.id)?;
        let names: Vec<RecoveryPointId> = file::names(&folder)?
            .iter()
            .filter_map(|name| Some(name.strip_prefix(&point::before(""))?.into()))
            .collect();
        let name = point::before(point::next(self.now(), &names).as_str());
        btrfs::snapshot_read_only(&live, &folder.join(name)).await
    }

    /// Keeps points under names that nobody recovers to. Within their folder read-only subvolumes can be
    /// renamed; to another one they cannot.
    pub(crate) fn give_up(&self, group: &Group, points: &[RecoveryPointId]) -> Result<(), Error> {
        let folder = self.layout.points(&group.id)?;
        for point in points {
            let from = self.layout.point(&group.id, point)?;
            let to = folder.join(point::before(point.as_str()));
            std::fs::rename(&from, &to).map_err(Error::io("cannot rename", &from))?;
        }
        Ok(())
    }
}
