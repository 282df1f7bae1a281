//! What the rules look at, found once for a pair of sites.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Rules;
use crate::id::{
    ClusterId, ConsistencyGroupId, ContainerId, EndpointId, HostId, ManagerId, VmId, VolumeId,
};
use crate::inventory::{
    ConsistencyGroup, Host, HostState, Link, Power, SiteInventory, StorageContainer,
    VirtualMachine, Volume,
};

/// One site's inventory by id.
#[derive(Debug)]
pub(super) struct SiteFacts<'a> {
    pub(super) hosts: HashMap<&'a HostId, &'a Host>,
    pub(super) managers: HashMap<&'a ClusterId, &'a ManagerId>,
    pub(super) volumes: HashMap<&'a VolumeId, &'a Volume>,
    pub(super) groups: HashMap<&'a ConsistencyGroupId, &'a ConsistencyGroup>,
    pub(super) containers: HashMap<&'a ContainerId, &'a StorageContainer>,
    pub(super) endpoints: HashMap<&'a EndpointId, bool>,
}

/// Hosts that differ only in how much memory is free. A VM is judged by kinds of host, so that the
/// cost of judging does not grow with their number.
#[derive(Debug)]
pub(super) struct HostClass<'a> {
    pub(super) state: HostState,
    pub(super) cpu_family: &'a str,
    pub(super) manager: Option<&'a ManagerId>,
    pub(super) containers: Vec<&'a ContainerId>,
    pub(super) migration_mbps: u32,
    /// The two with the most free memory, the roomiest first: one of them is never the VM's own
    /// host.
    pub(super) roomiest: Vec<(u64, &'a HostId)>,
}

/// Everything that the rules need to know of a pair of sites. Both may be the same site: then moves
/// stay inside it.
#[derive(Debug)]
pub struct PairFacts<'a> {
    pub(super) rules: &'a Rules,
    pub(super) from_site: &'a SiteInventory,
    pub(super) to_site: &'a SiteInventory,
    pub(super) link: Option<&'a Link>,
    pub(super) from: SiteFacts<'a>,
    pub(super) to: SiteFacts<'a>,
    pub(super) targets: Vec<HostClass<'a>>,
    /// Running VMs by the group that they write to, at the source site.
    writers: HashMap<&'a ConsistencyGroupId, Vec<(VmId, &'a Arc<str>)>>,
}

impl<'a> SiteFacts<'a> {
    fn new(site: &'a SiteInventory) -> SiteFacts<'a> {
        SiteFacts {
            hosts: site.hosts.iter().map(|host| (&host.id, host)).collect(),
            managers: site.clusters.iter().map(|c| (&c.id, &c.manager)).collect(),
            volumes: site.volumes.iter().map(|volume| (&volume.id, volume)).collect(),
            groups: site.groups.iter().map(|group| (&group.id, group)).collect(),
            containers: site.containers.iter().map(|c| (&c.id, c)).collect(),
            endpoints: site.endpoints.iter().map(|e| (&e.id, e.up)).collect(),
        }
    }

    /// Whether hosts reach a volume: its endpoint passes I/O, where it has one.
    pub(super) fn reaches(&self, volume: &Volume) -> bool {
        volume.endpoint.as_ref().is_none_or(|e| self.endpoints.get(e).is_some_and(|up| *up))
    }

    /// The leg that a volume replicates in.
    pub(super) fn group_of(&self, volume: &Volume) -> Option<&'a ConsistencyGroup> {
        self.groups.get(volume.group.as_ref()?).copied()
    }

    fn manager_of(&self, host: &Host) -> Option<&'a ManagerId> {
        self.managers.get(&host.cluster).copied()
    }
}

impl<'a> PairFacts<'a> {
    /// Finds everything once. `link` is the link between the two sites; it is not looked at where
    /// both are the same.
    pub fn new(
        from_site: &'a SiteInventory,
        to_site: &'a SiteInventory,
        link: Option<&'a Link>,
        rules: &'a Rules,
    ) -> PairFacts<'a> {
        let (from, to) = (SiteFacts::new(from_site), SiteFacts::new(to_site));
        let targets = host_classes(to_site, &to);
        let writers = writers(from_site, &from);
        PairFacts { rules, from_site, to_site, link, from, to, targets, writers }
    }

    /// Whether moves leave the site.
    pub fn between_sites(&self) -> bool {
        self.from_site.site != self.to_site.site
    }

    /// The VM's host at the source site.
    pub(super) fn host_of(&self, vm: &VirtualMachine) -> Option<&'a Host> {
        self.from.hosts.get(vm.host.as_ref()?).copied()
    }

    /// The manager above the VM's host.
    pub(super) fn manager_of(&self, vm: &VirtualMachine) -> Option<&'a ManagerId> {
        self.from.manager_of(self.host_of(vm)?)
    }

    /// Another running VM that writes to a group.
    pub(super) fn other_writer(
        &self,
        group: &ConsistencyGroupId,
        vm: VmId,
    ) -> Option<&'a Arc<str>> {
        let writers = self.writers.get(group)?;
        writers.iter().find(|(other, _)| *other != vm).map(|(_, name)| *name)
    }
}

fn host_classes<'a>(site: &'a SiteInventory, facts: &SiteFacts<'a>) -> Vec<HostClass<'a>> {
    let mut classes: BTreeMap<_, HostClass<'a>> = BTreeMap::new();
    for host in site.hosts.iter().filter(|host| host.state != HostState::Down) {
        let mut containers: Vec<&ContainerId> = host.containers.iter().collect();
        containers.sort_unstable();
        let manager = facts.manager_of(host);
        let standby = host.state == HostState::Standby;
        let key = (standby, &host.cpu_family, manager, containers.clone(), host.migration_mbps);
        let class = classes.entry(key).or_insert_with(|| HostClass {
            state: host.state,
            cpu_family: &host.cpu_family,
            manager,
            containers,
            migration_mbps: host.migration_mbps,
            roomiest: Vec::new(),
        });
        class.roomiest.push((host.free_mib, &host.id));
        class.roomiest.sort_unstable_by(|a, b| b.cmp(a));
        class.roomiest.truncate(2);
    }
    classes.into_values().collect()
}

fn writers<'a>(
    site: &'a SiteInventory,
    facts: &SiteFacts<'a>,
) -> HashMap<&'a ConsistencyGroupId, Vec<(VmId, &'a Arc<str>)>> {
    let mut writers: HashMap<_, Vec<(VmId, &Arc<str>)>> = HashMap::new();
    for vm in site.vms.iter().filter(|vm| vm.power == Power::On) {
        for object in &vm.objects {
            let Some(volume) = facts.volumes.get(&object.volume) else { continue };
            let Some(group) = &volume.group else { continue };
            let users = writers.entry(group).or_default();
            // Two are enough to find one that is not the VM in question.
            if users.len() < 2 && users.iter().all(|(id, _)| *id != vm.id) {
                users.push((vm.id, &vm.name));
            }
        }
    }
    writers
}
