//! Turns replication of mirrored groups round.

use muster_contract::{OpContext, Receipt};

use super::pair::{leave, send};
use super::wait::SPARE;
use crate::cli::{Cli, PEER_LIMIT, spec};
use crate::decide::pair::{self, Peer, Reversal, Sight};
use crate::error::{Error, Stop, changing};
use crate::look::Indexed;
use crate::name::BEFORE;
use crate::store::Ceph;

impl Ceph {
    pub(super) async fn reverse(
        &self,
        ctx: &OpContext,
        sight: Sight,
        members: &[Indexed],
    ) -> Result<Receipt, Stop> {
        let peer = self.ask(ctx, &sight).await;
        let decide = |sight: &Sight| pair::reverse(sight, peer.as_ref(), ctx.mode);
        let (decided, sight) = self.settle(ctx, sight, members, decide).await?;
        let (word, turn) = match decided {
            Reversal::Nothing => return Ok(self.already()),
            Reversal::Mark(word) => (word, false),
            Reversal::Turn(word) => (word, true),
        };
        if ctx.dry_run {
            return Ok(self.done(format!("{} would receive from here", sight.peer)));
        }
        let mut note = None;
        if let (true, Some(peer), Some(cli)) = (turn, &peer, self.reach(ctx)) {
            let anew = self.begin_anew(ctx, &cli, &sight, peer).await?;
            note = (anew > 0).then(|| {
                format!("{anew} images of {} begin anew, after what they held was kept", sight.peer)
            });
        }
        let cli = self.cli(ctx);
        leave(&cli, sight.images.iter(), &word).await.map_err(Stop::unknown)?;
        self.note(&sight.group, |local| local.promoted = None).map_err(Stop::unknown)?;
        if let Err(stop) = send(&cli, &sight).await {
            tracing::info!(group = %sight.group, ?stop, "the other site hears of it later");
        }
        Ok(self.done(note))
    }

    /// Makes the images of the other leg receive from here: what they hold is kept there under another name,
    /// then they are thrown away and copied anew. Says how many.
    async fn begin_anew(
        &self,
        ctx: &OpContext,
        cli: &Cli,
        sight: &Sight,
        peer: &Peer,
    ) -> Result<usize, Stop> {
        let stamp = format!("{BEFORE}{}-", sight.now.0 / 1000);
        let mut changed = 0;
        for (pool, name, primary) in &peer.images {
            let there = sight.images.iter().find(|image| image.name == *name);
            let there = there.and_then(|image| image.there.as_ref());
            if !primary && !there.is_some_and(|state| state.split()) {
                continue;
            }
            let (image, kept) = (spec(pool, name), spec(pool, &format!("{stamp}{name}")));
            let stop = changing(changed > 0);
            if *primary {
                keep(cli, &image, &kept, &stamp).await.map_err(&stop)?;
                cli.demote(&image).await.map_err(Stop::unknown)?;
            } else {
                // Of a demoted image there are no snapshots: all of it is copied, which takes its time.
                let limit = self.left(ctx).saturating_sub(SPARE).max(PEER_LIMIT);
                cli.patient(limit).copy(&image, &kept).await.map_err(&stop)?;
            }
            cli.resync(&image).await.map_err(Stop::unknown)?;
            changed += 1;
        }
        Ok(changed)
    }
}

/// A snapshot, and a clone of it that has its name: the image goes, what the clone needs of it stays.
async fn keep(cli: &Cli, image: &str, kept: &str, stamp: &str) -> Result<(), Error> {
    let snap = format!("{image}@{}", stamp.trim_end_matches('-'));
    match cli.snap(&snap).await {
        Err(error) if !error.is_code(17) => return Err(error),
        _ => {}
    }
    cli.clone_image(&snap, kept).await
}
