//! The adapter itself: clusters, locks, and what is remembered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_contract::name::check;
use muster_contract::{OpContext, Receipt, file};
use muster_plans::id::{ConsistencyGroupId, SiteName};
use muster_plans::time::Time;

use crate::cli::Cli;
use crate::config::{Config, ConfigError, Now};
use crate::decide::pair::Trail;
use crate::decide::witness::Memory;
use crate::error::{Error, Stop, later};
use crate::idle;
use crate::look::Index;
use crate::state::{CloneFile, Fence, Local};

/// One site's Ceph. Made by [`Ceph::open`]; nothing runs beside what is asked of it.
pub struct Ceph {
    pub(crate) site: SiteName,
    pub(crate) config: Config,
    pub(crate) cli: Cli,
    /// The other site's cluster, where it may be told something.
    pub(crate) peer_cli: Option<Cli>,
    pub(crate) mark: String,
    pub(crate) opened: Time,
    now: Now,
    /// Operations that are being carried out, by their object.
    pub(crate) under_way: Mutex<BTreeMap<String, usize>>,
    turns: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
    pub(crate) index: tokio::sync::Mutex<Option<Arc<Index>>>,
    /// Held while what is remembered of a group changes.
    pub(crate) noting: Mutex<()>,
    /// Whether this site's hosts are kept out of its cluster, and when that was read.
    pub(crate) kept_out: tokio::sync::Mutex<Option<(Time, bool)>>,
    /// What was seen of the other site's monitors.
    pub(crate) witness: Mutex<Memory>,
    /// What was seen of journals' writers, by image.
    pub(crate) trails: Mutex<BTreeMap<String, Trail>>,
}

const FOLDERS: [&str; 2] = ["groups", "clones"];

impl Ceph {
    /// Makes the folders for what is remembered. Speaks to no cluster yet.
    ///
    /// # Errors
    /// [`ConfigError`] where the configuration cannot be used.
    pub fn open(config: Config, site: SiteName, now: Now) -> Result<Arc<Ceph>, ConfigError> {
        config.check(&site)?;
        let folder = config.state.clone();
        let wrong = |error: String| ConfigError::State(folder.clone(), error);
        for folder in FOLDERS {
            let folder = config.state.join(folder);
            std::fs::create_dir_all(folder).map_err(|error| wrong(error.to_string()))?;
        }
        let state = config.state.canonicalize().map_err(|error| wrong(error.to_string()))?;
        let opened = now();
        let mark = idle::mark(&state, opened);
        let cli = |conf: &PathBuf, user: &str, keyring: &Option<PathBuf>| {
            Cli::new(conf.clone(), user, keyring.clone(), mark.clone(), now.clone())
        };
        let peer_user = config.peer_user.as_deref().unwrap_or(&config.user);
        let peer = config.peer_conf.as_ref();
        let ceph = Ceph {
            cli: cli(&config.conf, &config.user, &config.keyring),
            peer_cli: peer.map(|conf| cli(conf, peer_user, &config.peer_keyring)),
            site,
            mark: mark.clone(),
            opened,
            now,
            under_way: Mutex::default(),
            turns: Mutex::default(),
            index: tokio::sync::Mutex::default(),
            noting: Mutex::default(),
            kept_out: tokio::sync::Mutex::default(),
            witness: Mutex::default(),
            trails: Mutex::default(),
            config,
        };
        // A file of ours that cannot be read is found now and not in the middle of a failover.
        ceph.fence().map_err(|error| wrong(error.to_string()))?;
        ceph.clones().map_err(|error| wrong(error.to_string()))?;
        Ok(Arc::new(ceph))
    }

    pub(crate) fn now(&self) -> Time {
        (self.now)()
    }

    pub(crate) fn peer_cut_at(&self) -> Option<Time> {
        self.peer_cli.as_ref().and_then(Cli::cut_at)
    }

    /// How long an operation may still take.
    pub(crate) fn left(&self, ctx: &OpContext) -> Duration {
        Duration::from_millis(ctx.deadline.since(self.now()).0)
    }

