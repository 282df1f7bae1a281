//! The instant in which a VM stops here and goes on there.

use muster_plans::id::SiteName;
use muster_plans::inventory::ObjectKind;

use super::Wanted;
use crate::hypervisor::{nics, register};
use crate::world::{LocalVolume, VmDef, World};

impl World {
    /// One registration leaves, one arrives, running. Nobody ever sees two.
    pub(super) fn hand_over(&mut self, from: &SiteName, wanted: &Wanted<'_>) {
        let (now, key) = (self.now, wanted.key());
        let Some(def) = self.vms.get(&wanted.vm).cloned() else { return };
        let acked = self.stop_writing(from, wanted.vm);
        let Some(here) = self.sites.get_mut(from) else { return };
        let Some(mut instance) = here.instances.remove(&key) else { return };
        let memory = u64::from(instance.memory_mib);
        if let Some(host) = here.hosts.get_mut(&instance.host) {
            host.used_mib = host.used_mib.saturating_sub(memory);
        }
        instance.host = wanted.to_host.clone();
        instance.moving = None;
        if wanted.to_site != from {
            for card in &mut instance.cards {
                card.network = None;
            }
            self.move_locals(from, wanted.to_site, &def);
        }
        let cards = wanted.nics.iter().map(|nic| (nic.mac.as_ref(), &nic.network)).collect();
        nics::plug(&mut instance, &cards);
        let Some(there) = self.sites.get_mut(wanted.to_site) else { return };
        if let Some(host) = there.hosts.get_mut(wanted.to_host) {
            host.used_mib += memory;
        }
        there.instances.insert(key.clone(), instance);
        self.begin_writing(wanted.to_site, wanted.vm, now, acked);
        self.watch_instance(wanted.to_site, &key);
    }

    /// Disks that are not replicated were copied; swap is made anew.
    fn move_locals(&mut self, from: &SiteName, to: &SiteName, def: &VmDef) {
        let mut moved = Vec::new();
        if let Some(here) = self.sites.get_mut(from) {
            for disk in &def.disks {
                if let Some(volume) = here.locals.remove(&disk.volume)
                    && disk.kind != ObjectKind::Swap
                {
                    moved.push((disk.volume.clone(), volume.size_gib));
                }
            }
        }
        let Some(there) = self.sites.get_mut(to) else { return };
        let Some(container) = there.local_container() else { return };
        for (id, size_gib) in moved {
            there.locals.insert(id, LocalVolume { container: container.clone(), size_gib });
        }
        register::add_swap(there, def);
    }
}
