//! Everything at a site, as its agent reports it.

use std::sync::Arc;

use muster_plans::id::{ContainerId, EndpointId, SiteName, VolumeId};
use muster_plans::inventory as inv;
use muster_plans::inventory::SiteInventory;

use crate::world::{Group, Registration, Side, Site, VmDef, World};

impl World {
    /// The inventory of a site; `None`: there is no such site.
    pub(crate) fn inventory(&mut self, name: &SiteName) -> Option<SiteInventory> {
        self.settle_all();
        let site = self.sites.get(name)?;
        let mut inventory = SiteInventory::empty(name.clone(), self.shown(name, self.now));
        compute(site, &mut inventory);
        self.storage(name, site, &mut inventory);
        inventory.vms = site.instances.values().filter_map(|i| self.vm(name, site, i)).collect();
        inventory.vms.sort_by(|a, b| (&a.name, &a.run_tag).cmp(&(&b.name, &b.run_tag)));
        Some(inventory)
    }

    fn storage(&self, name: &SiteName, site: &Site, into: &mut SiteInventory) {
        into.containers = site.containers.values().cloned().collect();
        into.endpoints = site
            .containers
            .keys()
            .map(|container| inv::ProtocolEndpoint {
                id: endpoint(container),
                container: container.clone(),
                up: site.serves(),
            })
            .collect();
        for (id, group) in &self.groups {
            let Some(side) = group.side(name) else { continue };
            let container = &group.legs[side].container;
            into.volumes.extend(group.volumes.iter().map(|(volume, size_gib)| inv::Volume {
                id: volume.clone(),
                container: container.clone(),
                endpoint: Some(endpoint(container)),
                size_gib: *size_gib,
                group: Some(id.clone()),
            }));
            into.groups.push(self.group_leg(group, side));
        }
        into.volumes.extend(site.locals.iter().map(|(volume, local)| inv::Volume {
            id: volume.clone(),
            container: local.container.clone(),
            endpoint: Some(endpoint(&local.container)),
            size_gib: local.size_gib,
            group: None,
        }));
    }

    fn group_leg(&self, group: &Group, side: Side) -> inv::ConsistencyGroup {
        let leg = &group.legs[side];
        inv::ConsistencyGroup {
            id: group.id.clone(),
            mode: group.mode,
            peer: group.legs[1 - side].site.clone(),
            volumes: group.volumes.iter().map(|(volume, _)| volume.clone()).collect(),
            role: self.role(&group.id, side),
            writable: leg.serving,
            in_sync: group.equal(),
            lag: group.lag(side, self.now),
            interval: group.interval,
            generation: leg.generation,
            preferred: group.preferred.clone(),
            detach: group.detach.clone(),
            points: group.points(side, self.now, self.settings.cdp_window),
        }
    }

    fn vm(
        &self,
        name: &SiteName,
        site: &Site,
        instance: &Registration,
    ) -> Option<inv::VirtualMachine> {
        let def = self.vms.get(&instance.vm)?;
        let nics = instance.cards.iter().filter_map(|card| {
            Some(inv::Nic {
                network: card.network.clone()?,
                mac: card.mac.clone(),
                addresses: card.address.addresses.clone(),
            })
        });
        Some(inv::VirtualMachine {
            id: instance.vm,
            name: display_name(def, instance),
            host: Some(instance.host.clone()),
            power: instance.power,
            tags: def.tags.clone(),
            objects: self.objects(name, site, def, instance),
            nics: nics.collect(),
            vcpus: instance.vcpus,
            memory_mib: instance.memory_mib,
            dirty_mib_s: def.dirty_mib_s,
            cpu_family: def.cpu_family.clone(),
            autostart: instance.autostart,
            heartbeat: self.heartbeat(name, instance),
            run_tag: instance.tag.clone(),
        })
    }

    fn objects(
        &self,
        name: &SiteName,
        site: &Site,
        def: &VmDef,
        instance: &Registration,
    ) -> Vec<inv::VmObject> {
        let policy = |volume: &VolumeId| {
            let found = instance.volumes.iter().find(|(own, _)| own == volume);
            found.and_then(|(_, policy)| policy.clone())
        };
        let objects = def.disks.iter().filter_map(|disk| {
            let container = self.container(name, site, &disk.volume)?;
            Some(inv::VmObject {
                kind: disk.kind,
                label: disk.label.clone(),
                container,
                volume: disk.volume.clone(),
                policy: policy(&disk.volume),
                size_mib: disk.size_mib,
            })
        });
        objects.collect()
    }

    fn container(&self, name: &SiteName, site: &Site, volume: &VolumeId) -> Option<ContainerId> {
        let group = self.volumes.get(volume).and_then(|id| self.groups.get(id));
        let leg = group.and_then(|group| group.legs.iter().find(|leg| &leg.site == name));
        let local = || site.locals.get(volume).map(|local| local.container.clone());
        leg.map(|leg| leg.container.clone()).or_else(local)
    }
}

fn compute(site: &Site, into: &mut SiteInventory) {
    into.managers = vec![inv::Manager { id: site.manager.clone(), kind: "sim".to_owned() }];
    let mut clusters: Vec<_> = site.hosts.values().map(|host| host.cluster.clone()).collect();
    clusters.sort();
    clusters.dedup();
    let manager = || site.manager.clone();
    into.clusters =
        clusters.into_iter().map(|id| inv::Cluster { id, manager: manager() }).collect();
    let containers: Vec<ContainerId> = site.containers.keys().cloned().collect();
    into.hosts = site
        .hosts
        .iter()
        .map(|(id, host)| inv::Host {
            id: id.clone(),
            cluster: host.cluster.clone(),
            state: host.state,
            cpu_family: host.cpu_family.clone(),
            memory_mib: host.memory_mib,
            free_mib: host.memory_mib.saturating_sub(host.used_mib),
            migration_mbps: host.migration_mbps,
            containers: containers.clone(),
        })
        .collect();
    into.networks = site.networks.values().cloned().collect();
}

fn endpoint(container: &ContainerId) -> EndpointId {
    EndpointId::from(format!("{container}-pe"))
}

/// A copy of a test is told apart by its tag, as administrators see it in a list.
fn display_name(def: &VmDef, instance: &Registration) -> Arc<str> {
    match &instance.tag {
        Some(tag) => Arc::from(format!("{} [{tag}]", def.name)),
        None => def.name.clone(),
    }
}
