//! Looks at groups of mirrored images, here and at the other site's cluster.

use std::net::IpAddr;
use std::sync::PoisonError;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use ipnet::IpNet;
use muster_contract::{Mode, OpContext, Reason};
use muster_plans::id::{ConsistencyGroupId, SiteName};
use muster_plans::time::Span;

use super::index::{AT_ONCE, Indexed, one_pool};
use crate::cli::{Cli, PEER_LIMIT, spec};
use crate::config::Mode as PoolMode;
use crate::decide::pair::{Image, Peer, Sight};
use crate::error::{Error, Stop};
use crate::said::{Locker, Meta, Watcher};
use crate::state::Word;
use crate::store::Ceph;
use muster_contract::name::check;

/// How old an answer may be that is the same for all groups.
const MOMENT: Span = Span::secs(3);

/// The word that is left at an image. One that cannot be read is somebody else's.
fn word(meta: &Meta) -> Option<Word> {
    serde_json::from_str(meta.leg.as_deref()?).ok()
}

impl Ceph {
    pub(crate) async fn pair(
        &self,
        group: &ConsistencyGroupId,
        members: &[Indexed],
    ) -> Result<Sight, Stop> {
        one_pool(members)?;
        let read = |member: Indexed| async move { self.image(&member).await };
        let images: Vec<Image> =
            iter(members.to_vec()).map(read).buffered(AT_ONCE).try_collect().await?;
        Ok(Sight {
            group: group.clone(),
            site: self.site.clone(),
            peer: self.config.peer.clone(),
            images,
            local: self.local(group)?,
            fenced: self.kept_out().await?,
            now: self.now(),
        })
    }

    /// Whether hosts of this site are kept out of its cluster, as it was no longer than seconds ago: it is the
    /// same for all groups.
    pub(crate) async fn kept_out(&self) -> Result<bool, Error> {
        let nets = self.config.clients_of(&self.site);
        if nets.is_empty() {
            return Ok(false);
        }
        let mut held = self.kept_out.lock().await;
        let now = self.now();
        if let Some((at, kept_out)) = *held
            && now.since(at) < MOMENT
        {
            return Ok(kept_out);
        }
        let list = self.cli.blocklist().await?;
        let kept_out = nets.iter().any(|net| list.touches(net, now));
        *held = Some((now, kept_out));
        Ok(kept_out)
    }

    async fn image(&self, member: &Indexed) -> Result<Image, Error> {
        let spec = member.spec();
        let mode = self.mode_of(member);
        let interval = self.config.pool(&member.pool).and_then(crate::config::PoolConfig::interval);
        let anew = Image {
            pool: member.pool.clone(),
            name: member.name.clone(),
            mode,
            interval,
            primary: Some(false),
            word: None,
            own: None,
            there: None,
            snaps: Vec::new(),
            copied: None,
        };
        match self.image_there(&spec, &anew).await {
            // It is away for a while: a copy that is made anew.
            Err(error) if error.is_code(2) => Ok(anew),
            Ok(None) => Ok(anew),
            Ok(Some(image)) => Ok(image),
            Err(error) => Err(error),
        }
    }

    async fn image_there(&self, spec: &str, anew: &Image) -> Result<Option<Image>, Error> {
        let (info, meta) = tokio::try_join!(self.cli.info(spec), self.cli.meta(spec))?;
        let Some(info) = info else { return Ok(None) };
        let primary = info.primary();
        let status = match primary {
            Some(_) => Some(self.cli.mirror_status(spec).await?),
            None => None,
        };
        let snaps = match anew.mode {
            PoolMode::MirrorSnapshot => self.cli.snaps(spec).await?,
            _ => Vec::new(),
        };
        let (own, mut peers) =
            status.map_or((None, Vec::new()), |status| (Some(status.own), status.peer_sites));
        // With several peers nobody knows which of them is meant.
        let there = if peers.len() == 1 { peers.pop() } else { None };
        let word = word(&meta);
        let receives = if primary == Some(true) { there.as_ref() } else { own.as_ref() };
        let copied = receives.and_then(|state| {
            let (at, replay) = (state.at()?, state.replay()?);
            let mut trails = self.trails.lock().unwrap_or_else(PoisonError::into_inner);
            trails.entry(spec.to_owned()).or_default().copied_at(at, &replay)
        });
        Ok(Some(Image { primary, word, own, there, snaps, copied, ..anew.clone() }))
    }

    /// The other site's cluster, where this run may speak to it.
    pub(crate) fn reach(&self, ctx: &OpContext) -> Option<Cli> {
        let allowed = ctx.mode != Mode::Unplanned;
        let cli = self.peer_cli.as_ref().filter(|_| allowed)?;
        Some(cli.within(PEER_LIMIT.min(self.left(ctx).max(std::time::Duration::from_millis(500)))))
    }

    /// The other leg, as its cluster says now; `None`: it does not answer, or must not be asked.
    pub(crate) async fn ask(&self, ctx: &OpContext, sight: &Sight) -> Option<Peer> {
        let cli = self.reach(ctx)?;
        match self.peer(&cli, sight).await {
            Ok(peer) => Some(peer),
            Err(error) => {
                tracing::info!(group = %sight.group, %error, "the other site was asked in vain");
                None
            }
        }
    }

