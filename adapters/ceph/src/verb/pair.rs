//! Sync, demote and promote of mirrored groups.

use futures_util::stream::{StreamExt, iter};
use muster_contract::{OpContext, Receipt};

use super::wait::{PAUSE, SPARE};
use crate::cli::Cli;
use crate::config::Mode as PoolMode;
use crate::decide::Wish;
use crate::decide::pair::{self, Demotion, Image, Promotion, Sight, Sync, caught_up, point_id};
use crate::error::{Error, Stop, changing, later, not_now};
use crate::look::{AT_ONCE, Indexed, held_by_a_daemon};
use crate::state::{Phase, Word};
use crate::store::Ceph;
use muster_plans::time::Span;

impl Ceph {
    pub(super) async fn sync(
        &self,
        ctx: &OpContext,
        sight: Sight,
        members: &[Indexed],
    ) -> Result<Receipt, Stop> {
        let reach = self.reach(ctx);
        let decide = |sight: &Sight| pair::sync(sight, ctx.mode, reach.is_some());
        let (decided, sight) = self.settle(ctx, sight, members, decide).await?;
        if decided == Sync::Nothing {
            return Ok(self.already());
        }
        if ctx.dry_run {
            return Ok(self.done("what is missing would be sent".to_owned()));
        }
        let since = self.now();
        let at = match decided {
            Sync::Send => Some(self.cli(ctx)),
            Sync::Ask => reach,
            _ => None,
        };
        if let Some(cli) = &at {
            send(cli, &sight).await?;
        }
        match self.until(ctx, &sight, members, |now| caught_up(now, since)).await? {
            true => Ok(self.done(None)),
            false => Err(Stop::unknown("it is still on its way at the deadline")),
        }
    }

    pub(super) async fn demote(
        &self,
        ctx: &OpContext,
        sight: Sight,
        members: &[Indexed],
    ) -> Result<Receipt, Stop> {
        let user = self.user_here(&sight).await?;
        let decide = |sight: &Sight| pair::demote(sight, ctx.mode, user.as_deref());
        let (decided, sight) = self.settle(ctx, sight, members, decide).await?;
        let wait = match decided {
            Demotion::Nothing => return Ok(self.already()),
            Demotion::Wait => true,
            Demotion::Close { wait } => wait,
        };
        if ctx.dry_run {
            return Ok(self.done("it would be made read-only".to_owned()));
        }
        if let Demotion::Close { .. } = decided {
            // It was a while ago that nobody had it open, where a daemon was waited for.
            if let Some(user) = self.user_here(&sight).await? {
                return Err(not_now(format!("{user} has images of {} open", sight.group)).into());
            }
            self.close(ctx, &sight).await?;
        }
        if !wait {
            return Ok(self.done("what is missing at the other site was not waited for".to_owned()));
        }
        match self.until(ctx, &sight, members, |now| now.standing().drained).await? {
            true => Ok(self.done(None)),
            // It may be promoted elsewhere all the same: Ceph looks for itself whether all of it is there.
            false => Err(Stop::unknown("its end is not yet at the other site")),
        }
    }

    async fn close(&self, ctx: &OpContext, sight: &Sight) -> Result<(), Stop> {
        let cli = self.cli(ctx);
        let mut changed = false;
        // Once it is demoted nothing can be left at an image any more: it must say whose it was.
        if sight.word().is_none() {
            let phase = Phase::Source;
            let word = Word { site: self.site.clone(), generation: 0, phase };
            let primary = sight.images.iter().filter(|image| image.primary == Some(true));
            leave(&cli, primary, &word).await.map_err(changing(false))?;
            changed = true;
        }
        // So that nobody believes what was said before.
        let now = self.now();
        self.note(&sight.group, |local| {
            (local.demoted_at, local.promoting, local.mounted) = (Some(now), None, Some(false));
        })?;
        for image in sight.images.iter().filter(|image| image.primary == Some(true)) {
            cli.demote(&image.spec()).await.map_err(changing(changed))?;
            changed = true;
        }
        Ok(())
    }

    pub(super) async fn promote(
        &self,
        ctx: &OpContext,
        sight: Sight,
        members: &[Indexed],
        wish: Wish<'_>,
    ) -> Result<Receipt, Stop> {
        let peer = self.ask(ctx, &sight).await;
        let decide = |sight: &Sight| pair::promote(sight, peer.as_ref(), wish);
        let (decided, sight) = self.settle(ctx, sight, members, decide).await?;
        let word = match &decided {
            Promotion::Nothing => return Ok(self.already()),
            Promotion::Finish(word) | Promotion::Promote(word) => word.clone(),
        };
        if ctx.dry_run {
            return Ok(self.done("its images would be promoted".to_owned()));
        }
        let at = sight.copied_at();
        self.note(&sight.group, |local| local.promoting = Some(word.clone()))?;
        let mut forced = 0;
        if let Promotion::Promote(_) = decided {
            forced = self.open_images(ctx, &sight, wish.forced).await?;
        }
        let cli = self.cli(ctx);
        self.leave_when_open(ctx, &sight, &word, wish.forced).await.map_err(Stop::unknown)?;
        let point = wish.point.cloned().or_else(|| at.map(point_id));
        self.note(&sight.group, |local| {
            (local.promoting, local.mounted, local.demoted_at) = (None, Some(true), None);
            if word.phase == Phase::FailedOver {
                local.promoted = point;
            }
        })
        .map_err(Stop::unknown)?;
        // The word goes over with the next snapshot.
        if let Err(stop) = send(&cli, &sight).await {
            tracing::info!(group = %sight.group, ?stop, "the other site hears of it later");
        }
        Ok(self.done((forced > 0).then(|| {
            format!("{forced} images were promoted by force: the other leg must begin anew")
        })))
    }

