//! Where a leg stands, out of what its images say.

use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::{Consistency, RecoveryPoint, ReplicaRole};
use muster_plans::time::{Span, Time};

use super::{Image, Sight};
use crate::config::Mode;
use crate::state::{Phase, Word};

/// What the id of a point begins with. A leg holds one state, and an id that was ever given for it means that one.
pub(crate) const HEAD: &str = "head@";

/// Where a leg stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    /// Never `InTest`, which is a target of which there are clones.
    pub(crate) role: ReplicaRole,
    pub(crate) writable: bool,
    pub(crate) generation: u64,
    pub(crate) drained: bool,
    pub(crate) in_sync: bool,
    pub(crate) lag: Option<Span>,
    pub(crate) points: Vec<RecoveryPoint>,
}

pub(crate) fn point_id(at: Time) -> RecoveryPointId {
    RecoveryPointId::from(format!("{HEAD}{}", at.0))
}

impl Sight {
    /// All images are primary. A group of which only some are takes no writes.
    pub(crate) fn all_primary(&self) -> bool {
        !self.images.is_empty() && self.images.iter().all(|image| image.primary == Some(true))
    }

    pub(crate) fn any_primary(&self) -> bool {
        self.images.iter().any(|image| image.primary == Some(true))
    }

    /// The last word that reached any image.
    pub(crate) fn word(&self) -> Option<&Word> {
        self.images.iter().filter_map(|i| i.word.as_ref()).max_by_key(|word| word.generation)
    }

    /// Whether something is received from a primary there, or would be, had not both been written: whatever the last
    /// word that came says, it is the other leg that leads.
    pub(crate) fn follows(&self) -> bool {
        self.images.iter().any(|image| {
            let receives = image.own.as_ref().is_some_and(|own| own.replays() || own.split());
            image.primary == Some(false) && receives && image.there_primary()
        })
    }

    pub(crate) fn standing(&self) -> Standing {
        let role = self.role();
        let (drained, in_sync) = (self.drained(role), self.in_sync(role));
        let at = self.copied_at();
        Standing {
            role,
            writable: self.all_primary() && !self.fenced,
            generation: self.generation(),
            drained,
            in_sync,
            lag: match (in_sync, role) {
                (true, _) => Some(Span::ZERO),
                (_, ReplicaRole::Source | ReplicaRole::Target) => at.map(|at| self.now.since(at)),
                _ => None,
            },
            points: self.points(role, at),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.word().map_or(0, |word| word.generation)
    }

    pub(crate) fn role(&self) -> ReplicaRole {
        let lead = |phase| match phase {
            Phase::Source => ReplicaRole::Source,
            Phase::FailedOver => ReplicaRole::FailedOver,
        };
        match self.word() {
            None if self.any_primary() => ReplicaRole::Source,
            // What begins anew carries no word yet, whatever it was before.
            None if self.local.demoted_at.is_some()
                && self.images.iter().all(|image| image.own.is_some()) =>
            {
                ReplicaRole::Source
            }
            None => ReplicaRole::Target,
            Some(word) if word.site == self.site => {
                if self.follows() {
                    ReplicaRole::RemoteFailedOver
                } else {
                    lead(word.phase)
                }
            }
            // Promoted by hand, or by an operation that was cut off: nobody receives from it for certain.
            Some(_) if self.all_primary() => ReplicaRole::FailedOver,
            Some(word) if word.phase == Phase::FailedOver => ReplicaRole::RemoteFailedOver,
            Some(_) => ReplicaRole::Target,
        }
    }

    /// Whether all that was acknowledged here is at the other site.
    fn drained(&self, role: ReplicaRole) -> bool {
        match role {
            ReplicaRole::Target | ReplicaRole::InTest => !self.any_primary(),
            ReplicaRole::Source | ReplicaRole::FailedOver => {
                let since = self.local.demoted_at;
                !self.any_primary() && self.images.iter().all(|image| image.arrived(since))
            }
            ReplicaRole::RemoteFailedOver => false,
        }
    }

    /// Whether both legs hold the same and nobody writes.
    fn in_sync(&self, role: ReplicaRole) -> bool {
        match role {
            ReplicaRole::Source => self.drained(role),
            ReplicaRole::Target => {
                !self.images.is_empty() && self.images.iter().all(Image::holds_the_end)
            }
            _ => false,
        }
    }

    /// From when the data is that the copy holds, by the image that is furthest behind.
    pub(crate) fn copied_at(&self) -> Option<Time> {
        let times: Option<Vec<Time>> = self.images.iter().map(Image::copied_at).collect();
        times?.into_iter().min()
    }

    /// A source is not recovered to a point; it is what points are made of.
    fn points(&self, role: ReplicaRole, at: Option<Time>) -> Vec<RecoveryPoint> {
        let whole = !self.images.is_empty() && self.images.iter().all(Image::whole);
        let at = match role {
            ReplicaRole::Source | ReplicaRole::FailedOver => None,
            _ if !whole => None,
            _ => at,
        };
        let point = |taken_at| RecoveryPoint {
            id: point_id(taken_at),
            taken_at,
            consistency: Consistency::Crash,
        };
        at.map(point).into_iter().collect()
    }
}

impl Image {
    pub(crate) fn there_primary(&self) -> bool {
        self.there.as_ref().is_some_and(super::PeerState::primary)
    }

