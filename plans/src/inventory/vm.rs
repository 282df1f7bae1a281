//! Virtual machines and their objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ContainerId, HostId, NetworkName, PolicyName, RunTag, VmId, VolumeId};

/// The five kinds of object of the VVol model.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// The VM's home.
    Config,
    /// A disk.
    Data,
    /// Swap; made anew at each power-on, so it needs no replication.
    Swap,
    /// Memory of a snapshot; needs no replication.
    Mem,
    /// Vendor specific.
    Other,
}

/// One object of a VM, placed, bound and under its own policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VmObject {
    /// Which kind.
    pub kind: ObjectKind,
    /// For people: `disk-0`, `home`.
    pub label: Arc<str>,
    /// The container it is placed in.
    pub container: ContainerId,
    /// The volume it is bound to.
    pub volume: VolumeId,
    /// Its own storage policy.
    pub policy: Option<PolicyName>,
    /// Size in MiB.
    pub size_mib: u64,
}

/// Whether a VM runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// Runs.
    On,
    /// Does not run.
    Off,
    /// Keeps its memory, does not run.
    Suspended,
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Nic {
    /// The network it is connected to.
    pub network: NetworkName,
    /// Hardware address.
    pub mac: Arc<str>,
    /// Addresses with their prefix.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<ipnet::IpNet>,
}

/// A virtual machine as its hypervisor reports it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VirtualMachine {
    /// The backend's UUID: the same VM keeps it wherever it is registered.
    pub id: VmId,
    /// Its name.
    pub name: Arc<str>,
    /// Where it is placed.
    pub host: Option<HostId>,
    /// Whether it runs.
    pub power: Power,
    /// Tags.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
    /// Its objects.
    pub objects: Vec<VmObject>,
    /// Its network cards.
    pub nics: Vec<Nic>,
    /// Virtual CPUs.
    pub vcpus: u16,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// How much memory it dirties, in MiB per second; live moves converge only below the
    /// bandwidth.
    pub dirty_mib_s: u32,
    /// CPU family it was started on.
    pub cpu_family: Arc<str>,
    /// Whether the hypervisor starts it by itself after a power loss.
    pub autostart: bool,
    /// Whether its guest tools answer.
    pub heartbeat: bool,
    /// The mark of the test that made it; `None` for production.
    pub run_tag: Option<RunTag>,
}
