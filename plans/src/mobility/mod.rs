//! Which way a VM can move, and what it costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way to move a VM from one place to another.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Method {
    /// Host to host over shared storage.
    #[serde(rename = "vmotion")]
    VMotion,
    /// Datastore to datastore on the same host.
    #[serde(rename = "storage-vmotion")]
    StorageVMotion,
    /// Host to host without shared storage, disks copied.
    #[serde(rename = "xvmotion")]
    XvMotion,
    /// To another manager, disks and memory copied (Cross-vCenter vMotion).
    #[serde(rename = "cross-manager")]
    CrossManager,
    /// Over a long distance without replication.
    #[serde(rename = "long-distance")]
    LongDistance,
    /// Over a long distance on a stretched volume; its site preference follows the VM.
    #[serde(rename = "long-distance/active-active")]
    LongDistanceActiveActive,
    /// Over a long distance with an asynchronous or synchronous replica: memory pre-copy while the
    /// delta shrinks, freeze, final delta, role flip, resume.
    #[serde(rename = "long-distance/active-passive")]
    LongDistanceActivePassive,
    /// Shut down, demote, promote, power on.
    #[serde(rename = "restart")]
    Restart,
}

impl Method {
    /// Whether the VM runs on while it moves.
    pub fn is_live(self) -> bool {
        self != Method::Restart
    }
}
