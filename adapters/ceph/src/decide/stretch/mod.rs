//! Groups of a stretched cluster: two logical legs of the same images, by the record that both sites share.

mod change;
mod promote;

pub(crate) use change::{demote, prefer, reverse};
pub(crate) use promote::promote;

use muster_contract::Reason;
use muster_plans::id::{ConsistencyGroupId, SiteName};
use muster_plans::inventory::ReplicaRole;

use crate::error::not_now;
use crate::state::{Shared, SharedLeg};

/// What is known of a group when something is decided.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) group: ConsistencyGroupId,
    pub(crate) site: SiteName,
    pub(crate) peer: SiteName,
    pub(crate) shared: Shared,
    pub(crate) cluster: Cluster,
}

/// What the cluster is able to do, as seen from this site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// A monitor of this site is in the quorum, and all data can be written.
    pub(crate) serves: bool,
    /// Both sites are in the quorum, and the cluster has given up neither.
    pub(crate) contact: bool,
    /// All data is at both sites.
    pub(crate) clean: bool,
    /// Hosts of this site, or of the other one, are kept out.
    pub(crate) own_fenced: bool,
    pub(crate) peer_fenced: bool,
}

impl Sight {
    fn leg(&self, site: &SiteName) -> Result<&SharedLeg, Reason> {
        let leg = self.shared.legs.get(site);
        leg.ok_or_else(|| not_now(format!("{site} has no leg of {}", self.group)))
    }

    pub(crate) fn own(&self) -> Result<&SharedLeg, Reason> {
        self.leg(&self.site)
    }

    pub(crate) fn other(&self) -> Result<&SharedLeg, Reason> {
        self.leg(&self.peer)
    }

    /// Both legs hold the same.
    pub(crate) fn in_sync(&self) -> bool {
        self.shared.replicating && self.cluster.contact && self.cluster.clean
    }

    fn may_write(&self, leg: &SharedLeg) -> bool {
        let role = match leg.role {
            ReplicaRole::Source | ReplicaRole::Target => self.shared.replicating,
            ReplicaRole::FailedOver => true,
            ReplicaRole::InTest | ReplicaRole::RemoteFailedOver => false,
        };
        leg.open && role
    }

    /// Whether the leg here takes writes now.
    pub(crate) fn serves(&self) -> bool {
        let open = self.own().is_ok_and(|leg| self.may_write(leg));
        open && self.cluster.serves && !self.cluster.own_fenced
    }

    /// Whether the leg there takes writes, as far as this can be seen from here.
    fn peer_serves(&self) -> bool {
        let open = self.other().is_ok_and(|leg| self.may_write(leg));
        open && self.cluster.contact && !self.cluster.peer_fenced
    }

    /// Whether all that was acknowledged here is at the other leg.
    pub(crate) fn drained(&self) -> bool {
        self.in_sync() || self.own().is_ok_and(|leg| leg.role == ReplicaRole::RemoteFailedOver)
    }

    /// A record to write: the next revision of this one.
    fn next(&self) -> Shared {
        Shared { revision: self.shared.revision + 1, ..self.shared.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn paris() -> Sight {
        let (paris, lyon) = (SiteName::from("paris"), SiteName::from("lyon"));
        Sight {
            group: "shop".into(),
            shared: Shared::first(&paris, [&paris, &lyon]),
            site: paris,
            peer: lyon,
            cluster: Cluster {
                serves: true,
                contact: true,
                clean: true,
                own_fenced: false,
                peer_fenced: false,
            },
        }
    }

    /// The same, seen from the other side.
    pub(crate) fn turned(sight: &Sight) -> Sight {
        let mut other = sight.clone();
        std::mem::swap(&mut other.site, &mut other.peer);
        (other.cluster.own_fenced, other.cluster.peer_fenced) =
            (sight.cluster.peer_fenced, sight.cluster.own_fenced);
        other
    }

    #[test]
    fn both_legs_are_written_while_the_cluster_is_whole() {
        let mut sight = paris();
        assert!(sight.serves() && turned(&sight).serves() && sight.in_sync() && sight.drained());
        sight.cluster.clean = false;
        assert!(sight.serves() && !sight.in_sync() && !sight.drained());
        sight.cluster.own_fenced = true;
        assert!(!sight.serves() && turned(&sight).serves());
        sight.cluster.serves = false;
        assert!(!turned(&sight).serves());
    }
}
