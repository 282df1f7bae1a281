//! Members of a group.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Reason;
use crate::id::{ConsistencyGroupId, SiteName, VmId};

/// How well a VM is protected by a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Its home and all its disks carry a policy of the group, meet it, and replicate to the other
    /// site of the pair.
    Protected,
    /// Some do. It is recovered with what replicates.
    Partly,
    /// The group's narrowing leaves it out.
    Excluded,
}

/// A VM with an object under the group's policies.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The VM.
    pub vm: VmId,
    /// Its name.
    pub name: Arc<str>,
    /// Where its active instance is: the one that can write, or that runs.
    pub at: SiteName,
    /// How well it is protected.
    pub protection: Protection,
    /// Why not better, and what else should be known.
    pub reasons: Vec<Reason>,
    /// Consistency groups that hold its home and disks and replicate to the other site; sorted.
    pub storage: Vec<ConsistencyGroupId>,
}

impl Member {
    /// The order of members in a group: by name for people, by id where names are equal.
    pub(super) fn order(&self) -> (&str, VmId) {
        (&self.name, self.vm)
    }
}
