//! What a VM is, and an instance of it at a site.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_contract::Instance;
use muster_plans::graph::Address;
use muster_plans::id::{HostId, NetworkName, PolicyName, RunTag, VmId, VolumeId};
use muster_plans::inventory::{ObjectKind, Power};
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

/// A disk or the home of a VM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Disk {
    pub(crate) kind: ObjectKind,
    pub(crate) label: Arc<str>,
    pub(crate) volume: VolumeId,
    pub(crate) policy: Option<PolicyName>,
    pub(crate) size_mib: u64,
}

/// A network card as the VM was made with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CardDef {
    pub(crate) mac: Arc<str>,
    pub(crate) addresses: Vec<ipnet::IpNet>,
}

/// What a VM is, wherever it is registered: the part that its home object holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VmDef {
    pub(crate) name: Arc<str>,
    pub(crate) tags: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) vcpus: u16,
    pub(crate) memory_mib: u32,
    pub(crate) dirty_mib_s: u32,
    pub(crate) cpu_family: Arc<str>,
    /// TCP ports that its guest opens once it has booted.
    pub(crate) ports: Vec<u16>,
    pub(crate) disks: Vec<Disk>,
    pub(crate) cards: Vec<CardDef>,
    /// Its guest does not react to a shutdown.
    pub(crate) hung: bool,
}

/// A card of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) mac: Arc<str>,
    pub(crate) network: Option<NetworkName>,
    pub(crate) address: Address,
}

/// A live move that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Move {
    pub(crate) started: Time,
    pub(crate) due: Time,
    /// Its memory is over there; it waits for the others of its group.
    pub(crate) ready: bool,
}

/// A VM, or a test copy of one, as it is registered at one site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) vm: VmId,
    pub(crate) tag: Option<RunTag>,
    pub(crate) host: HostId,
    pub(crate) power: Power,
    /// When its guest answers, once it is on.
    pub(crate) booted: Time,
    pub(crate) vcpus: u16,
    pub(crate) memory_mib: u32,
    pub(crate) cards: Vec<Card>,
    pub(crate) volumes: Vec<(VolumeId, Option<PolicyName>)>,
    /// Clones that hold a test copy's disks.
    pub(crate) clones: Vec<String>,
    pub(crate) autostart: bool,
    /// The hypervisor wants to start it as soon as its storage can be written.
    pub(crate) waiting: bool,
    /// The test for which it was suspended.
    pub(crate) suspended_by: Option<RunTag>,
    pub(crate) moving: Option<Move>,
}

/// Where an instance is kept: the same text as [`muster_contract::Operation::object`].
pub(crate) fn key(instance: &Instance) -> String {
    match instance {
        Instance::Production(vm) => format!("vm/{vm}"),
        Instance::Test(vm, tag) => format!("vm/{vm}/{tag}"),
    }
}
