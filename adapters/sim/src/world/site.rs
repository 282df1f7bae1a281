//! A site and what stands in it.

use std::collections::BTreeMap;

use muster_plans::id::{
    ClusterId, ConsistencyGroupId, ContainerId, HostId, ManagerId, NetworkName, RunTag, VolumeId,
};
use muster_plans::inventory::{HostState, Network, StorageContainer};
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

use super::vm::Registration;
use crate::ledger::Ledger;

/// A host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Host {
    pub(crate) cluster: ClusterId,
    pub(crate) state: HostState,
    /// What it goes back to after a power loss.
    pub(crate) wanted: HostState,
    /// Somebody broke it; a returning site does not mend it.
    pub(crate) broken: bool,
    pub(crate) cpu_family: String,
    pub(crate) memory_mib: u64,
    /// Memory of the VMs that run on it.
    pub(crate) used_mib: u64,
    pub(crate) migration_mbps: u32,
}

/// A volume that is not replicated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LocalVolume {
    pub(crate) container: ContainerId,
    pub(crate) size_gib: u64,
}

/// A writable snapshot that a test made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TestClone {
    pub(crate) group: ConsistencyGroupId,
    pub(crate) tag: RunTag,
    /// The instant of the data that it holds.
    pub(crate) holds: Time,
    pub(crate) mounted: bool,
}

/// An isolated network that a test made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bubble {
    pub(crate) tag: RunTag,
}

/// One failure domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Site {
    /// Whether there is power.
    pub(crate) powered: bool,
    /// Whether the array works.
    pub(crate) array: bool,
    /// Whether the server reaches the site's agent.
    pub(crate) server_link: bool,
    pub(crate) manager: ManagerId,
    pub(crate) hosts: BTreeMap<HostId, Host>,
    pub(crate) networks: BTreeMap<NetworkName, Network>,
    pub(crate) containers: BTreeMap<ContainerId, StorageContainer>,
    pub(crate) locals: BTreeMap<VolumeId, LocalVolume>,
    /// Registered VMs and test copies, by [`super::key`].
    pub(crate) instances: BTreeMap<String, Registration>,
    pub(crate) clones: BTreeMap<String, TestClone>,
    pub(crate) bubbles: BTreeMap<NetworkName, Bubble>,
    pub(crate) ledger: Ledger,
}

impl Site {
    /// Whether its array serves I/O.
    pub(crate) fn serves(&self) -> bool {
        self.powered && self.array
    }
}

impl Site {
    /// Where volumes go that are not replicated: the one container that advertises nothing.
    pub(crate) fn local_container(&self) -> Option<ContainerId> {
        let plain = |container: &&StorageContainer| {
            !container.capabilities.keys().any(|id| id.0 == "replication.mode")
        };
        self.containers.values().find(plain).map(|container| container.id.clone())
    }

    /// What carries a test's tag here; without a tag, that of any test.
    pub(crate) fn leftovers(&self, tag: Option<&RunTag>) -> Vec<String> {
        let is = |own: &RunTag| tag.is_none_or(|tag| tag == own);
        let tagged = |own: &Option<RunTag>| own.as_ref().is_some_and(is);
        let vms = self.instances.iter().filter(|(_, i)| tagged(&i.tag)).map(|(key, _)| key.clone());
        let suspended = self.instances.iter().filter(|(_, i)| tagged(&i.suspended_by));
        let suspended = suspended.map(|(_, i)| format!("suspended/{}", i.vm));
        let clones = self.clones.iter().filter(|(_, c)| is(&c.tag));
        let bubbles = self.bubbles.iter().filter(|(_, b)| is(&b.tag));
        vms.chain(suspended)
            .chain(clones.map(|(name, _)| format!("clone/{name}")))
            .chain(bubbles.map(|(name, _)| format!("bubble/{name}")))
            .collect()
    }
}
