//! Writable copies for tests.

use std::path::PathBuf;
use std::sync::Arc;

use muster_adapter_pair::{CloneFile, Leg};
use muster_contract::{OpContext, Reason, Receipt};
use muster_plans::inventory::ReplicaRole;

use crate::disk;
use crate::error::{Error, Stop, not_now};
use crate::mirror::Word;
use crate::store::{Cdp, Group};
use crate::users::{self, Open};

fn owns(ctx: &OpContext, clone: &CloneFile, name: &str) -> Result<(), Reason> {
    if ctx.run_tag.as_ref() == Some(&clone.tag) {
        return Ok(());
    }
    let tag = &clone.tag;
    Err(not_now(format!(
        "the clone {name} carries the tag {tag}, which is not the tag of this run"
    )))
}

impl Cdp {
    pub(super) async fn make_clone(
        &self,
        ctx: &OpContext,
        group: &Group,
        name: &str,
    ) -> Result<Receipt, Stop> {
        let tag = ctx.run_tag.clone().ok_or_else(|| not_now("the context carries no run tag"))?;
        let (path, note) = (self.layout.clone(name)?, self.layout.clone_file(name)?);
        let _turn = self.cloning.lock().await;
        let there = disk::read::<CloneFile>(&note)?;
        if let Some(clone) = &there {
            owns(ctx, clone, name)?;
            if clone.group != group.id {
                let text = format!("the clone {name} of {tag} is of the group {}", clone.group);
                return Err(not_now(text).into());
            }
            if path.is_dir() {
                return Ok(self.already());
            }
        } else if path.exists() {
            return Err(not_now(format!("something else lies at {}", path.display())).into());
        }
        // So that nothing prunes the point meanwhile.
        let still = Arc::clone(&group.incoming).lock_owned().await;
        let Some(of) = self.newest_still(group, ctx.dry_run).await? else {
            return Ok(self.done(None));
        };
        if ctx.dry_run {
            return Ok(self.done(None));
        }
        // Written down first: what was made is found by its tag, whatever happens.
        disk::write(&note, &CloneFile { group: group.id.clone(), tag })?;
        let (new, to) = (path.with_file_name(format!(".{name}.new")), path);
        let copied = disk::blocking(move || {
            let _still = still;
            disk::remove_all(&new)?;
            disk::copy(&of, &new)?;
            std::fs::rename(&new, &to).map_err(Error::io("cannot rename", &new))
        });
        copied.await.map_err(Stop::unknown)?;
        Ok(self.done(None))
    }

    /// A folder that holds one state and is not written to; `None`: a mirror of which one would be taken.
    async fn newest_still(&self, group: &Group, dry_run: bool) -> Result<Option<PathBuf>, Stop> {
        let leg = group.leg.lock().await;
        let mut look = self.look(&group.id).await?;
        let whole = look.mirror.as_ref().and_then(Word::point).is_some();
        if leg.role == ReplicaRole::Target && whole {
            if dry_run {
                return Ok(None);
            }
            // Guests of the other site write to it: a state of one instant is taken.
            self.still_point(group).await?;
            look = self.look(&group.id).await?;
        }
        match (newest(&leg, look.live), look.points.first()) {
            (true, _) => {
                let live = self.layout.live(&group.id)?;
                if let Some(user) = users::of(&live, Open::ForWriting).await? {
                    let text = format!("{user} writes to {}: its state is of no instant", group.id);
                    return Err(not_now(text).into());
                }
                Ok(Some(live))
            }
            (false, Some(point)) => Ok(Some(self.layout.point(&group.id, point)?)),
            (false, None) => {
                Err(not_now(format!("{} has no recovery point here", group.id)).into())
            }
        }
    }

    pub(super) async fn drop_clone(
        &self,
        ctx: &OpContext,
        _: &Group,
        name: &str,
    ) -> Result<Receipt, Stop> {
        let (path, note) = (self.layout.clone(name)?, self.layout.clone_file(name)?);
        let _turn = self.cloning.lock().await;
        let Some(clone) = disk::read::<CloneFile>(&note)? else { return Ok(self.already()) };
        owns(ctx, &clone, name)?;
        if let Some(user) = users::of(&path, Open::AtAll).await? {
            return Err(not_now(format!("{user} still uses the clone {name}")).into());
        }
        if ctx.dry_run {
            return Ok(self.done(None));
        }
        disk::remove(&self.layout.shown_clone(name)?).map_err(Stop::unknown)?;
        disk::remove_all(&path).map_err(Stop::unknown)?;
        disk::remove(&note).map_err(Stop::unknown)?;
        Ok(self.done(None))
    }
}

/// Whether the newest state of a leg is its live files. What a replica has left of an earlier life
/// is not.
pub(crate) fn newest(leg: &Leg, live: bool) -> bool {
    live && leg.role != ReplicaRole::Target
}