    /// Leaves a word at images that were just promoted. A daemon that received one lets go of it some seconds later:
    /// until then it is read-only for everybody else. One that waits for an answer of a cluster that is gone waits
    /// for ever, and its lock is taken from it.
    async fn leave_when_open(
        &self,
        ctx: &OpContext,
        sight: &Sight,
        word: &Word,
        forced: bool,
    ) -> Result<(), Error> {
        let begun = self.now();
        loop {
            match leave(&self.cli(ctx), sight.images.iter(), word).await {
                Err(error) if error.is_code(READ_ONLY) && self.left(ctx) > PAUSE + SPARE => {
                    tracing::debug!(%error, "it is tried again");
                    if forced && self.now().since(begun) > LETS_GO {
                        self.take_from_daemons(ctx, sight).await?;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                left => return left,
            }
        }
    }

    async fn take_from_daemons(&self, ctx: &OpContext, sight: &Sight) -> Result<(), Error> {
        let cli = self.cli(ctx);
        for image in &sight.images {
            let spec = image.spec();
            let lockers = cli.lockers(&spec).await?;
            if let Some(lock) = held_by_a_daemon(&lockers, self.config.clients_of(&self.site)) {
                tracing::warn!(image = %spec, holder = %lock.address, "its lock is taken from a daemon");
                cli.break_lock(&spec, lock).await?;
            }
        }
        Ok(())
    }

    /// Promotes what is not primary, all at once; says how many images needed force.
    async fn open_images(
        &self,
        ctx: &OpContext,
        sight: &Sight,
        force: bool,
    ) -> Result<usize, Stop> {
        let images = sight.images.iter().filter(|image| image.primary != Some(true));
        let specs: Vec<String> = images.map(Image::spec).collect();
        let open = |spec: String| async move { self.open_image(ctx, &spec, force).await };
        let all: Vec<Result<bool, Error>> = iter(specs).map(open).buffered(AT_ONCE).collect().await;
        // One of which nothing is known may have changed as well.
        let may =
            |one: &Result<bool, Error>| one.as_ref().map_or_else(|e| !e.is_refusal(), |_| true);
        let changed = sight.any_primary() || all.iter().any(may);
        let mut forced = 0;
        for one in all {
            match one {
                Ok(force) => forced += usize::from(force),
                Err(error) if error.is_code(BUSY) && !changed => {
                    self.note(&sight.group, |local| local.promoting = None)?;
                    let other = &sight.peer;
                    return Err(later(format!(
                        "{other} was not demoted, or word of it is not here yet: {error}"
                    ))
                    .into());
                }
                Err(error) => return Err(changing(changed)(error)),
            }
        }
        Ok(forced)
    }

    /// Promotes one image; says whether that needed force. Force is used only where Ceph says that it is needed: an
    /// image whose other leg was demoted can be received there again without beginning anew.
    async fn open_image(&self, ctx: &OpContext, spec: &str, force: bool) -> Result<bool, Error> {
        loop {
            match self.cli(ctx).promote(spec, false).await {
                Ok(()) => return Ok(false),
                Err(error) if error.is_code(BUSY) && force => {
                    return self.cli(ctx).promote(spec, true).await.map(|()| true);
                }
                // The demotion is on its way.
                Err(error) if error.is_code(BUSY) && self.left(ctx) > PAUSE + SPARE => {
                    tracing::debug!(%error, "it is tried again");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// How long a daemon may take to let go of an image.
const LETS_GO: Span = Span::secs(5);

/// EBUSY.
const BUSY: i32 = 16;
/// EROFS.
const READ_ONLY: i32 = 30;

/// Leaves a word at images, which are primary.
pub(super) async fn leave<'a>(
    cli: &Cli,
    images: impl Iterator<Item = &'a Image>,
    word: &Word,
) -> Result<(), Error> {
    let damaged = |cause| Error::Damaged { what: "muster.leg".to_owned(), cause };
    let text = serde_json::to_string(word).map_err(damaged)?;
    for image in images {
        cli.set_meta(&image.spec(), "muster.leg", &text).await?;
    }
    Ok(())
}

/// Takes a snapshot of each image that is sent so, all at nearly the same time.
pub(super) async fn send(cli: &Cli, sight: &Sight) -> Result<(), Stop> {
    let images = sight.images.iter().filter(|image| image.mode == PoolMode::MirrorSnapshot);
    let specs: Vec<String> = images.map(Image::spec).collect();
    let taken = |spec: String| async move { cli.mirror_snapshot(&spec).await };
    let all: Vec<Result<(), Error>> = iter(specs).map(taken).buffered(AT_ONCE).collect().await;
    // That some are taken changes nothing that anybody would have to know of.
    all.into_iter().try_for_each(|one| one.map_err(changing(false)))
}
