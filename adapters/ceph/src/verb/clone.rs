//! Writable copies for tests.

use muster_contract::{Mode, OpContext, Reason, Receipt};
use muster_plans::id::ConsistencyGroupId;

use super::wait::{PAUSE, SPARE};
use crate::cli::{Cli, PEER_LIMIT, spec};
use crate::config::Mode as PoolMode;
use crate::decide::pair::Sight;
use crate::error::{Error, Stop, not_now};
use crate::look::{Indexed, clone_spec};
use crate::said::SnapKind;
use crate::state::CloneFile;
use crate::store::Ceph;
use muster_contract::name::check;

fn owns(ctx: &OpContext, clone: &CloneFile, name: &str) -> Result<(), Reason> {
    if ctx.run_tag.as_ref() == Some(&clone.tag) {
        return Ok(());
    }
    let tag = &clone.tag;
    Err(not_now(format!(
        "the clone {name} carries the tag {tag}, which is not the tag of this run"
    )))
}

/// The snapshot of a clone.
fn snap(image: &str, clone: &str) -> String {
    format!("{image}@muster-{clone}")
}

impl Ceph {
    pub(super) async fn make_clone(
        &self,
        ctx: &OpContext,
        group: &ConsistencyGroupId,
        members: &[Indexed],
        name: &str,
    ) -> Result<Receipt, Stop> {
        check(name)?;
        let tag = ctx.run_tag.clone().ok_or_else(|| not_now("the context carries no run tag"))?;
        if let Some(clone) = self.clone_file(name)? {
            owns(ctx, &clone, name)?;
            if clone.group != *group {
                let text = format!("the clone {name} of {tag} is of the group {}", clone.group);
                return Err(not_now(text).into());
            }
            if clone.whole {
                return Ok(self.already());
            }
        }
        for member in members {
            let at = clone_spec(&member.pool, name, &member.name)?;
            let strange = self.cli.info(&at).await?.is_some() && self.clone_file(name)?.is_none();
            if strange {
                return Err(not_now(format!("something else is called {at}")).into());
            }
        }
        let sight = match self.config.is_stretched() {
            true => None,
            false => Some(self.pair(group, members).await?),
        };
        let here = sight.as_ref().is_none_or(Sight::all_primary);
        let there = self.reach(ctx).filter(|_| ctx.mode != Mode::Unplanned);
        let copies = |member: &Indexed| self.mode_of(member) == PoolMode::MirrorSnapshot;
        if !here && there.is_none() && !members.iter().all(copies) {
            let text = format!(
                "Ceph takes no snapshot of a copy that is being written: a test of {group} here needs \
                 peerConf, to take it at {}",
                self.config.peer
            );
            return Err(not_now(text).into());
        }
        if ctx.dry_run {
            return Ok(self.done(None));
        }
        let images = members.iter().map(|m| (m.pool.clone(), m.name.clone())).collect();
        let mut clone =
            CloneFile { group: group.clone(), tag, images, whole: false, mounted: false };
        self.note_clone(name, Some(&clone))?;
        match (here, &there) {
            (true, _) => self.snap_here(ctx, members, name).await?,
            (false, Some(cli)) => self.snap_there(ctx, cli, members, name).await?,
            (false, None) => {
                self.copy_here(ctx, members, name, &clone).await?;
                return self.whole(name, &mut clone);
            }
        }
        for member in members {
            let at = clone_spec(&member.pool, name, &member.name)?;
            let cli = self.cli(ctx);
            let made = cli.clone_image(&snap(&member.spec(), name), &at).await;
            exists(made).map_err(Stop::unknown)?;
            self.tag(&cli, &at, &clone).await?;
        }
        self.whole(name, &mut clone)
    }

    fn whole(&self, name: &str, clone: &mut CloneFile) -> Result<Receipt, Stop> {
        clone.whole = true;
        self.note_clone(name, Some(clone)).map_err(Stop::unknown)?;
        Ok(self.done(None))
    }

    async fn tag(&self, cli: &Cli, at: &str, clone: &CloneFile) -> Result<(), Stop> {
        cli.set_meta(at, "muster.tag", clone.tag.as_str()).await.map_err(Stop::unknown)
    }

    async fn snap_here(
        &self,
        ctx: &OpContext,
        members: &[Indexed],
        name: &str,
    ) -> Result<(), Stop> {
        for member in members {
            let taken = self.cli(ctx).snap(&snap(&member.spec(), name)).await;
            exists(taken).map_err(Stop::unknown)?;
        }
        Ok(())
    }

