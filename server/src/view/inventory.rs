//! VMs and policies.

use std::collections::{BTreeMap, HashMap};

use muster_plans::group::Protection;
use muster_plans::id::{GroupName, PolicyName, SiteName, VmId};
use muster_plans::inventory::{VirtualMachine, VmObject};
use muster_plans::policy::{self, Compliance};

use super::word;
use crate::api::dto::{ObjectDto, PolicyDto, VmDto};
use crate::landscape::Landscape;

/// Which group protects a VM, and how well.
pub type Membership<'a> = HashMap<VmId, (&'a GroupName, Protection)>;

/// The group of each VM; where several claim one, the best protection.
pub fn membership(landscape: &Landscape) -> Membership<'_> {
    let mut found: Membership<'_> = HashMap::new();
    for (name, group) in &landscape.derivation.groups {
        for member in &group.members {
            let entry = found.entry(member.vm).or_insert((name, member.protection));
            if member.protection < entry.1 {
                *entry = (name, member.protection);
            }
        }
    }
    found
}

/// A VM.
pub fn vm(
    landscape: &Landscape,
    membership: &Membership<'_>,
    site: &SiteName,
    vm: &VirtualMachine,
) -> VmDto {
    let member = membership.get(&vm.id).filter(|_| vm.run_tag.is_none());
    VmDto {
        id: vm.id.to_string(),
        name: vm.name.to_string(),
        site: site.to_string(),
        host: vm.host.as_ref().map(ToString::to_string),
        power: word(&vm.power),
        tags: vm.tags.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        vcpus: vm.vcpus,
        memory_mib: vm.memory_mib,
        group: member.map(|(group, _)| group.to_string()),
        protection: member.map(|(_, protection)| word(protection)),
        objects: vm.objects.iter().map(|o| object(landscape, site, o)).collect(),
    }
}

fn object(landscape: &Landscape, site: &SiteName, object: &VmObject) -> ObjectDto {
    ObjectDto {
        kind: word(&object.kind),
        label: object.label.to_string(),
        container: object.container.to_string(),
        volume: object.volume.to_string(),
        policy: object.policy.as_ref().map(ToString::to_string),
        compliance: word(&compliance(landscape, site, object)),
        size_mib: object.size_mib,
    }
}

fn compliance(landscape: &Landscape, site: &SiteName, object: &VmObject) -> Compliance {
    let container = landscape
        .inventory
        .sites
        .get(site)
        .and_then(|s| s.containers.iter().find(|c| c.id == object.container));
    policy::compliance(object, &landscape.config.policies, container)
}

/// All policies, with how their objects meet them.
pub fn policies(landscape: &Landscape) -> Vec<PolicyDto> {
    let mut counts: HashMap<PolicyName, BTreeMap<String, usize>> = HashMap::new();
    for (site, inventory) in &landscape.inventory.sites {
        let objects = inventory.vms.iter().flat_map(|vm| &vm.objects);
        for (object, name) in objects.filter_map(|o| Some((o, o.policy.as_ref()?))) {
            let state = word(&compliance(landscape, site, object));
            *counts.entry(name.clone()).or_default().entry(state).or_default() += 1;
        }
    }
    let groups = &landscape.config.groups;
    landscape
        .config
        .policies
        .values()
        .map(|policy| PolicyDto {
            name: policy.name.to_string(),
            rule_sets: serde_json::to_value(&policy.rule_sets).unwrap_or_default(),
            objects: counts.remove(&policy.name).unwrap_or_default(),
            groups: groups
                .iter()
                .filter(|(_, spec)| spec.policies.contains(&policy.name))
                .map(|(name, _)| name.to_string())
                .collect(),
        })
        .collect()
}
