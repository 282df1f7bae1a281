//! What a leg is on disk: remembered, looked at, and made as it should be.

use muster_plans::id::ConsistencyGroupId;

use super::{Btrfs, Group, Look};
use crate::error::Error;
use crate::users::{self, Open};
use crate::{btrfs, file};
use muster_adapter_pair::point;
use muster_adapter_pair::{Fence, Leg, Report};

impl Btrfs {
    /// Writes a leg down.
    pub(super) fn remember(&self, id: &ConsistencyGroupId, leg: &Leg) -> Result<(), Error> {
        Ok(file::write(&self.layout.leg_file(id)?, leg)?)
    }

    /// Writes a leg down; only then it is so. It waits for the disk where it stands: whoever asked may
    /// go away at any point where it could be put aside, and then what is written and what is believed
    /// would differ.
    pub(crate) fn save(&self, group: &Group, leg: &mut Leg, next: Leg) -> Result<(), Error> {
        self.remember(&group.id, &next)?;
        *leg = next;
        Ok(())
    }

    pub(crate) async fn look(&self, id: &ConsistencyGroupId) -> Result<Look, Error> {
        let (folder, live) = (self.layout.points(id)?, self.layout.live(id)?);
        file::blocking(move || {
            let names = file::names(&folder)?.into_iter().rev();
            let points = names.filter(|name| point::at(name).is_some()).map(Into::into).collect();
            Ok(Look { points, live: btrfs::is_subvolume(&live) })
        })
        .await
    }

    /// Whether production may write to a leg: by what it is, and by what the disk lets through.
    pub(crate) fn lets_write(&self, group: &Group, leg: &Leg) -> bool {
        let live = self.layout.live(&group.id);
        leg.serves(self.fence())
            && live.is_ok_and(|live| btrfs::is_subvolume(&live) && !btrfs::read_only(&live))
    }

    pub(crate) fn mounted(&self, group: &Group) -> bool {
        self.layout.shown(&group.id).is_ok_and(|shown| file::linked(&shown))
    }

    pub(crate) async fn report(&self, group: &Group, leg: &Leg) -> Result<Report, Error> {
        let look = self.look(&group.id).await?;
        Ok(Report {
            role: leg.role,
            generation: leg.generation,
            open: leg.open,
            writable: self.lets_write(group, leg),
            origin: leg.origin.clone(),
            promoted: leg.promoted.clone(),
            sealed: leg.sealed.clone(),
            drained: leg.drained(),
            points: look.points,
            as_of: self.now(),
        })
    }

    /// Makes the disk what the leg is. Where nobody may write, nothing is opened for writing any more;
    /// hosts lose sight of it once nobody has it open, because a VM that still runs is not helped by
    /// losing its disk from below. A leg that is not sure of itself is only closed: hosts see it on, and
    /// whoever has it open for writing since before is left alone, as it could not be stopped by that.
    pub(crate) async fn enforce(&self, group: &Group, leg: &Leg) -> Result<(), Error> {
        let (live, shown) = (self.layout.live(&group.id)?, self.layout.shown(&group.id)?);
        let serves = leg.serves(self.fence());
        if serves && !group.is_sure() {
            let closes = btrfs::is_subvolume(&live) && !btrfs::read_only(&live);
            if closes && users::of(&live, Open::ForWriting).await?.is_none() {
                btrfs::set_read_only(&live, true).await?;
            }
            return Ok(());
        }
        if btrfs::is_subvolume(&live) && btrfs::read_only(&live) == serves {
            btrfs::set_read_only(&live, !serves).await?;
        }
        if !serves && file::linked(&shown) && users::of(&live, Open::AtAll).await?.is_none() {
            file::remove(&shown)?;
        }
        Ok(())
    }

    /// Remembers a fence.
    pub(crate) async fn set_fence(&self, change: impl FnOnce(&mut Fence)) -> Result<(), Error> {
        let _turn = self.fencing.lock().await;
        let mut next = self.fence();
        change(&mut next);
        if next == self.fence() {
            return Ok(());
        }
        file::write(&self.layout.fence_file(), &next)?;
        *self.fence.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = next;
        Ok(())
    }
}