    /// A snapshot of the source arrives at the copy as all data does.
    async fn snap_there(
        &self,
        ctx: &OpContext,
        cli: &Cli,
        members: &[Indexed],
        name: &str,
    ) -> Result<(), Stop> {
        for member in members {
            exists(cli.snap(&snap(&member.spec(), name)).await).map_err(Stop::unknown)?;
            if self.mode_of(member) == PoolMode::MirrorSnapshot {
                cli.mirror_snapshot(&member.spec()).await.map_err(Stop::unknown)?;
            }
        }
        let wanted = format!("muster-{name}");
        for member in members {
            while !self.arrived(member, &wanted).await.map_err(Stop::unknown)? {
                if self.left(ctx) < PAUSE + SPARE {
                    let text = format!("its snapshot is not yet here: {}", member.name);
                    return Err(Stop::unknown(text));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Whether a snapshot is here, and the data of it.
    async fn arrived(&self, member: &Indexed, wanted: &str) -> Result<bool, Error> {
        let snaps = self.cli.snaps(&member.spec()).await?;
        let Some(found) = snaps.iter().find(|snap| snap.name == wanted) else { return Ok(false) };
        let whole = |snap: &crate::said::Snap| {
            matches!(snap.namespace, SnapKind::Mirror { complete: true, .. }) && snap.id > found.id
        };
        Ok(self.mode_of(member) != PoolMode::MirrorSnapshot || snaps.iter().any(whole))
    }

    /// Without the other site: all data is copied, of a copy that must not change meanwhile.
    async fn copy_here(
        &self,
        ctx: &OpContext,
        members: &[Indexed],
        name: &str,
        clone: &CloneFile,
    ) -> Result<(), Stop> {
        for member in members {
            let at = clone_spec(&member.pool, name, &member.name)?;
            let before = self.settled(member).await.map_err(Stop::unknown)?;
            self.cli(ctx).remove(&at).await.map_err(Stop::unknown)?;
            let limit = self.left(ctx).saturating_sub(SPARE).max(PEER_LIMIT);
            self.cli.patient(limit).copy(&member.spec(), &at).await.map_err(Stop::unknown)?;
            self.tag(&self.cli, &at, clone).await?;
            let after = self.settled(member).await.map_err(Stop::unknown)?;
            if before.is_none() || before != after {
                let text = format!("{} was written while it was copied; try again", member.name);
                return Err(Stop::unknown(text));
            }
        }
        Ok(())
    }

    /// The number of the snapshot that a copy holds; `None`: it is being written.
    async fn settled(&self, member: &Indexed) -> Result<Option<u64>, Error> {
        let snaps = self.cli.snaps(&member.spec()).await?;
        let mirror = snaps.iter().filter_map(|snap| match snap.namespace {
            SnapKind::Mirror { complete, .. } => Some((snap.id, complete)),
            _ => None,
        });
        Ok(mirror.max().filter(|(_, complete)| *complete).map(|(id, _)| id))
    }

    pub(super) async fn drop_clone(
        &self,
        ctx: &OpContext,
        group: &ConsistencyGroupId,
        name: &str,
    ) -> Result<Receipt, Stop> {
        let Some(clone) = self.clone_file(name)? else { return Ok(self.already()) };
        owns(ctx, &clone, name)?;
        if clone.group != *group {
            return Err(not_now(format!("the clone {name} is of the group {}", clone.group)).into());
        }
        for (pool, image) in &clone.images {
            let at = clone_spec(pool, name, image)?;
            if self.cli.info(&at).await?.is_some()
                && let Some(watcher) = self.cli.watchers(&at).await?.watchers.first()
            {
                let text = format!("{} still uses the clone {name}", watcher.address);
                return Err(not_now(text).into());
            }
        }
        if ctx.dry_run {
            return Ok(self.done(None));
        }
        let there = self.reach(ctx);
        for (pool, image) in &clone.images {
            let cli = self.cli(ctx);
            cli.remove(&clone_spec(pool, name, image)?).await.map_err(Stop::unknown)?;
            // A snapshot goes where its image is primary, and from there everywhere.
            let at = snap(&spec(pool, image), name);
            let here = cli.drop_snap(&at).await;
            match (&here, &there) {
                (Err(error), Some(there)) if error.is_code(30) => {
                    there.drop_snap(&at).await.map_err(Stop::unknown)?;
                }
                (Err(error), None) if error.is_code(30) => {
                    tracing::warn!(snapshot = %at, "it stays: the other site's cluster cannot be told");
                }
                _ => here.map_err(Stop::unknown)?,
            }
        }
        self.note_clone(name, None).map_err(Stop::unknown)?;
        Ok(self.done(None))
    }
}

/// What is there already was made by an attempt that was cut off.
fn exists(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(error) if error.is_code(17) => Ok(()),
        other => other,
    }
}
