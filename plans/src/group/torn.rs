//! Consistency groups that a protection group would tear apart.

use std::sync::Arc;

use serde::Serialize;

use crate::finding::{Code, Finding};
use crate::id::{ConsistencyGroupId, GroupName, VmId, VolumeId};

/// A volume and the VM that uses it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeOf {
    /// The volume.
    pub volume: VolumeId,
    /// Name of the VM.
    pub name: Arc<str>,
    /// The VM.
    pub vm: VmId,
}

/// A consistency group with volumes of VMs inside and outside a protection group. Its volumes have
/// one write order and change their role together, so the VMs outside would lose their storage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Torn {
    /// The consistency group.
    pub group: ConsistencyGroupId,
    /// One of its volumes inside, for the message.
    pub inside: VolumeOf,
    /// All its volumes outside; sorted, never empty.
    pub outside: Vec<VolumeOf>,
}

impl Torn {
    /// The finding, about the protection group.
    pub fn finding(&self, name: &GroupName) -> Finding {
        let outside: Vec<String> =
            self.outside.iter().map(|v| format!("{} of {}", v.volume, v.name)).collect();
        let message = format!(
            "group {name} tears consistency group {} apart: volume {} of {} is inside, {} outside",
            self.group,
            self.inside.volume,
            self.inside.name,
            outside.join(", ")
        );
        let help = format!(
            "give the objects on these volumes a policy of {name}, widen its `where`, or move the \
             volumes to another consistency group"
        );
        Finding::error(Code::TornConsistencyGroup, message, help).about(format!("group/{name}"))
    }
}
