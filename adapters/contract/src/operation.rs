//! Everything that can be asked of a site, as one closed set.
//!
//! An operation says the wanted state of one object in full. Whatever executes it needs nothing else,
//! and its digest is what "the same arguments" means.

use std::sync::Arc;

use muster_plans::graph::Address;
use muster_plans::id::{
    ConsistencyGroupId, HostId, NetworkName, PolicyName, RecoveryPointId, RunTag, SiteName, VmId,
    VolumeId,
};
use muster_plans::mobility::Method;
use muster_plans::time::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Anything that can be asked of a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Of its storage.
    Storage(StorageOp),
    /// Of its hypervisor.
    Hypervisor(HypervisorOp),
    /// Of its fencing.
    Fencing(FencingOp),
}

/// What can be asked of storage. The group's leg at the adapter's own site is meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum StorageOp {
    /// Send what is not yet at the other leg; done when the lag at this instant is gone.
    Sync {
        /// The group.
        group: ConsistencyGroupId,
    },
    /// Make the leg read-only and drain: when done, no write will be acknowledged here any more and
    /// all acknowledged ones are at the other leg.
    Demote {
        /// The group.
        group: ConsistencyGroupId,
    },
    /// Make the leg writable; raises its generation above both legs' and above what is known of them.
    Promote {
        /// The group.
        group: ConsistencyGroupId,
        /// Which state of the data; `None`: the newest.
        point: Option<RecoveryPointId>,
        /// Whether the other side is known to be unable to write although it was not demoted: the
        /// engine has journalled the evidence.
        forced: bool,
        /// The highest generation that is known of either leg. The other site may be out of reach, and
        /// this one's array need not have heard of its last promotion: two legs of one generation would
        /// both stand still when they meet again.
        #[serde(default)]
        above: u64,
    },
    /// Turn replication round so that the leg here is the source; the other leg must be of a lower
    /// generation and not writable, and is snapshotted before its data is discarded.
    Reverse {
        /// The group.
        group: ConsistencyGroupId,
    },
    /// Make a site the preferred one of a stretched group.
    SetPreference {
        /// The group.
        group: ConsistencyGroupId,
        /// The site.
        site: SiteName,
    },
    /// Make a writable snapshot of the leg; replication goes on. Tagged.
    SnapshotForTest {
        /// The group.
        group: ConsistencyGroupId,
        /// Its name.
        clone: String,
    },
    /// Remove it. Refused unless it carries the context's run tag.
    DropTest {
        /// The group.
        group: ConsistencyGroupId,
        /// Its name.
        clone: String,
    },
}

/// What a VM is made of, for registering it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VmSpec {
    /// The VM.
    pub id: VmId,
    /// Its name.
    pub name: Arc<str>,
    /// The host to place it on.
    pub host: HostId,
    /// Virtual CPUs.
    pub vcpus: u16,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Its volumes.
    pub volumes: Vec<VolumeId>,
    /// Policies, in the order of `volumes`.
    pub policies: Vec<Option<PolicyName>>,
}

/// The same for a test copy, whose disks lie in clones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestVmSpec {
    /// The VM that it is a copy of, and the rest of what it is made of.
    pub copy_of: VmSpec,
    /// The clones that hold its volumes.
    pub clones: Vec<String>,
    /// The test's tag.
    pub tag: RunTag,
}

/// Which instance of a VM: the one in production, or a test copy under a tag.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Instance {
    /// In production.
    Production(VmId),
    /// A test copy.
    Test(VmId, RunTag),
}

impl Instance {
    /// The VM that it is, or is a copy of.
    pub fn vm(&self) -> VmId {
        match self {
            Instance::Production(vm) | Instance::Test(vm, _) => *vm,
        }
    }
}

/// A production network card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NicSpec {
    /// Hardware address.
    pub mac: Arc<str>,
    /// A network that carries production traffic.
    pub network: NetworkName,
}

/// A network card of a test copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestNicSpec {
    /// Hardware address.
    pub mac: Arc<str>,
    /// A bubble of this test, or a network marked for tests.
    pub network: NetworkName,
}

