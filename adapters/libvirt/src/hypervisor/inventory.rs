//! Everything on the hosts of the site.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_contract::AdapterError;
use muster_plans::id::{ContainerId, HostId, PolicyName, RunTag, VmId, VolumeId};
use muster_plans::inventory::{
    Cluster, Host as HostSeen, HostState, Manager, Nic, ObjectKind, Power, SiteInventory,
    StorageContainer, VirtualMachine, VmObject, Volume,
};
use roxmltree::Document;

use super::Libvirt;
use super::look::address;
use crate::domain::{Disk, Domain, Source};
use crate::host::Host;
use crate::pool::{Found, Slot, failed};
use crate::rpc::{GetCapabilities, NodeGetFreeMemory, NodeGetInfo};

/// How much memory a VM dirties in a second, in MiB, where nobody has measured it.
const DIRTY_MIB_S: u32 = 16;

/// Tags that the agent sets where something is wrong with a VM: a list has no other place for it.
const UNREADABLE: &str = "muster-unreadable";
const UNADDRESSED: &str = "muster-addresses";

/// The space that a VM's home is said to take.
const HOME_MIB: u64 = 1;

impl Libvirt {
    /// A host that does not answer is listed as down; that says nothing of what still runs on it. Its VMs are
    /// not known then, so that the whole look fails: a VM that is left out would look like one that has gone.
    pub(super) async fn list(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        let cluster = self.config.cluster.clone();
        into.managers.push(Manager { id: self.config.manager.clone(), kind: "libvirt".to_owned() });
        into.clusters.push(Cluster { id: cluster, manager: self.config.manager.clone() });
        into.networks.extend(self.config.networks.iter().cloned());
        for slot in &self.pool.slots {
            let host = self.pool.open(slot).await?;
            let seen = self.host_seen(slot, &host, into).await?;
            let family: Arc<str> = Arc::from(seen.cpu_family.as_str());
            into.hosts.push(seen);
            for found in self.pool.domains(slot, &host).await? {
                let vm = self.vm(&found, &family, into).await?;
                into.vms.push(vm);
            }
        }
        Ok(())
    }

    async fn host_seen(
        &self,
        slot: &Slot,
        host: &Host,
        into: &SiteInventory,
    ) -> Result<HostSeen, AdapterError> {
        let info = host.ask(&NodeGetInfo {}).await.map_err(|error| failed(&error))?;
        let free = host.ask(&NodeGetFreeMemory {}).await.map_err(|error| failed(&error))?;
        let cpu_family = match &slot.config.cpu_family {
            Some(family) => family.clone(),
            None => {
                let xml = host.ask(&GetCapabilities {}).await.map_err(|error| failed(&error))?;
                cpu_model(&xml.text).unwrap_or_else(|| "unknown".to_owned())
            }
        };
        Ok(HostSeen {
            id: slot.config.id.clone(),
            cluster: self.config.cluster.clone(),
            state: HostState::Up,
            cpu_family,
            memory_mib: info.memory_kib >> 10,
            free_mib: free >> 20,
            migration_mbps: slot.config.migration_mbps,
            containers: into.containers.iter().map(|container| container.id.clone()).collect(),
        })
    }

    async fn vm(
        &self,
        found: &Found,
        family: &Arc<str>,
        into: &mut SiteInventory,
    ) -> Result<VirtualMachine, AdapterError> {
        let power = self.power(found).await?;
        let (domain, unreadable) = self.understood(found).await?;
        let guest = self.guest(domain.uuid).filter(|_| power == Power::On).unwrap_or_default();
        let nic = |card: &crate::domain::Card| Nic {
            network: card.network.as_deref().unwrap_or("none").into(),
            mac: Arc::from(card.mac.as_str()),
            addresses: address(card, &domain, &guest).addresses,
        };
        Ok(VirtualMachine {
            id: VmId(domain.copy_of.unwrap_or(domain.uuid)),
            name: Arc::from(domain.name.as_str()),
            host: Some(found.id.clone()),
            power,
            tags: self.tags(found, &domain, unreadable),
            nics: domain.nics.iter().map(nic).collect(),
            objects: self.objects(found, &domain, into).await?,
            vcpus: domain.vcpus,
            memory_mib: domain.memory_mib,
            dirty_mib_s: DIRTY_MIB_S,
            // A model that its description names is one that its host can give; the other host is asked by libvirt.
            cpu_family: Arc::clone(family),
            autostart: self.autostart(found).await?,
            heartbeat: guest.answers,
            run_tag: domain.run_tag.as_deref().map(RunTag::from),
        })
    }

