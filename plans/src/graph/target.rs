//! What steps act on: rows of a graph's tables.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{Shutdown, Startup};
use crate::id::{
    CalloutName, ConsistencyGroupId, GroupName, HostId, NetworkName, PolicyName, RecoveryPointId,
    VmId, VolumeId,
};
use crate::inventory::ReplicationMode;
use crate::mobility::Method;
use crate::time::{Span, Time};

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident($int:ty)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $int);
    )*};
}

indices! {
    /// Place in `Graph::sites`.
    SiteIx(u8),
    /// Place in `Graph::vms`: a VM in production.
    VmIx(u32),
    /// Place in `Graph::test_vms`: a test copy.
    TestVmIx(u32),
    /// Place in `Graph::groups`.
    GroupIx(u32),
    /// Place in `Graph::clones`.
    CloneIx(u32),
    /// Place in `Graph::hosts`.
    HostIx(u32),
    /// Place in `Graph::others`.
    OtherVmIx(u32),
    /// Place in `Graph::bubbles`.
    BubbleIx(u32),
    /// Place in `Graph::prompts`.
    PromptIx(u32),
    /// Place in `Graph::callouts`.
    CalloutIx(u32),
}

/// A network that carries production traffic. Only compile makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductionNetwork(pub NetworkName);

/// An isolated network of a test: one that the test makes, or one that an administrator marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BubbleNetwork {
    /// Made and removed by the run.
    Made(BubbleIx),
    /// Exists, and carries the role `test`.
    Marked(NetworkName),
}

/// Addresses of a network card after customization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// Addresses with prefix, IPv4 and IPv6.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<ipnet::IpNet>,
    /// Gateways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<std::net::IpAddr>,
    /// Name servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<std::net::IpAddr>,
}

/// A production network card at the recovery site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// Hardware address; the VM keeps it.
    pub mac: Arc<str>,
    /// What it is connected to.
    pub network: ProductionNetwork,
    /// New addresses; `None`: they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A network card of a test copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestNic {
    /// Hardware address; the same as in production, which is why it must stay in the bubble.
    pub mac: Arc<str>,
    /// What it is connected to.
    pub network: BubbleNetwork,
    /// New addresses; `None`: they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A VM in production, with everything needed to run it at the other site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VmTarget {
    /// The VM.
    pub id: VmId,
    /// Its name.
    pub name: Arc<str>,
    /// Its protection group.
    pub group: GroupName,
    /// 1 to 5.
    pub priority: u8,
    /// Where it runs when the run starts.
    pub from: SiteIx,
    /// Its host there.
    pub from_host: Option<HostId>,
    /// Where it runs at the end.
    pub to: SiteIx,
    /// Its host there, chosen by compile.
    pub to_host: HostId,
    /// Consistency groups that hold its objects.
    pub storage: Vec<GroupIx>,
    /// Its volumes.
    pub volumes: Vec<VolumeId>,
    /// Policies of its objects, in the order of `volumes`.
    pub policies: Vec<Option<PolicyName>>,
    /// Virtual CPUs.
    pub vcpus: u16,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Network cards at the recovery site.
    pub nics: Vec<Nic>,
    /// Networks at the protected site, in the order of `nics`, for the way back.
    pub from_networks: Vec<NetworkName>,
    /// How it is shut down.
    pub shutdown: Shutdown,
    /// How it is started.
    pub startup: Startup,
    /// Whether it is powered on at the end.
    pub power_on: bool,
    /// How it moves.
    pub method: Method,
}

/// A consistency group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupTarget {
    /// The group.
    pub id: ConsistencyGroupId,
    /// How it replicates.
    pub mode: ReplicationMode,
    /// Where it is written when the run starts.
    pub from: SiteIx,
    /// Where it is written at the end.
    pub to: SiteIx,
    /// Its volumes.
    pub volumes: Vec<VolumeId>,
    /// Generation of the leg at `to` when the graph was compiled; the promoted one is higher.
    pub generation: u64,
    /// Generation of the leg at `from` at the same time; `None`: it was not seen. A run promotes that leg
    /// only where it undoes itself, so that a much higher one is the work of other runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_generation: Option<u64>,
    /// The recovery point of an unplanned failover, captured before confirmation; `None`: the
    /// newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<RecoveryPointId>,
    /// The instant that this point holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_time: Option<Time>,
    /// Its age when the graph was compiled; `None`: not known, which counts as too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_age: Option<Span>,
}

impl GroupTarget {
    /// The highest generation that was seen of either leg.
    pub fn highest_generation(&self) -> u64 {
        self.generation.max(self.source_generation.unwrap_or(0))
    }
}

/// A host that is woken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostTarget {
    /// The host.
    pub id: HostId,
    /// Its site.
    pub site: SiteIx,
}

/// A VM of the recovery site that makes room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherVm {
    /// The VM.
    pub id: VmId,
    /// Its name.
    pub name: Arc<str>,
    /// Its site.
    pub site: SiteIx,
}

/// A test copy of a VM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestVm {
    /// The VM that it is a copy of.
    pub vm: VmIx,
    /// Clones that hold its objects, in the order of the VM's `storage`.
    pub clones: Vec<CloneIx>,
    /// Network cards, all in bubbles.
    pub nics: Vec<TestNic>,
}

/// A writable snapshot of a group's replica, for a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloneTarget {
    /// The group that it is made of.
    pub group: GroupIx,
    /// Its name at the backend.
    pub name: String,
}

/// An isolated network that a test makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bubble {
    /// Its name at the backend.
    pub name: NetworkName,
    /// Its site.
    pub site: SiteIx,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// What is asked.
    pub text: String,
    /// The role that may answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The VM beside which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmIx>,
}

/// A call of a registered callout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callout {
    /// Which.
    pub name: CalloutName,
    /// The VM beside which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmIx>,
}
