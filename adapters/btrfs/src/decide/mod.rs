//! What may be done: synchronous functions over values, one file for each question.

mod demote;
mod meet;
mod parent;
mod promote;
mod prune;
mod receive;
mod reverse;
mod sync;
mod turn;

pub(crate) use demote::{Demotion, demote};
pub(crate) use meet::{Meeting, meet};
pub(crate) use parent::parent;
pub(crate) use promote::{Promotion, Wish, promote};
pub(crate) use prune::prune;
pub(crate) use receive::{Sender, receive};
pub(crate) use reverse::{Reversal, reverse};
pub(crate) use sync::{Sync, sync};
pub(crate) use turn::{Turn, abandoned, turn};

use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};

use crate::leg::{Fence, Leg, Report};

/// What is known of a group when something is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) group: &'a ConsistencyGroupId,
    pub(crate) peer_site: &'a SiteName,
    pub(crate) leg: &'a Leg,
    pub(crate) fence: Fence,
    /// What the other site said just now; `None`: it does not answer, or was not asked.
    pub(crate) peer: Option<&'a Report>,
    /// Points that are here, newest first.
    pub(crate) points: &'a [RecoveryPointId],
    /// Whether there is a live subvolume.
    pub(crate) live: bool,
    /// Whether the leg knows that it was not outdone while its agent was away.
    pub(crate) sure: bool,
}

impl Sight<'_> {
    pub(crate) fn serves(&self) -> bool {
        self.leg.serves(self.fence)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use muster_plans::inventory::ReplicaRole;
    use muster_plans::time::Time;

    use super::*;
    use crate::point;

    pub(crate) fn report(role: ReplicaRole, generation: u64) -> Report {
        Report {
            role,
            generation,
            open: false,
            writable: false,
            origin: None,
            promoted: None,
            sealed: None,
            drained: false,
            points: Vec::new(),
            as_of: Time(0),
        }
    }

    pub(crate) fn id(seconds: i64) -> RecoveryPointId {
        point::id(Time(seconds * 1000))
    }

    /// A site that can be looked at.
    pub(crate) struct Stage {
        pub(crate) leg: Leg,
        pub(crate) fence: Fence,
        pub(crate) peer: Option<Report>,
        pub(crate) points: Vec<RecoveryPointId>,
        pub(crate) live: bool,
        pub(crate) sure: bool,
        group: ConsistencyGroupId,
        site: SiteName,
    }

    impl Stage {
        pub(crate) fn new(role: ReplicaRole, generation: u64) -> Stage {
            Stage {
                leg: Leg { role, generation, ..Leg::empty() },
                fence: Fence::default(),
                peer: None,
                points: Vec::new(),
                live: false,
                sure: true,
                group: "erp".into(),
                site: "lyon".into(),
            }
        }

        pub(crate) fn sight(&self) -> Sight<'_> {
            Sight {
                group: &self.group,
                peer_site: &self.site,
                leg: &self.leg,
                fence: self.fence,
                peer: self.peer.as_ref(),
                points: &self.points,
                live: self.live,
                sure: self.sure,
            }
        }
    }
}
