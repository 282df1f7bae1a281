//! What may be done: synchronous functions over values, one file for each question.

mod demote;
mod meet;
mod promote;
mod prune;
mod receive;
mod reverse;
mod sync;
mod turn;

pub use demote::{Demotion, demote};
pub use meet::{Meeting, meet};
pub use promote::{Promotion, Wish, promote};
pub use prune::prune;
pub use receive::{Sender, receive};
pub use reverse::{Reversal, reverse};
pub use sync::{Sync, sync};
pub use turn::{Turn, abandoned, turn};

use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};

use crate::{Fence, Leg, Report};

/// What is known of a group when something is decided.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The group.
    pub group: &'a ConsistencyGroupId,
    /// The other site.
    pub peer_site: &'a SiteName,
    /// This leg.
    pub leg: &'a Leg,
    /// What is remembered of fences.
    pub fence: Fence,
    /// What the other site said just now; `None`: it does not answer, or was not asked.
    pub peer: Option<&'a Report>,
    /// Points that are here, newest first.
    pub points: &'a [RecoveryPointId],
    /// Whether there is live data: what production wrote or writes here.
    pub live: bool,
    /// Whether the leg knows that it was not outdone while its agent was away.
    pub sure: bool,
}

impl Sight<'_> {
    /// Whether production may write here.
    pub fn serves(&self) -> bool {
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
