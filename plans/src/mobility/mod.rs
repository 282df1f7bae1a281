//! Which way a VM can move, and what it costs.

mod against;
mod assess;
mod caps;
mod drift;
mod facts;
mod fleet;
mod judge;
mod precopy;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use against::{Against, Measured};
pub use assess::{Assessment, Choice, Forecast, assess, choose};
pub use caps::{Caps, Units};
pub use drift::{Drift, affinity_drift};
pub use facts::PairFacts;
pub use fleet::{Fleet, FleetRefusal, Move, assess_fleet};
pub use precopy::PreCopy;
pub use rules::{Limit, RULES_VERSION, RuleId, Rules};

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
    /// All of them, in the order in which they are listed.
    pub const ALL: [Method; 8] = [
        Method::VMotion,
        Method::StorageVMotion,
        Method::XvMotion,
        Method::CrossManager,
        Method::LongDistance,
        Method::LongDistanceActiveActive,
        Method::LongDistanceActivePassive,
        Method::Restart,
    ];

    /// As plans name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::VMotion => "vmotion",
            Method::StorageVMotion => "storage-vmotion",
            Method::XvMotion => "xvmotion",
            Method::CrossManager => "cross-manager",
            Method::LongDistance => "long-distance",
            Method::LongDistanceActiveActive => "long-distance/active-active",
            Method::LongDistanceActivePassive => "long-distance/active-passive",
            Method::Restart => "restart",
        }
    }

    /// Whether disks are copied to new volumes.
    pub fn copies_disks(self) -> bool {
        matches!(
            self,
            Method::StorageVMotion | Method::XvMotion | Method::CrossManager | Method::LongDistance
        )
    }

    /// Whether memory is sent to another host while the VM runs.
    pub fn copies_memory(self) -> bool {
        !matches!(self, Method::StorageVMotion | Method::Restart)
    }

    /// Whether the VM runs on while it moves.
    pub fn is_live(self) -> bool {
        self != Method::Restart
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
