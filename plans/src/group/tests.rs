mod follow;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::config::Config;
use crate::document::{GroupSites, GroupSpec, Where};
use crate::id::VmId;
use crate::inventory::{
    ConsistencyGroup, Inventory, ObjectKind, Power, ReplicaRole, ReplicationMode, SiteInventory,
    StorageContainer, VirtualMachine, VmObject, Volume,
};
use crate::policy::{CapabilityId, Rule, RuleSet, StoragePolicy, Value, Want};
use crate::time::Time;

const MODE: &str = "replication.mode";

/// A policy that wants one replication mode.
fn policy(name: &str, mode: &str) -> StoragePolicy {
    let wanted = Want::Equals(Value::Text(mode.to_owned()));
    let rule = Rule {
        capability: CapabilityId(MODE.to_owned()),
        hint: false,
        any_of: vec![BTreeMap::from([("mode".to_owned(), wanted)])],
    };
    let rule_sets = vec![RuleSet { rules: vec![rule] }];
    StoragePolicy { name: name.into(), rule_sets, force_provision: false }
}

fn group(pair: [&str; 2], policies: &[&str], tags: &[(&str, &str)]) -> GroupSpec {
    let tags: BTreeMap<String, String> =
        tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned())).collect();
    GroupSpec {
        sites: GroupSites { protected: pair[0].into(), recovery: pair[1].into() },
        policies: policies.iter().map(|policy| (*policy).into()).collect(),
        narrow: (!tags.is_empty()).then_some(Where { tags }),
    }
}

fn config(policies: Vec<StoragePolicy>, groups: Vec<(&str, GroupSpec)>) -> Config {
    Config {
        policies: policies.into_iter().map(|policy| (policy.name.clone(), policy)).collect(),
        groups: groups.into_iter().map(|(name, spec)| (name.into(), spec)).collect(),
        ..Config::default()
    }
}

/// A container that advertises one replication mode.
fn container(name: &str, mode: &str) -> StorageContainer {
    let values = BTreeMap::from([("mode".to_owned(), vec![Value::Text(mode.to_owned())])]);
    StorageContainer {
        id: name.into(),
        size_gib: 1000,
        free_gib: 500,
        capabilities: BTreeMap::from([(CapabilityId(MODE.to_owned()), values)]),
    }
}

fn site(name: &str) -> SiteInventory {
    let mut site = SiteInventory::empty(name.into(), Time(0));
    site.containers = vec![container("metro", "stretched"), container("far", "async")];
    site
}

fn inventory(sites: Vec<SiteInventory>) -> Inventory {
    let sites = sites.into_iter().map(|site| (site.site.clone(), site)).collect();
    Inventory { generation: 7, sites, ..Inventory::default() }
}

fn leg(id: &str, peer: &str, writable: bool, generation: u64) -> ConsistencyGroup {
    ConsistencyGroup {
        id: id.into(),
        mode: ReplicationMode::Async,
        peer: peer.into(),
        volumes: Vec::new(),
        role: if writable { ReplicaRole::Source } else { ReplicaRole::Target },
        writable,
        in_sync: false,
        lag: None,
        interval: None,
        generation,
        preferred: None,
        detach: None,
        points: Vec::new(),
    }
}

fn volume(id: &str, group: Option<&str>) -> Volume {
    Volume {
        id: id.into(),
        container: "metro".into(),
        endpoint: None,
        size_gib: 10,
        group: group.map(Into::into),
    }
}

/// An object by its label, policy, container and volume.
type Object<'a> = (&'a str, Option<&'a str>, &'a str, &'a str);

fn object((label, policy, container, volume): Object<'_>) -> VmObject {
    VmObject {
        kind: match label {
            "home" => ObjectKind::Config,
            "swap" => ObjectKind::Swap,
            _ => ObjectKind::Data,
        },
        label: label.into(),
        container: container.into(),
        volume: volume.into(),
        policy: policy.map(Into::into),
        size_mib: 1024,
    }
}

fn vm(number: u128, name: &str, objects: &[Object<'_>]) -> VirtualMachine {
    VirtualMachine {
        id: VmId(Uuid::from_u128(number)),
        name: name.into(),
        host: None,
        power: Power::On,
        tags: BTreeMap::from([(Arc::from("app"), Arc::from("shop"))]),
        objects: objects.iter().map(|o| object(*o)).collect(),
        nics: Vec::new(),
        vcpus: 2,
        memory_mib: 4096,
        dirty_mib_s: 10,
        cpu_family: "skylake".into(),
        autostart: false,
        heartbeat: true,
        run_tag: None,
    }
}
