//! Writable snapshots for tests.

use muster_contract::{OpContext, Reason, Receipt};
use muster_plans::inventory::ReplicaRole;

use crate::error::{Stop, not_now};
use crate::store::{Btrfs, Group};
use crate::users::{self, Open};
use crate::{btrfs, file};
use muster_adapter_pair::{CloneFile, Leg};

fn owns(ctx: &OpContext, clone: &CloneFile, name: &str) -> Result<(), Reason> {
    if ctx.run_tag.as_ref() == Some(&clone.tag) {
        return Ok(());
    }
    let tag = &clone.tag;
    Err(not_now(format!(
        "the clone {name} carries the tag {tag}, which is not the tag of this run"
    )))
}

impl Btrfs {
    pub(super) async fn make_clone(
        &self,
        ctx: &OpContext,
        group: &Group,
        name: &str,
    ) -> Result<Receipt, Stop> {
        let tag = ctx.run_tag.clone().ok_or_else(|| not_now("the context carries no run tag"))?;
        let (path, note) = (self.layout.clone(name)?, self.layout.clone_file(name)?);
        let _turn = self.cloning.lock().await;
        let there = file::read::<CloneFile>(&note)?;
        if let Some(clone) = &there {
            owns(ctx, clone, name)?;
            if clone.group != group.id {
                let text = format!("the clone {name} of {tag} is of the group {}", clone.group);
                return Err(not_now(text).into());
            }
            if btrfs::is_subvolume(&path) {
                return Ok(self.already());
            }
        } else if path.exists() {
            return Err(not_now(format!("something else lies at {}", path.display())).into());
        }
        // So that nothing prunes the point meanwhile.
        let leg = group.leg.lock().await;
        let look = self.look(&group.id).await?;
        let of = match (newest(&leg, look.live), look.points.first()) {
            (true, _) => self.layout.live(&group.id)?,
            (false, Some(point)) => self.layout.point(&group.id, point)?,
            (false, None) => {
                return Err(not_now(format!("{} has no recovery point here", group.id)).into());
            }
        };
        if ctx.dry_run {
            return Ok(self.done(None));
        }
        // Written down first: what was made is found by its tag, whatever happens.
        file::write(&note, &CloneFile { group: group.id.clone(), tag })?;
        btrfs::snapshot(&of, &path).await.map_err(Stop::unknown)?;
        Ok(self.done(None))
    }

    pub(super) async fn drop_clone(
        &self,
        ctx: &OpContext,
        _: &Group,
        name: &str,
    ) -> Result<Receipt, Stop> {
        let (path, note) = (self.layout.clone(name)?, self.layout.clone_file(name)?);
        let _turn = self.cloning.lock().await;
        let Some(clone) = file::read::<CloneFile>(&note)? else { return Ok(self.already()) };
        owns(ctx, &clone, name)?;
        if let Some(user) = users::of(&path, Open::AtAll).await? {
            return Err(not_now(format!("{user} still uses the clone {name}")).into());
        }
        if ctx.dry_run {
            return Ok(self.done(None));
        }
        file::remove(&self.layout.shown_clone(name)?).map_err(Stop::unknown)?;
        btrfs::delete(&path).await.map_err(Stop::unknown)?;
        file::remove(&note).map_err(Stop::unknown)?;
        Ok(self.done(None))
    }
}

/// Whether the newest state of a leg is its live subvolume. What a replica has left of an earlier life
/// is not.
pub(crate) fn newest(leg: &Leg, live: bool) -> bool {
    live && leg.role != ReplicaRole::Target
}