    /// The cluster, for what must be over by the deadline.
    pub(crate) fn cli(&self, ctx: &OpContext) -> Cli {
        self.cli.within(self.left(ctx).max(Duration::from_millis(500)))
    }

    /// Waits for an object's turn, until the deadline.
    pub(crate) async fn turn(
        &self,
        ctx: &OpContext,
        object: &str,
    ) -> Result<tokio::sync::OwnedMutexGuard<()>, Stop> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(object.to_owned()).or_default())
        };
        let late = || later(format!("something else is done with {object} until the deadline"));
        tokio::time::timeout(self.left(ctx), turn.lock_owned()).await.map_err(|_| late().into())
    }

    fn path(&self, folder: &str, name: &str) -> Result<PathBuf, Error> {
        Ok(self.config.state.join(folder).join(format!("{}.json", check(name)?)))
    }

    /// What this site alone knows of a group.
    pub(crate) fn local(&self, group: &ConsistencyGroupId) -> Result<Local, Error> {
        Ok(file::read(&self.path("groups", group.as_str())?)?.unwrap_or_default())
    }

    /// Groups of which there is a note with images.
    pub(crate) fn remembered(&self) -> Result<Vec<ConsistencyGroupId>, Error> {
        let names = self.names("groups")?.into_iter().map(ConsistencyGroupId::from);
        let mut groups = Vec::new();
        for group in names {
            if !self.local(&group)?.members.is_empty() {
                groups.push(group);
            }
        }
        Ok(groups)
    }

    pub(crate) fn note(
        &self,
        group: &ConsistencyGroupId,
        change: impl FnOnce(&mut Local),
    ) -> Result<(), Error> {
        let _turn: MutexGuard<'_, ()> = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.local(group)?;
        let mut after = before.clone();
        change(&mut after);
        if before == after {
            return Ok(());
        }
        Ok(file::write(&self.path("groups", group.as_str())?, &after)?)
    }

    pub(crate) fn clone_file(&self, name: &str) -> Result<Option<CloneFile>, Error> {
        Ok(file::read(&self.path("clones", name)?)?)
    }

    pub(crate) fn note_clone(&self, name: &str, clone: Option<&CloneFile>) -> Result<(), Error> {
        let path = self.path("clones", name)?;
        match clone {
            Some(clone) => Ok(file::write(&path, clone)?),
            None => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(Error::io("cannot remove", &path)(error))
                }
                _ => Ok(()),
            },
        }
    }

    /// Names of what is noted in a folder.
    fn names(&self, folder: &str) -> Result<Vec<String>, Error> {
        let folder = self.config.state.join(folder);
        let entries = std::fs::read_dir(&folder).map_err(Error::io("cannot read", &folder))?;
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(Error::io("cannot read", &folder))?.file_name();
            let name = file.to_str().and_then(|name| name.strip_suffix(".json"));
            names.extend(name.filter(|name| check(name).is_ok()).map(ToOwned::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// All clones, by name.
    pub(crate) fn clones(&self) -> Result<Vec<(String, CloneFile)>, Error> {
        let mut clones = Vec::new();
        for name in self.names("clones")? {
            clones.extend(self.clone_file(&name)?.map(|clone| (name, clone)));
        }
        Ok(clones)
    }

    pub(crate) fn fence(&self) -> Result<Fence, Error> {
        Ok(file::read(&self.config.state.join("fence.json"))?.unwrap_or_default())
    }

    pub(crate) fn note_fence(&self, fence: Fence) -> Result<(), Error> {
        Ok(file::write(&self.config.state.join("fence.json"), &fence)?)
    }

    pub(crate) fn already(&self) -> Receipt {
        Receipt { already: true, at: Some(self.now()), note: None }
    }

    pub(crate) fn done(&self, note: impl Into<Option<String>>) -> Receipt {
        Receipt { already: false, at: Some(self.now()), note: note.into() }
    }
}
