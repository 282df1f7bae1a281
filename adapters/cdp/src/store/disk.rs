//! What a leg is on disk: remembered, looked at, and made as it should be.

use std::path::Path;

use muster_adapter_pair::{Fence, Leg, Report, point};
use muster_plans::id::ConsistencyGroupId;

use super::{Cdp, Group, Look};
use crate::disk;
use crate::error::Error;
use crate::users::{self, Open};

impl Cdp {
    /// Writes a leg down.
    pub(super) fn remember(&self, id: &ConsistencyGroupId, leg: &Leg) -> Result<(), Error> {
        Ok(disk::write(&self.layout.leg_file(id)?, leg)?)
    }

    /// Writes a leg down; only then it is so. It waits for the disk where it stands: whoever asked may
    /// go away at any point where it could be put aside, and then what is written and what is believed
    /// would differ.
    pub(crate) fn save(&self, group: &Group, leg: &mut Leg, next: Leg) -> Result<(), Error> {
        self.remember(&group.id, &next)?;
        *leg = next;
        Ok(())
    }

    /// A mirror that is whole is the newest point, though none of the folder's yet.
    pub(crate) async fn look(&self, id: &ConsistencyGroupId) -> Result<Look, Error> {
        let (folder, live) = (self.layout.points(id)?, self.layout.live(id)?);
        let word = self.layout.mirror_file(id)?;
        disk::blocking(move || {
            let names = disk::names(&folder)?.into_iter().rev();
            let points = names.filter(|name| point::at(name).is_some()).map(Into::into).collect();
            Ok(Look { points, live: live.is_dir(), mirror: disk::read(&word)? })
        })
        .await
    }

    /// Whether production may write to a leg: by what it is, and by what is on the disk.
    pub(crate) fn lets_write(&self, group: &Group, leg: &Leg) -> bool {
        let live = self.layout.live(&group.id);
        let open = group.is_sure() || self.mounted(group);
        open && leg.serves(self.fence()) && live.is_ok_and(|live| live.is_dir())
    }

    pub(crate) fn mounted(&self, group: &Group) -> bool {
        self.layout.shown(&group.id).is_ok_and(|shown| disk::linked(&shown))
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

    /// Makes the disk what the leg is. Where nobody may write hosts lose sight of it, so that nothing is opened
    /// any more; who has it open already goes on, and is found by whoever asks who writes. A leg that is not sure
    /// of itself is out of sight until it is, unless somebody writes to it since before.
    pub(crate) async fn enforce(&self, group: &Group, leg: &Leg) -> Result<(), Error> {
        let (shown, aside) = (self.layout.shown(&group.id)?, self.layout.unsure(&group.id)?);
        if !leg.serves(self.fence()) {
            disk::remove(&shown)?;
            return disk::remove(&aside);
        }
        if group.is_sure() {
            return if disk::linked(&aside) { renamed(&aside, &shown) } else { Ok(()) };
        }
        let live = self.layout.live(&group.id)?;
        // Where hosts do not answer it does no harm to a guest that runs.
        let runs = self.used(group).await.is_ok_and(|used| !used.is_empty());
        if disk::linked(&shown) && !runs && users::of(&live, Open::ForWriting).await?.is_none() {
            renamed(&shown, &aside)?;
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
        disk::write(&self.layout.fence_file(), &next)?;
        *self.fence.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = next;
        Ok(())
    }
}

fn renamed(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(Error::io("cannot rename", from))?;
    to.parent().map_or(Ok(()), disk::settle)
}