/// What can be asked of a hypervisor, at the adapter's own site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum HypervisorOp {
    /// Register a VM, powered off, its network cards disconnected, autostart off.
    Register(VmSpec),
    /// Register a test copy, likewise. Tagged.
    RegisterTest(TestVmSpec),
    /// Remove a registration; data stays.
    Unregister(Instance),
    /// Connect the cards of a VM.
    ConnectNics {
        /// The VM.
        vm: VmId,
        /// Its cards.
        nics: Vec<NicSpec>,
    },
    /// Connect the cards of a test copy; refused on any network that is neither a bubble of this
    /// tag nor marked for tests.
    ConnectTestNics {
        /// The VM that it is a copy of.
        vm: VmId,
        /// The test's tag.
        tag: RunTag,
        /// Its cards.
        nics: Vec<TestNicSpec>,
    },
    /// Write addresses into the guest, by card.
    CustomizeIp {
        /// Which instance.
        instance: Instance,
        /// By card, in the order of its cards; `None` leaves a card as it is.
        addresses: Vec<Option<Address>>,
    },
    /// Power on. Refused where another instance may write to one of its volumes.
    PowerOn(Instance),
    /// Ask the guest to shut down; power off after the timeout.
    Shutdown {
        /// The VM.
        vm: VmId,
        /// Whether to ask the guest first.
        guest: bool,
        /// How long the guest has.
        timeout: Span,
    },
    /// Power off at once; also turns autostart off.
    PowerOff(Instance),
    /// Keep the memory and stop.
    Suspend(VmId),
    /// Go on.
    Resume(VmId),
    /// Move a running VM to the peer site.
    Migrate {
        /// The VM.
        vm: VmId,
        /// How.
        method: Method,
        /// Where to.
        to_site: SiteName,
        /// The host there.
        to_host: HostId,
        /// Its cards there.
        nics: Vec<NicSpec>,
    },
    /// Make an isolated network. Tagged.
    CreateBubble {
        /// Its name.
        name: NetworkName,
    },
    /// Remove it. Refused unless it carries the context's run tag.
    DropBubble {
        /// Its name.
        name: NetworkName,
    },
    /// Unmount a group's volumes from all hosts.
    Unmount {
        /// The group.
        group: ConsistencyGroupId,
    },
    /// Mount them.
    Mount {
        /// The group.
        group: ConsistencyGroupId,
    },
    /// Mount a test clone.
    MountTest {
        /// Its name.
        clone: String,
    },
    /// Make all hosts look for storage again.
    Rescan,
    /// Wake a host from standby.
    WakeHost(HostId),
}

/// What can be asked of fencing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum FencingOp {
    /// Make sure that a peer site's writers cannot write, as far as it can be done from here: its
    /// legs stay read-only when it comes back, until it is unfenced.
    FenceSite {
        /// The site that is cut off.
        site: SiteName,
    },
    /// Let it in again.
    UnfenceSite {
        /// The site.
        site: SiteName,
    },
    /// Power a host off and prove that it is off.
    PowerOffHost {
        /// The host.
        host: HostId,
    },
}

impl Operation {
    /// Digest of the arguments: what "the same operation" means for an operation id.
    pub fn digest(&self) -> String {
        // A closed tree of plain values: serialising it cannot fail.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let hash = Sha256::digest(&bytes);
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The one object whose state it changes: mutations of one object never overlap.
    pub fn object(&self) -> String {
        match self {
            Operation::Storage(op) => match op {
                StorageOp::Sync { group }
                | StorageOp::Demote { group }
                | StorageOp::Promote { group, .. }
                | StorageOp::Reverse { group }
                | StorageOp::SetPreference { group, .. } => format!("group/{group}"),
                StorageOp::SnapshotForTest { clone, .. } | StorageOp::DropTest { clone, .. } => {
                    format!("clone/{clone}")
                }
            },
            Operation::Hypervisor(op) => match op {
                HypervisorOp::Register(spec) => format!("vm/{}", spec.id),
                HypervisorOp::RegisterTest(spec) => {
                    format!("vm/{}/{}", spec.copy_of.id, spec.tag)
                }
                HypervisorOp::ConnectNics { vm, .. }
                | HypervisorOp::Shutdown { vm, .. }
                | HypervisorOp::Suspend(vm)
                | HypervisorOp::Resume(vm)
                | HypervisorOp::Migrate { vm, .. } => format!("vm/{vm}"),
                HypervisorOp::ConnectTestNics { vm, tag, .. } => format!("vm/{vm}/{tag}"),
                HypervisorOp::Unregister(instance)
                | HypervisorOp::CustomizeIp { instance, .. }
                | HypervisorOp::PowerOn(instance)
                | HypervisorOp::PowerOff(instance) => match instance {
                    Instance::Production(vm) => format!("vm/{vm}"),
                    Instance::Test(vm, tag) => format!("vm/{vm}/{tag}"),
                },
                HypervisorOp::CreateBubble { name } | HypervisorOp::DropBubble { name } => {
                    format!("bubble/{name}")
                }
                HypervisorOp::Unmount { group } | HypervisorOp::Mount { group } => {
                    format!("mount/{group}")
                }
                HypervisorOp::MountTest { clone } => format!("mount/{clone}"),
                HypervisorOp::Rescan => "hosts".to_owned(),
                HypervisorOp::WakeHost(host) => format!("host/{host}"),
            },
            Operation::Fencing(op) => match op {
                FencingOp::FenceSite { site } | FencingOp::UnfenceSite { site } => {
                    format!("fence/{site}")
                }
                FencingOp::PowerOffHost { host } => format!("host/{host}"),
            },
        }
    }
}
