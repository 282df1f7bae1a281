//! What queries answer.

use muster_plans::graph::Address;
use muster_plans::id::{
    ConsistencyGroupId, HostId, NetworkName, RecoveryPointId, RunTag, SiteName, WitnessName,
};
use muster_plans::inventory::{HostState, Power, RecoveryPoint, ReplicaRole};
use muster_plans::time::{Span, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::OpId;
use crate::token::Token;

/// An answer, with when it was true and what is still under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// When it was observed, by the agent's clock. A cache must say when it was filled.
    pub as_of: Time,
    /// Operations on this object that were accepted and have not had their effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<OpId>,
    /// The state.
    pub state: Observation,
}

/// State of one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// A leg of a group; `None`: there is none here.
    Group(Option<GroupState>),
    /// An instance of a VM; `None`: not registered here.
    Vm(Option<VmState>),
    /// A host; `None`: not known.
    Host(Option<HostPowerState>),
    /// A test clone; `None`: there is none.
    Clone(Option<CloneState>),
    /// A bubble; `None`: there is none.
    Bubble(Option<BubbleState>),
    /// A fence.
    Fence(FenceState),
    /// A witness's view.
    Witness(WitnessState),
    /// Objects that carry a tag: `vm/…`, `clone/…`, `bubble/…`.
    Leftovers(Vec<String>),
    /// The site answers.
    Alive {
        /// The highest token that the site's agent has accepted, so that a lost journal is found.
        high_water: Token,
    },
}

/// A leg of a consistency group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupState {
    /// The group.
    pub id: ConsistencyGroupId,
    /// What the leg is.
    pub role: ReplicaRole,
    /// Whether it accepts production writes now.
    pub writable: bool,
    /// Whether every acknowledged write of this leg is at the other one.
    pub drained: bool,
    /// Whether both legs hold the same data, as far as this leg can know.
    pub in_sync: bool,
    /// How far it is behind; `None`: not known.
    pub lag: Option<Span>,
    /// Raised at each promote.
    pub generation: u64,
    /// Preferred site of a stretched group.
    pub preferred: Option<SiteName>,
    /// Whether hosts here have it mounted.
    pub mounted: bool,
    /// Complete recovery points, newest first.
    pub points: Vec<RecoveryPoint>,
    /// The point that was promoted, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_point: Option<RecoveryPointId>,
}

/// A network card as it is connected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NicState {
    /// Hardware address.
    pub mac: String,
    /// What it is connected to.
    pub network: Option<NetworkName>,
    /// Addresses in the guest.
    pub address: Address,
}

/// How far a live move is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoveProgress {
    /// 0 to 1.
    pub fraction: f64,
}

/// An instance of a VM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VmState {
    /// Whether it runs.
    pub power: Power,
    /// Where it is placed.
    pub host: Option<HostId>,
    /// Its cards.
    pub nics: Vec<NicState>,
    /// Guest tools answer.
    pub heartbeat: bool,
    /// A write of the guest was acknowledged after this power-on: booted is not recovered.
    pub wrote: bool,
    /// TCP ports that accept.
    pub open_ports: Vec<u16>,
    /// Whether the hypervisor starts it by itself.
    pub autostart: bool,
    /// The tag of a test copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<RunTag>,
    /// A live move that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<MoveProgress>,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostPowerState {
    /// What it does.
    pub state: HostState,
}

/// A test clone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CloneState {
    /// Whether hosts have it mounted.
    pub mounted: bool,
    /// Its tag.
    pub tag: RunTag,
}

/// A bubble network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BubbleState {
    /// Its tag.
    pub tag: RunTag,
}

/// Whether a site is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FenceState {
    /// It can write.
    Unfenced,
    /// It was asked for, and is recorded where the site must look before it writes again. Whether it
    /// holds now cannot be read back from here, so that this is no evidence.
    Asked,
    /// It is read back that it cannot.
    Fenced,
}

/// What a witness sees of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WitnessSight {
    /// It answers.
    Seen,
    /// It has not answered for so long that its own lease at the witness has run out, so that it
    /// has stopped writing by itself.
    Dead,
    /// It does not answer, but its lease may still hold.
    Silent,
}

/// A witness's view of a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WitnessState {
    /// The witness; `None`: none is configured, or it does not answer from here.
    pub witness: Option<WitnessName>,
    /// What it sees; `None` where it does not answer.
    pub sight: Option<WitnessSight>,
    /// When it last saw the site.
    pub last_seen: Option<Time>,
}