    /// Whether the copy has met the end of what was written here, and said so after that.
    fn arrived(&self, since: Option<Time>) -> bool {
        let met = |state: &super::PeerState| {
            // Both are read to the second.
            let after =
                state.at().zip(since).is_none_or(|(at, since)| at.0 / 1000 >= since.0 / 1000);
            state.met_the_end() && after
        };
        self.there.as_ref().is_some_and(met)
    }

    /// The same, at the copy.
    fn holds_the_end(&self) -> bool {
        let met = self.own.as_ref().is_some_and(super::PeerState::met_the_end);
        let sealed = match self.mode {
            Mode::MirrorSnapshot => {
                let last = self.mirror_snaps().max_by_key(|point| point.id);
                last.is_some_and(|point| point.demoted && point.complete)
            }
            _ => true,
        };
        self.primary == Some(false) && met && sealed
    }

    /// Whether a copy was ever whole.
    pub(crate) fn whole(&self) -> bool {
        let begun = self.own.as_ref().is_some_and(|own| own.state != "up+syncing");
        match self.mode {
            Mode::MirrorSnapshot => self.mirror_snaps().any(|point| point.complete),
            _ => begun,
        }
    }

    /// From when the data is that the copy holds; `None`: nobody knows.
    pub(super) fn copied_at(&self) -> Option<Time> {
        let here = self.primary == Some(true);
        let state = if here { self.there.as_ref() } else { self.own.as_ref() }?;
        if self.mode != Mode::MirrorSnapshot {
            return if state.met_the_end() { state.at() } else { self.copied };
        }
        let said = state.replay().and_then(|replay| replay.copied_at());
        let seen = if here { self.sent_at() } else { self.received_at() };
        said.max(seen)
    }

    /// When the newest snapshot was made that is whole at the other site: once it is, no older one is needed there.
    fn sent_at(&self) -> Option<Time> {
        let mut snaps: Vec<_> = self.mirror_snaps().filter(|point| !point.received).collect();
        snaps.sort_by_key(|point| point.id);
        let newest = snaps.pop()?;
        let sent = !snaps.is_empty() && snaps.iter().all(|older| !older.needed);
        newest.at.filter(|_| sent)
    }

    /// The time of a received snapshot is when receiving it began. What it holds is older, by an interval at most
    /// where the daemon keeps up.
    fn received_at(&self) -> Option<Time> {
        let newest =
            self.mirror_snaps().filter(|point| point.complete).max_by_key(|point| point.id)?;
        Some(newest.at? - self.interval?)
    }
}
