//! Groups of mirrored images.

mod demote;
mod promote;
mod reverse;
mod standing;
mod sync;
mod trail;

pub(crate) use demote::{Demotion, demote};
pub(crate) use promote::{Promotion, promote};
pub(crate) use reverse::{Reversal, reverse};
pub(crate) use standing::{HEAD, Standing, point_id};
pub(crate) use sync::{Sync, caught_up, sync};
pub(crate) use trail::Trail;

use muster_plans::id::{ConsistencyGroupId, SiteName};
use muster_plans::time::{Span, Time};

use crate::config::Mode;
use crate::said::{PeerState, Snap, SnapKind};
use crate::state::{Local, Word};

/// What is known of a group when something is decided.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) group: ConsistencyGroupId,
    pub(crate) site: SiteName,
    pub(crate) peer: SiteName,
    pub(crate) images: Vec<Image>,
    pub(crate) local: Local,
    /// Hosts of this site are kept out of its cluster.
    pub(crate) fenced: bool,
    pub(crate) now: Time,
}

/// An image of the group here.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) pool: String,
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) interval: Option<Span>,
    /// `None`: it is not mirrored at all.
    pub(crate) primary: Option<bool>,
    pub(crate) word: Option<Word>,
    /// What the daemon here says of it.
    pub(crate) own: Option<PeerState>,
    /// What the daemon there says.
    pub(crate) there: Option<PeerState>,
    pub(crate) snaps: Vec<Snap>,
    /// From when the data is that the copy holds, of one with a journal.
    pub(crate) copied: Option<Time>,
}

/// The other leg, as its own cluster says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    /// Pool and name of its images, and whether each is primary.
    pub(crate) images: Vec<(String, String, bool)>,
    pub(crate) word: Option<Word>,
    /// Who has one of its images open there.
    pub(crate) user: Option<String>,
}

impl Peer {
    pub(crate) fn writable(&self) -> bool {
        self.images.iter().any(|(_, _, primary)| *primary)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.word.as_ref().map_or(0, |word| word.generation)
    }
}

impl Image {
    pub(crate) fn spec(&self) -> String {
        crate::cli::spec(&self.pool, &self.name)
    }

    /// Mirror snapshots here, oldest first: number, time, whether it is whole, state, and whether the other
    /// site still needs it.
    fn mirror_snaps(&self) -> impl Iterator<Item = Point> {
        self.snaps.iter().filter_map(|snap| match &snap.namespace {
            SnapKind::Mirror { state, mirror_peer_uuids, complete, primary_snap_id } => {
                Some(Point {
                    id: snap.id,
                    at: snap.at(),
                    complete: *complete,
                    demoted: state == "demoted",
                    received: primary_snap_id.is_some(),
                    needed: !mirror_peer_uuids.is_empty(),
                })
            }
            _ => None,
        })
    }
}

/// A mirror snapshot.
#[derive(Clone, Copy, Debug)]
struct Point {
    id: u64,
    at: Option<Time>,
    complete: bool,
    demoted: bool,
    received: bool,
    needed: bool,
}

#[cfg(test)]
pub(crate) mod tests;
