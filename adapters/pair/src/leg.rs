//! A leg of a group: what is remembered of it, and what the other site is told.

use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, RunTag, SiteName};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::point;

/// What is remembered, in `state/groups/GROUP.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Leg {
    /// Never `InTest`, which is a target of which there are clones.
    pub role: ReplicaRole,
    /// Raised at each promote.
    pub generation: u64,
    /// Whether it was made writable and was not demoted since.
    pub open: bool,
    /// Whose data it is: where and when the group was made. A replica takes nothing of another one.
    pub origin: Option<String>,
    /// The point that was promoted here last.
    pub promoted: Option<RecoveryPointId>,
    /// The last point of a demoted leg: nothing was written after it.
    pub sealed: Option<RecoveryPointId>,
    /// The newest point that is whole at the other site.
    pub shipped: Option<RecoveryPointId>,
    /// Both legs were opened under the same generation: neither goes on before a person chooses.
    #[serde(default)]
    pub torn: bool,
    /// What the other site said last.
    #[serde(default)]
    pub peer: Option<Report>,
}

/// What the other site is told of a leg.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// As [`Leg::role`].
    pub role: ReplicaRole,
    /// As [`Leg::generation`].
    pub generation: u64,
    /// As [`Leg::open`].
    pub open: bool,
    /// Whether production may write to it now.
    pub writable: bool,
    /// As [`Leg::origin`].
    pub origin: Option<String>,
    /// As [`Leg::promoted`].
    pub promoted: Option<RecoveryPointId>,
    /// As [`Leg::sealed`].
    pub sealed: Option<RecoveryPointId>,
    /// Whether all it ever acknowledged is at the other site.
    pub drained: bool,
    /// Points that are whole there, newest first.
    pub points: Vec<RecoveryPointId>,
    /// By its own clock.
    pub as_of: Time,
}

/// What is remembered of fences, in `state/fence.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fence {
    /// This site keeps the other one out.
    pub raised: bool,
    /// The other site keeps this one out, as heard last.
    pub heard: bool,
}

/// What is remembered of a clone, in `state/clones/NAME.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloneFile {
    /// The group that it was made of.
    pub group: ConsistencyGroupId,
    /// Whose it is.
    pub tag: RunTag,
}

/// Whether a leg in this role was given the writing side of a pair.
pub fn leads(role: ReplicaRole) -> bool {
    matches!(role, ReplicaRole::Source | ReplicaRole::FailedOver)
}

impl Leg {
    /// A replica that has nothing yet.
    pub fn empty() -> Leg {
        Leg {
            role: ReplicaRole::Target,
            generation: 0,
            open: false,
            origin: None,
            promoted: None,
            sealed: None,
            shipped: None,
            torn: false,
            peer: None,
        }
    }

    /// The first leg of a new group.
    pub fn first(site: &SiteName, now: Time) -> Leg {
        Leg {
            role: ReplicaRole::Source,
            generation: 1,
            open: true,
            origin: Some(format!("{site}@{now}")),
            ..Leg::empty()
        }
    }

    /// Whether nobody can have outdone it while nothing was heard: the other site never had anything of it, or is
    /// kept out from here.
    pub fn is_alone(&self, fence: Fence) -> bool {
        fence.raised || self.peer.is_none()
    }

    /// Whether production may write here, as far as this can be said without looking at the disk.
    pub fn serves(&self, fence: Fence) -> bool {
        let outdone = self
            .peer
            .as_ref()
            .is_some_and(|peer| leads(peer.role) && peer.generation > self.generation);
        leads(self.role) && self.open && !self.torn && !fence.heard && !outdone
    }

    /// Whether all that was acknowledged here is at the other site.
    pub fn drained(&self) -> bool {
        let sealed = self.sealed.is_some() && self.shipped >= self.sealed;
        self.role == ReplicaRole::Target || (!self.open && sealed)
    }

    /// Whether both legs hold the same and nobody writes.
    pub fn in_sync(&self, points: &[RecoveryPointId]) -> bool {
        match self.role {
            ReplicaRole::Source => self.drained(),
            ReplicaRole::Target => self.peer.as_ref().is_some_and(|peer| {
                peer.role == ReplicaRole::Source
                    && peer.drained
                    && peer.sealed.is_some()
                    && peer.sealed.as_ref() == points.first()
            }),
            _ => false,
        }
    }

    /// How far the replica is behind.
    pub fn lag(&self, points: &[RecoveryPointId], now: Time) -> Option<Span> {
        if self.in_sync(points) {
            return Some(Span::ZERO);
        }
        let newest = match self.role {
            ReplicaRole::Source => self.shipped.as_ref(),
            ReplicaRole::Target => points.first(),
            _ => None,
        };
        newest.and_then(|id| point::at(id.as_str())).map(|at| now.since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_drained_when_its_last_point_arrived() {
        let mut leg = Leg::first(&"paris".into(), Time(0));
        assert!(leg.serves(Fence::default()) && !leg.drained());
        leg.sealed = Some(point::id(Time(2_000)));
        leg.shipped = Some(point::id(Time(2_000)));
        assert!(!leg.drained(), "it is still open");
        leg.open = false;
        assert!(leg.drained() && leg.in_sync(&[]));
        leg.shipped = Some(point::id(Time(1_000)));
        assert!(!leg.drained());
        assert_eq!(leg.lag(&[], Time(5_000)), Some(Span(4_000)));
    }

    #[test]
    fn nobody_writes_behind_a_fence_or_below_a_higher_generation() {
        let mut leg = Leg::first(&"paris".into(), Time(0));
        assert!(!leg.serves(Fence { heard: true, raised: false }));
        assert!(leg.serves(Fence { heard: false, raised: true }));
        leg.peer = Some(crate::decide::tests::report(ReplicaRole::FailedOver, 2));
        assert!(!leg.serves(Fence::default()));
        leg.generation = 2;
        assert!(leg.serves(Fence::default()));
        leg.torn = true;
        assert!(!leg.serves(Fence::default()));
    }
}
