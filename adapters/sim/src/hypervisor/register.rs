//! Registers VMs and test copies, and removes registrations.

use muster_contract::{Instance, Reason, TestVmSpec, VmSpec};
use muster_plans::graph::Address;
use muster_plans::id::{RunTag, VolumeId};
use muster_plans::inventory::{HostState, ObjectKind, Power};

use super::registered;
use crate::op::{Call, Checked, Note, Todo, missing, not_now};
use crate::world::{Card, LocalVolume, Registration, Site, VmDef, World, key};

pub(super) fn check(world: &World, site: &Site, call: &Call<'_>, spec: &VmSpec) -> Checked {
    if let Some(there) = site.instances.get(&format!("vm/{}", spec.id)) {
        // Where it is placed on another host it is still the same registration.
        return match there.power {
            Power::Off if there.host != spec.host => {
                ready(world, site, call, spec).map(|()| Todo::WORK)
            }
            _ => Ok(Todo::Nothing),
        };
    }
    ready(world, site, call, spec)?;
    Ok(Todo::WORK)
}

fn ready(world: &World, site: &Site, call: &Call<'_>, spec: &VmSpec) -> Result<(), Reason> {
    if !world.vms.contains_key(&spec.id) {
        return missing(format!("the VM {}", spec.id));
    }
    match site.hosts.get(&spec.host).map(|host| host.state) {
        Some(HostState::Up) => {}
        Some(_) => return not_now(format!("the host {} is not up", spec.host)),
        None => return missing(format!("the host {}", spec.host)),
    }
    let absent = spec.volumes.iter().find(|volume| !world.volume_here(site, call, volume));
    absent.map_or(Ok(()), |volume| missing(format!("the volume {volume}")))
}

pub(super) fn check_test(
    world: &World,
    site: &Site,
    call: &Call<'_>,
    spec: &TestVmSpec,
) -> Checked {
    call.owns(&spec.tag, format!("the copy of {}", spec.copy_of.name))?;
    let key = key(&Instance::Test(spec.copy_of.id, spec.tag.clone()));
    if site.instances.contains_key(&key) {
        return Ok(Todo::Nothing);
    }
    ready(world, site, call, &spec.copy_of)?;
    for name in &spec.clones {
        match site.clones.get(name) {
            Some(clone) => call.owns(&clone.tag, format!("the clone {name}"))?,
            None => return missing(format!("the clone {name}")),
        }
    }
    Ok(Todo::WORK)
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, spec: &VmSpec) -> Note {
    put(world, call, spec, Vec::new(), None)
}

pub(super) fn apply_test(world: &mut World, call: &Call<'_>, spec: &TestVmSpec) -> Note {
    put(world, call, &spec.copy_of, spec.clones.clone(), Some(spec.tag.clone()))
}

fn put(
    world: &mut World,
    call: &Call<'_>,
    spec: &VmSpec,
    clones: Vec<String>,
    tag: Option<RunTag>,
) -> Note {
    let def = world.vms.get(&spec.id)?.clone();
    let site = world.sites.get_mut(call.site)?;
    let production = Instance::Production(spec.id);
    let instance = tag.clone().map_or(production, |tag| Instance::Test(spec.id, tag));
    if tag.is_none() {
        add_swap(site, &def);
    }
    let mut policies = spec.policies.iter().cloned();
    let volumes = spec.volumes.iter().map(|id| (id.clone(), policies.next().flatten()));
    let registration = Registration {
        vm: spec.id,
        tag,
        host: spec.host.clone(),
        power: Power::Off,
        booted: world.now,
        vcpus: spec.vcpus,
        memory_mib: spec.memory_mib,
        cards: cards(&def),
        volumes: volumes.collect(),
        clones,
        autostart: false,
        waiting: false,
        suspended_by: None,
        moving: None,
    };
    site.instances.insert(key(&instance), registration);
    None
}

/// The cards that the VM was made with, disconnected.
pub(super) fn cards(def: &VmDef) -> Vec<Card> {
    let card = |card: &crate::world::CardDef| Card {
        mac: card.mac.clone(),
        network: None,
        address: Address { addresses: card.addresses.clone(), ..Address::default() },
    };
    def.cards.iter().map(card).collect()
}

/// Swap is not replicated: a VM gets a new one wherever it is registered.
pub(super) fn add_swap(site: &mut Site, def: &VmDef) {
    let Some(container) = site.local_container() else { return };
    for disk in def.disks.iter().filter(|disk| disk.kind == ObjectKind::Swap) {
        let size_gib = disk.size_mib.div_ceil(1024);
        let volume = LocalVolume { container: container.clone(), size_gib };
        site.locals.entry(disk.volume.clone()).or_insert(volume);
    }
}

pub(super) fn check_removal(site: &Site, instance: &Instance) -> Checked {
    let Ok(found) = registered(site, instance) else { return Ok(Todo::Nothing) };
    if found.power == Power::Off { Ok(Todo::WORK) } else { not_now("it must be powered off first") }
}

pub(super) fn remove(world: &mut World, call: &Call<'_>, instance: &Instance) -> Note {
    let def = world.vms.get(&instance.vm())?.clone();
    let site = world.sites.get_mut(call.site)?;
    site.instances.remove(&key(instance));
    if matches!(instance, Instance::Production(_)) {
        for disk in def.disks.iter().filter(|disk| disk.kind == ObjectKind::Swap) {
            site.locals.remove(&disk.volume);
        }
    }
    None
}

impl World {
    /// Whether a volume, or a leg of it, lies at a site.
    fn volume_here(&self, site: &Site, call: &Call<'_>, volume: &VolumeId) -> bool {
        let leg = self.volumes.get(volume).and_then(|group| self.groups.get(group));
        leg.is_some_and(|group| group.side(call.site).is_some()) || site.locals.contains_key(volume)
    }
}
