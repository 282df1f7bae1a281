//! Something small that a site can make and remove, so that the kit has an object of its own: a
//! bubble network, or, where there are none, a test clone.

use muster_plans::id::{ConsistencyGroupId, RunTag};

use crate::capability::{Capabilities, OperationKind};
use crate::observed::Observation;
use crate::operation::{HypervisorOp, Operation, StorageOp};
use crate::query::Query;

/// Which kind of object.
#[derive(Clone, Debug)]
pub(super) enum Pet {
    Bubble,
    Clone(ConsistencyGroupId),
}

impl Pet {
    /// What the site can make; `None`: neither.
    pub(super) fn of(
        capabilities: &Capabilities,
        group: Option<ConsistencyGroupId>,
    ) -> Option<Pet> {
        let can = |kinds: [OperationKind; 2]| {
            kinds.iter().all(|kind| capabilities.operations.contains_key(kind))
        };
        if can([OperationKind::CreateBubble, OperationKind::DropBubble]) {
            return Some(Pet::Bubble);
        }
        let clones = can([OperationKind::SnapshotForTest, OperationKind::DropTest]);
        group.filter(|_| clones).map(Pet::Clone)
    }

    pub(super) fn make(&self, name: &str) -> Operation {
        match self {
            Pet::Bubble => Operation::Hypervisor(HypervisorOp::CreateBubble { name: name.into() }),
            Pet::Clone(group) => Operation::Storage(StorageOp::SnapshotForTest {
                group: group.clone(),
                clone: name.to_owned(),
            }),
        }
    }

    pub(super) fn remove(&self, name: &str) -> Operation {
        match self {
            Pet::Bubble => Operation::Hypervisor(HypervisorOp::DropBubble { name: name.into() }),
            Pet::Clone(group) => Operation::Storage(StorageOp::DropTest {
                group: group.clone(),
                clone: name.to_owned(),
            }),
        }
    }

    pub(super) fn query(&self, name: &str) -> Query {
        match self {
            Pet::Bubble => Query::Bubble(name.into()),
            Pet::Clone(group) => Query::Clone { group: group.clone(), clone: name.to_owned() },
        }
    }

    /// As it is listed among what a test left over.
    pub(super) fn leftover(&self, name: &str) -> String {
        match self {
            Pet::Bubble => format!("bubble/{name}"),
            Pet::Clone(_) => format!("clone/{name}"),
        }
    }

    /// Whether it is there, and whose it is; `Err`: the answer was to another question.
    pub(super) fn owner(state: Observation) -> Result<Option<RunTag>, Observation> {
        match state {
            Observation::Bubble(bubble) => Ok(bubble.map(|bubble| bubble.tag)),
            Observation::Clone(clone) => Ok(clone.map(|clone| clone.tag)),
            other => Err(other),
        }
    }
}
