//! Managers, clusters, hosts and networks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ClusterId, ContainerId, HostId, ManagerId, NetworkName};

/// A manager of hosts (a vCenter, a libvirt host group).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manager {
    /// Its id.
    pub id: ManagerId,
    /// What it is, for people: `sim`, `libvirt`, `vcenter`.
    pub kind: String,
}

/// A cluster of hosts under one manager.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterId,
    /// The manager above it.
    pub manager: ManagerId,
}

/// What a host does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostState {
    /// Runs VMs.
    Up,
    /// Powered down to save energy; can be woken.
    Standby,
    /// Does not answer, or is in maintenance.
    Down,
}

/// A host that runs VMs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Its id.
    pub id: HostId,
    /// Its cluster.
    pub cluster: ClusterId,
    /// What it does.
    pub state: HostState,
    /// CPU family or EVC baseline; live moves need the same one.
    pub cpu_family: String,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Memory that no running VM has, in MiB.
    pub free_mib: u64,
    /// Speed of the live-migration network in megabits per second.
    pub migration_mbps: u32,
    /// Containers that this host sees.
    pub containers: Vec<ContainerId>,
}

/// What a network is for. A test never reaches a production network: the types of their targets
/// differ in the step graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkRole {
    /// Carries production traffic.
    Production,
    /// Isolated, marked for tests by an administrator.
    Test,
    /// Carries live migrations.
    Migration,
}

/// A network at a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Network {
    /// Its name at this site.
    pub name: NetworkName,
    /// What it is for.
    pub role: NetworkRole,
    /// Address ranges on it.
    #[schemars(with = "Vec<String>")]
    pub subnets: Vec<ipnet::IpNet>,
}
