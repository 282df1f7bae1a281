//! The adapter itself: groups, locks, and what is remembered.

mod disk;
mod hear;
mod idle;
mod open;
mod points;
mod sure;

pub(crate) use open::on_btrfs;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_contract::Reason;
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};
use muster_plans::time::Time;
use tokio::sync::Notify;

use crate::config::{Config, Now};
use crate::error::missing;
use crate::layout::Layout;
use crate::peer::Client;
use muster_adapter_pair::decide::Sight;
use muster_adapter_pair::{Fence, Leg, Report};

/// One site's storage on btrfs. Made by [`Btrfs::open`]; serves its peer and replicates while
/// [`Btrfs::run`] runs.
pub struct Btrfs {
    pub(crate) site: SiteName,
    pub(crate) config: Config,
    pub(crate) layout: Layout,
    pub(crate) client: Client,
    /// What the other site must show.
    pub(crate) token: Option<String>,
    now: Now,
    groups: Mutex<BTreeMap<ConsistencyGroupId, Arc<Group>>>,
    fence: Mutex<Fence>,
    /// Held while what is remembered of fences changes.
    fencing: tokio::sync::Mutex<()>,
    /// Held while a group is made: the other site may speak of a new one twice at once.
    making: tokio::sync::Mutex<()>,
    /// Held while a clone is made or removed.
    pub(crate) cloning: tokio::sync::Mutex<()>,
    /// Operations that are being carried out, by their object.
    under_way: Mutex<BTreeMap<String, usize>>,
}

/// A group.
///
/// Two locks, so that two sites never wait for each other in a ring: `doing` may be held while the other
/// site is asked something, and is never needed for an answer to it; `leg` is needed for such answers,
/// and never held while the other site is asked.
pub(crate) struct Group {
    pub(crate) id: ConsistencyGroupId,
    /// Held by whoever carries out an operation or sends a point.
    pub(crate) doing: tokio::sync::Mutex<()>,
    /// How many wait for `doing` who do not want to wait for a point on its way.
    pub(crate) urgent: AtomicUsize,
    /// Tells the replication loop of those.
    pub(crate) yields: Notify,
    /// The next point is due now.
    pub(crate) due: AtomicBool,
    /// Held while a point comes in.
    pub(crate) incoming: tokio::sync::Mutex<()>,
    pub(crate) leg: tokio::sync::Mutex<Leg>,
    /// See `sure.rs`.
    sure: AtomicBool,
}

/// What the disk says of a group.
pub(crate) struct Look {
    /// Newest first.
    pub(crate) points: Vec<RecoveryPointId>,
    pub(crate) live: bool,
}

impl Group {
    fn new(id: ConsistencyGroupId, leg: Leg, sure: bool) -> Group {
        Group {
            id,
            doing: tokio::sync::Mutex::default(),
            urgent: AtomicUsize::new(0),
            yields: Notify::new(),
            due: AtomicBool::new(true),
            incoming: tokio::sync::Mutex::default(),
            leg: tokio::sync::Mutex::new(leg),
            sure: AtomicBool::new(sure),
        }
    }

    /// Waits until nothing else is done with the group; a point that the loop is sending is broken off.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.urgent.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(&self.urgent);
        self.yields.notify_waiters();
        self.doing.lock().await
    }
}

impl Btrfs {
    /// The site.
    pub fn site(&self) -> &SiteName {
        &self.site
    }

    /// The other site.
    pub fn peer_site(&self) -> &SiteName {
        &self.config.peer.site
    }

    /// The root.
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    pub(crate) fn now(&self) -> Time {
        (self.now)()
    }

    pub(crate) fn fence(&self) -> Fence {
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn groups_lock(&self) -> MutexGuard<'_, BTreeMap<ConsistencyGroupId, Arc<Group>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn groups(&self) -> Vec<Arc<Group>> {
        self.groups_lock().values().cloned().collect()
    }

    pub(crate) fn find(&self, id: &ConsistencyGroupId) -> Option<Arc<Group>> {
        self.groups_lock().get(id).cloned()
    }

    pub(crate) fn group(&self, id: &ConsistencyGroupId) -> Result<Arc<Group>, Reason> {
        self.find(id).ok_or_else(|| missing(format!("the group {id}")))
    }

    /// For a decision.
    pub(crate) fn sight<'a>(
        &'a self,
        group: &'a Group,
        leg: &'a Leg,
        look: &'a Look,
        peer: Option<&'a Report>,
    ) -> Sight<'a> {
        Sight {
            group: &group.id,
            peer_site: self.peer_site(),
            leg,
            fence: self.fence(),
            peer,
            points: &look.points,
            live: look.live,
            sure: group.is_sure(),
        }
    }
}