    async fn peer(&self, cli: &Cli, sight: &Sight) -> Result<Peer, Error> {
        let mut peer = Peer::default();
        for image in &sight.images {
            let spec = image.spec();
            // An image that is being made anew there is not there for a while.
            let Some(info) = cli.info(&spec).await? else { continue };
            let primary = info.primary() == Some(true);
            peer.images.push((image.pool.clone(), image.name.clone(), primary));
            let word = word(&cli.meta(&spec).await?);
            let newer = word.as_ref().map(|word| word.generation);
            if newer > peer.word.as_ref().map(|word| word.generation) {
                peer.word = word;
            }
            if primary && peer.user.is_none() {
                peer.user = self.user(cli, &spec, &self.config.peer).await?;
            }
        }
        Ok(peer)
    }

    /// Who of a site has an image open. Only a writer takes its lock; whoever has merely opened it is told
    /// from `rbd-mirror`, which opens it too, by the addresses of the site's hosts.
    pub(crate) async fn user(
        &self,
        cli: &Cli,
        spec: &str,
        site: &SiteName,
    ) -> Result<Option<String>, Error> {
        let (lockers, watchers) = tokio::try_join!(cli.lockers(spec), cli.watchers(spec))?;
        let clients = self.config.clients_of(site);
        Ok(user(&lockers, &watchers.watchers, clients))
    }

    /// Who of this site has an image of a group open, of those that are primary.
    pub(crate) async fn user_here(&self, sight: &Sight) -> Result<Option<String>, Stop> {
        for image in sight.images.iter().filter(|image| image.primary == Some(true)) {
            if let Some(user) = self.user(&self.cli, &image.spec(), &self.site).await? {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }
}

/// A lock outlives its holder: it counts while who took it still watches the image, which ends half a minute after
/// the holder did.
fn user(lockers: &[Locker], watchers: &[Watcher], clients: &[IpNet]) -> Option<String> {
    let alive = |locker: &&Locker| watchers.iter().any(|w| w.address == locker.address);
    let name = |address: &str, host: Option<IpAddr>| {
        host.map_or_else(|| address.to_owned(), |host| host.to_string())
    };
    if let Some(locker) = lockers.iter().find(alive) {
        return Some(name(&locker.address, locker.host()));
    }
    let hosts = watchers.iter().filter_map(|watcher| Some((watcher, watcher.host()?)));
    let mut ours = hosts.filter(|(_, host)| clients.iter().any(|net| net.contains(host)));
    ours.next().map(|(watcher, host)| name(&watcher.address, Some(host)))
}

/// The lock of a daemon, which is at none of the hosts that VMs are on; `None` too where nobody said which those are.
pub(crate) fn held_by_a_daemon<'a>(lockers: &'a [Locker], clients: &[IpNet]) -> Option<&'a Locker> {
    let of_a_vm = |host: IpAddr| clients.iter().any(|net| net.contains(&host));
    let daemon = |locker: &&Locker| locker.host().is_some_and(|host| !of_a_vm(host));
    lockers.iter().find(daemon).filter(|_| !clients.is_empty())
}

/// The image of a clone.
pub(crate) fn clone_spec(pool: &str, clone: &str, image: &str) -> Result<String, Reason> {
    let name = format!("{}{clone}-{image}", crate::name::CLONE);
    check(&name).map_err(|error| crate::error::not_now(error.to_string()))?;
    Ok(spec(pool, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(addresses: &[&str]) -> Vec<T> {
        let all = addresses.iter().map(|address| serde_json::json!({"address": address}));
        serde_json::from_value(all.collect()).unwrap()
    }

    #[test]
    fn a_lock_counts_while_its_holder_watches() {
        let (vm, other) = ("10.1.0.7:0/1", "10.9.0.1:0/2");
        let nets = ["10.1.0.0/24".parse().unwrap()];
        let who = |lockers: &[&str], watchers: &[&str], nets: &[IpNet]| {
            user(&read(lockers), &read(watchers), nets)
        };
        assert_eq!(who(&[vm], &[vm], &[]).as_deref(), Some("10.1.0.7"));
        assert_eq!(who(&[other], &[other], &nets).as_deref(), Some("10.9.0.1"));
        assert_eq!(who(&[vm], &[other], &nets), None, "it is dead");
        assert_eq!(who(&[], &[other], &nets), None, "rbd-mirror of the other site");
        assert_eq!(who(&[], &[vm], &nets).as_deref(), Some("10.1.0.7"));
        let daemon = |lockers: &[&str], nets: &[IpNet]| {
            held_by_a_daemon(&read(lockers), nets).map(|locker| locker.address.clone())
        };
        assert_eq!(daemon(&[other], &nets).as_deref(), Some(other));
        assert_eq!(daemon(&[vm], &nets), None, "no VM's lock is ever broken");
        assert_eq!(daemon(&[other], &[]), None, "it may be a VM's");
        assert_eq!(daemon(&["nobody knows"], &nets), None);
    }
}
