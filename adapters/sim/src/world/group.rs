//! A consistency group and its two legs.

use muster_plans::id::{
    ConsistencyGroupId, ContainerId, RecoveryPointId, SiteName, VmId, VolumeId,
};
use muster_plans::inventory::{DetachRule, ReplicaRole, ReplicationMode};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::data::{Data, Line, Target};

/// Place of a leg in [`Group::legs`].
pub(crate) type Side = usize;

/// One leg.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) site: SiteName,
    pub(crate) container: ContainerId,
    pub(crate) role: ReplicaRole,
    /// Whether it was made writable: promoted and not demoted since.
    pub(crate) open: bool,
    /// Read-only until the peer or the witness confirms that no higher generation exists.
    pub(crate) hold: bool,
    /// Promoted out of contact on a person's or a witness's word: it does not stop for being alone.
    pub(crate) attested: bool,
    pub(crate) generation: u64,
    pub(crate) mounted: bool,
    /// The history that it holds.
    pub(crate) line: Line,
    /// Complete asynchronous points, oldest first.
    pub(crate) points: Vec<Time>,
    /// From when on a CDP journal has everything.
    pub(crate) journal_from: Time,
    pub(crate) promoted: Option<RecoveryPointId>,
    /// What it knows of the other leg, from when they saw each other last.
    pub(crate) peer_generation: u64,
    pub(crate) peer_closed: bool,
    /// Whether it acknowledges production writes at this moment.
    pub(crate) serving: bool,
    /// Since when it does not, although it did.
    pub(crate) lost_since: Option<Time>,
}

/// A leg that is catching up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resync {
    pub(crate) since: Time,
    /// The leg that has the data.
    pub(crate) from: Side,
}

/// A consistency group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: ConsistencyGroupId,
    pub(crate) mode: ReplicationMode,
    pub(crate) interval: Option<Span>,
    /// Where in the interval its points are taken.
    pub(crate) phase: Span,
    pub(crate) volumes: Vec<(VolumeId, u64)>,
    pub(crate) vms: Vec<VmId>,
    pub(crate) legs: [Leg; 2],
    /// Whether the legs belong together; a promote of one of them tears them apart.
    pub(crate) replicating: bool,
    /// Active/passive: data goes over at this moment, since when.
    pub(crate) flowing: Option<Time>,
    /// Stretched: both legs hold the same, and every write goes to both.
    pub(crate) in_sync: bool,
    /// Stretched and not in sync: the leg that went on alone.
    pub(crate) ahead: Option<Side>,
    pub(crate) resync: Option<Resync>,
    pub(crate) preferred: Option<SiteName>,
    pub(crate) detach: Option<DetachRule>,
    /// Both legs took production writes by themselves when last looked at.
    pub(crate) torn: bool,
    pub(crate) cdp_lag: Span,
    pub(crate) async_transfer: Span,
    pub(crate) data: Data,
}

/// What the rest of the world means for a group at this moment. By side where there are two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    /// The array works and has power.
    pub(crate) up: [bool; 2],
    pub(crate) fenced: [bool; 2],
    /// The legs see each other.
    pub(crate) contact: bool,
    /// The witness and the site see each other.
    pub(crate) seen: [bool; 2],
    /// No witness has a say: there is none, or both sites agreed that it is gone.
    pub(crate) static_rule: bool,
}

impl Group {
    pub(crate) fn side(&self, site: &SiteName) -> Option<Side> {
        self.legs.iter().position(|leg| &leg.site == site)
    }

    pub(crate) fn stretched(&self) -> bool {
        self.mode == ReplicationMode::Stretched
    }

    /// The leg that others copy from, of an active/passive group.
    pub(crate) fn source(&self) -> Option<Side> {
        self.legs.iter().position(|leg| leg.role == ReplicaRole::Source)
    }

    /// Accounts for all writes and all replication up to `now`. What [`Group::arbitrate`] decided
    /// last holds until then, so this must come before anything changes.
    pub(crate) fn settle(&mut self, now: Time) {
        let before = self.data.settled;
        let legs = self.legs.each_ref();
        let targets: Vec<Target<'_>> = legs
            .iter()
            .filter(|leg| leg.serving)
            .map(|leg| (&leg.site, leg.line.branch, leg.generation))
            .collect();
        self.data.settle(now, &targets);
        self.replicate(before, now);
    }

    /// Records that this leg acknowledged and the other one does not have.
    pub(crate) fn undrained(&self, side: Side) -> u64 {
        self.data.only_in(&self.legs[side].line, &self.legs[1 - side].line)
    }
}