    /// Its own tags, and what is wrong with it.
    fn tags(
        &self,
        found: &Found,
        domain: &Domain,
        unreadable: Option<String>,
    ) -> BTreeMap<Arc<str>, Arc<str>> {
        let own = domain.tags.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let addresses = self.unaddressed((domain.uuid, found.domain.id));
        let wrong = [(UNREADABLE, unreadable), (UNADDRESSED, addresses)];
        let wrong = wrong.into_iter().filter_map(|(name, why)| Some((name, why?)));
        own.chain(wrong).map(|(name, value)| (Arc::from(name), Arc::from(value))).collect()
    }

    /// The home and the disks of a VM, each under its own policy.
    async fn objects(
        &self,
        found: &Found,
        domain: &Domain,
        into: &mut SiteInventory,
    ) -> Result<Vec<VmObject>, AdapterError> {
        let home_policy = domain.policy.as_deref().map(PolicyName::from);
        let mut objects = Vec::with_capacity(domain.disks.len() + 1);
        for disk in domain.disks.iter().filter(|disk| disk.source.is_some()) {
            let policy = disk.policy.as_deref().map(PolicyName::from);
            let place = disk.source.as_ref().and_then(Source::place);
            let bound = match &place {
                Some(place) => self.volumes.volume_at(place).await?,
                None => None,
            };
            let policy = policy.or_else(|| home_policy.clone());
            let label = Arc::from(disk.target.as_str());
            let kind = ObjectKind::Data;
            objects.push(match bound {
                Some(bound) => VmObject {
                    kind,
                    label,
                    container: bound.container,
                    volume: bound.volume,
                    policy,
                    size_mib: bound.size_mib,
                },
                None => {
                    let (container, volume) = local(&found.id, disk, into);
                    VmObject { kind, label, container, volume, policy, size_mib: 0 }
                }
            });
        }
        if let Some(first) = objects.first() {
            let home = VmObject {
                kind: ObjectKind::Config,
                label: Arc::from("home"),
                container: first.container.clone(),
                volume: self.volumes.home(&first.volume, VmId(domain.uuid)),
                policy: home_policy,
                size_mib: HOME_MIB,
            };
            objects.insert(0, home);
        }
        Ok(objects)
    }
}

/// A disk that no storage product of this site knows: it stays where it is.
fn local(host: &HostId, disk: &Disk, into: &mut SiteInventory) -> (ContainerId, VolumeId) {
    let container = ContainerId::from(format!("local:{host}"));
    if !into.containers.iter().any(|known| known.id == container) {
        let id = container.clone();
        let capabilities = Default::default();
        into.containers.push(StorageContainer { id, size_gib: 0, free_gib: 0, capabilities });
    }
    let place = match &disk.source {
        Some(Source::File(place) | Source::Block(place) | Source::Rbd(place)) => place.as_str(),
        Some(Source::Other(words)) => words.as_str(),
        None => "",
    };
    let volume = VolumeId::from(format!("{host}:{place}"));
    if !into.volumes.iter().any(|known| known.id == volume) {
        into.volumes.push(Volume {
            id: volume.clone(),
            container: container.clone(),
            endpoint: None,
            size_gib: 0,
            group: None,
        });
    }
    (container, volume)
}

/// The model that libvirt names for a host's CPU.
fn cpu_model(xml: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let host = document.root_element().children().find(|node| node.has_tag_name("host"))?;
    let cpu = host.children().find(|node| node.has_tag_name("cpu"))?;
    let model = cpu.children().find(|node| node.has_tag_name("model"))?;
    model.text().map(|text| text.trim().to_owned())
}
