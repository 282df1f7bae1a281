//! Storage containers, volumes and the legs of consistency groups.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ConsistencyGroupId, ContainerId, EndpointId, RecoveryPointId, SiteName, VolumeId};
use crate::policy::{CapabilityId, PropertyValues};
use crate::time::{Span, Time};

/// How a volume is replicated.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicationMode {
    /// Synchronous, active/active: both legs serve I/O while they are in sync.
    Stretched,
    /// Synchronous, active/passive.
    Sync,
    /// Asynchronous with an interval, active/passive.
    Async,
    /// Continuous with a journal: any point in time (RecoverPoint, VAIO).
    Cdp,
}

/// State of a leg, as in the VASA replication API, at the site that reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaRole {
    /// Serves writes and sends them on.
    Source,
    /// Receives.
    Target,
    /// Was promoted here and is not yet a source.
    FailedOver,
    /// A test runs on a clone of it; receives on.
    InTest,
    /// The other side was promoted; this leg is neither source nor target.
    RemoteFailedOver,
}

/// What a stretched group does when its legs lose each other and no witness decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DetachRule {
    /// Both legs stop.
    NoAutomaticWinner,
    /// This site goes on.
    Winner(SiteName),
}

/// How far a recovery point can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consistency {
    /// As after a power loss.
    Crash,
    /// The applications were quiesced.
    Application,
}

/// A state of the data that one can recover to. Only complete points are reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryPoint {
    /// Its id.
    pub id: RecoveryPointId,
    /// The instant of the source that it holds.
    pub taken_at: Time,
    /// How far it can be trusted.
    pub consistency: Consistency,
}

/// A storage container: VVol storage container, datastore, RBD pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StorageContainer {
    /// Its id.
    pub id: ContainerId,
    /// Size in GiB.
    pub size_gib: u64,
    /// Free space in GiB.
    pub free_gib: u64,
    /// What its provider advertises: capability to property values.
    pub capabilities: BTreeMap<CapabilityId, PropertyValues>,
}

/// A protocol endpoint through which hosts reach volumes of a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProtocolEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// The container behind it.
    pub container: ContainerId,
    /// Whether it passes I/O.
    pub up: bool,
}

/// A volume (one leg of it, where it is replicated).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Volume {
    /// Its id, the same on both legs.
    pub id: VolumeId,
    /// The container it lies in at this site.
    pub container: ContainerId,
    /// The endpoint it is bound through.
    pub endpoint: Option<EndpointId>,
    /// Size in GiB.
    pub size_gib: u64,
    /// The consistency group it replicates in; a volume that replicates alone has a group of its
    /// own. `None`: not replicated.
    pub group: Option<ConsistencyGroupId>,
}

/// One leg of a consistency group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConsistencyGroup {
    /// Its id, the same on both legs.
    pub id: ConsistencyGroupId,
    /// How it replicates.
    pub mode: ReplicationMode,
    /// The site of the other leg.
    pub peer: SiteName,
    /// Its volumes.
    pub volumes: Vec<VolumeId>,
    /// What this leg is.
    pub role: ReplicaRole,
    /// Whether this leg accepts production writes now.
    pub writable: bool,
    /// Whether both legs hold the same data, as far as this leg can know.
    pub in_sync: bool,
    /// How far this leg is behind; `None`: not known, which counts as too far.
    pub lag: Option<Span>,
    /// Interval of asynchronous replication.
    pub interval: Option<Span>,
    /// Raised at each promote; the copy with the higher one is never overwritten without approval.
    pub generation: u64,
    /// Site preference of a stretched group.
    pub preferred: Option<SiteName>,
    /// What a stretched group does on a detach.
    pub detach: Option<DetachRule>,
    /// Points that this leg can be recovered to, newest first.
    pub points: Vec<RecoveryPoint>,
}
