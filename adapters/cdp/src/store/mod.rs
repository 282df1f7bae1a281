//! The adapter itself: groups, locks, and what is remembered.

mod disk;
mod hear;
mod idle;
mod open;
mod points;
mod sure;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_adapter_pair::decide::Sight;
use muster_adapter_pair::{Fence, Leg, Report};
use muster_contract::Reason;
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};
use muster_plans::time::Time;
use tokio::sync::Notify;

use crate::config::{Config, Now};
use crate::error::missing;
use crate::guests::Guests;
use crate::layout::Layout;
use crate::mirror::{Exports, Session, Word};
use crate::peer::Client;
use crate::ship::Stamp;

/// One site's storage. Made by [`Cdp::open`]; serves its peer and replicates while
/// [`Cdp::run`] runs.
pub struct Cdp {
    pub(crate) site: SiteName,
    pub(crate) config: Config,
    pub(crate) layout: Layout,
    pub(crate) client: Arc<Client>,
    pub(crate) guests: Arc<dyn Guests>,
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
    /// The point that comes in. Held while something of it does, and while a point is copied: nothing comes in
    /// then, and nothing is pruned. Taken before `leg`. Whoever copies takes it along, so that it is held for as
    /// long as the disk is busy, whoever still waits for that.
    pub(crate) incoming: Arc<tokio::sync::Mutex<Option<RecoveryPointId>>>,
    /// At the target: the servers of the mirror.
    pub(crate) exports: tokio::sync::Mutex<Option<Exports>>,
    /// At the source: its mirrors. Held while they are looked at, and never waited for by who holds `leg` without
    /// `doing`.
    pub(crate) session: tokio::sync::Mutex<Option<Session>>,
    /// Whether all of them hold, and when they were last found to.
    mirrored: Mutex<(bool, Option<Time>)>,
    /// At the source: files as they were in the last point that was sent without guests.
    pub(crate) shipped: tokio::sync::Mutex<Option<BTreeMap<String, Stamp>>>,
    pub(crate) leg: tokio::sync::Mutex<Leg>,
    /// See `sure.rs`.
    sure: AtomicBool,
}

/// What the disk says of a group.
pub(crate) struct Look {
    /// Newest first.
    pub(crate) points: Vec<RecoveryPointId>,
    pub(crate) live: bool,
    /// What the mirror here is worth.
    pub(crate) mirror: Option<Word>,
}

impl Look {
    /// A mirror that is whole counts as the newest point.
    pub(crate) fn with_mirror(mut self) -> Look {
        let mirror = self.mirror.as_ref().and_then(Word::point);
        self.points.splice(0..0, mirror.filter(|point| !self.points.contains(point)));
        self
    }
}

impl Group {
    fn new(id: ConsistencyGroupId, leg: Leg, sure: bool) -> Group {
        Group {
            id,
            doing: tokio::sync::Mutex::default(),
            urgent: AtomicUsize::new(0),
            yields: Notify::new(),
            due: AtomicBool::new(true),
            incoming: Arc::default(),
            exports: tokio::sync::Mutex::default(),
            session: tokio::sync::Mutex::default(),
            mirrored: Mutex::default(),
            shipped: tokio::sync::Mutex::default(),
            leg: tokio::sync::Mutex::new(leg),
            sure: AtomicBool::new(sure),
        }
    }

    /// When all its mirrors were found to hold, at the source; `None`: they do not.
    pub(crate) fn mirrored(&self) -> Option<Time> {
        let (holds, at) = *self.mirrored.lock().unwrap_or_else(PoisonError::into_inner);
        at.filter(|_| holds)
    }

    /// The same, of mirrors that may have ended since.
    pub(crate) fn was_mirrored(&self) -> Option<Time> {
        self.mirrored.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// `None`: not any more.
    pub(crate) fn set_mirrored(&self, at: Option<Time>) {
        let mut mirrored = self.mirrored.lock().unwrap_or_else(PoisonError::into_inner);
        *mirrored = (at.is_some(), at.or(mirrored.1));
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

impl Cdp {
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
