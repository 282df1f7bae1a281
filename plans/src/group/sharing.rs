//! Who uses which consistency group, so that a torn one is found without looking at every VM.

use super::hash::Map;
use super::index::{GroupIx, Index, StorageIx};
use super::judge::Judged;
use super::standing::Instance;
use super::{DerivedGroup, Torn, VolumeOf};
use crate::id::VmId;

/// Users of each consistency group.
#[derive(Debug)]
pub(super) struct Sharing {
    /// VMs that use a consistency group; sorted.
    users: Vec<Vec<VmId>>,
    /// For each protection group its consistency groups, with the number of members inside that
    /// use each.
    inside: Vec<Map<StorageIx, u32>>,
}

/// Finds the registrations of a VM.
pub(super) trait Registrations {
    /// All registrations of one VM.
    fn of<'a>(&'a self, index: &Index, vm: VmId) -> Vec<Instance<'a>>;
}

impl Sharing {
    pub(super) fn new(index: &Index) -> Sharing {
        Sharing {
            users: vec![Vec::new(); index.storage.len()],
            inside: vec![Map::default(); index.groups.len()],
        }
    }

    /// Adds a user.
    pub(super) fn use_by(&mut self, vm: VmId, used: &[StorageIx]) {
        for &storage in used {
            let users = &mut self.users[storage as usize];
            if let Err(place) = users.binary_search(&vm) {
                users.insert(place, vm);
            }
        }
    }

    /// Adds what was found of other VMs, each with a higher id than all of these.
    pub(super) fn absorb(&mut self, more: Sharing) {
        for (users, more) in self.users.iter_mut().zip(more.users) {
            users.extend(more);
        }
        for (inside, more) in self.inside.iter_mut().zip(more.inside) {
            for (storage, count) in more {
                *inside.entry(storage).or_default() += count;
            }
        }
    }

    /// Removes a user.
    pub(super) fn unuse_by(&mut self, vm: VmId, used: &[StorageIx]) {
        for &storage in used {
            self.users[storage as usize].retain(|user| *user != vm);
        }
    }

    /// Counts a member's storage in or out.
    pub(super) fn count(&mut self, judged: &Judged, joins: bool) {
        if !judged.is_inside() {
            return;
        }
        let inside = &mut self.inside[judged.group];
        for storage in &judged.storage {
            let count = inside.entry(*storage).or_default();
            *count = if joins { *count + 1 } else { count.saturating_sub(1) };
            if *count == 0 {
                inside.remove(storage);
            }
        }
    }

    /// Protection groups with members inside that use one of these consistency groups.
    pub(super) fn groups_on(&self, used: &[StorageIx]) -> Vec<GroupIx> {
        let on = |group: &GroupIx| used.iter().any(|s| self.inside[*group].contains_key(s));
        (0..self.inside.len()).filter(on).collect()
    }

    /// Writes the consistency groups of a protection group.
    pub(super) fn list(&self, index: &Index, group: GroupIx, derived: &mut DerivedGroup) {
        let mut used: Vec<StorageIx> = self.inside[group].keys().copied().collect();
        // Sites report mostly in the order of names: the stable sort makes use of that.
        used.sort_unstable();
        let ids = used.iter().map(|ix| index.storage[*ix as usize].clone());
        derived.consistency_groups = ids.collect();
        derived.consistency_groups.sort();
    }

    /// Writes them again as far as these are concerned: one VM must not cost a group's whole list.
    pub(super) fn list_again(
        &self,
        index: &Index,
        group: GroupIx,
        derived: &mut DerivedGroup,
        changed: &[StorageIx],
    ) {
        let listed = &mut derived.consistency_groups;
        for storage in changed {
            let id = &index.storage[*storage as usize];
            match (listed.binary_search(id), self.inside[group].contains_key(storage)) {
                (Err(place), true) => listed.insert(place, id.clone()),
                (Ok(place), false) => drop(listed.remove(place)),
                (Ok(_), true) | (Err(_), false) => {}
            }
        }
    }

    /// Looks again whether a protection group tears these consistency groups; `None`: all of its.
    pub(super) fn tear(
        &self,
        index: &Index,
        group: GroupIx,
        derived: &mut DerivedGroup,
        only: Option<&[StorageIx]>,
        vms: &impl Registrations,
    ) {
        let all: Vec<StorageIx>;
        let looked_at = match only {
            Some(only) => only,
            None => {
                all = self.inside[group].keys().copied().collect();
                &all
            }
        };
        for &storage in looked_at {
            let id = &index.storage[storage as usize];
            derived.torn.retain(|torn| torn.group != *id);
            let inside = self.inside[group].get(&storage).copied().unwrap_or_default() as usize;
            if inside > 0 && self.users[storage as usize].len() > inside {
                derived.torn.extend(self.torn(index, derived, storage, vms));
            }
        }
        derived.torn.sort_unstable();
    }

    fn torn(
        &self,
        index: &Index,
        derived: &DerivedGroup,
        storage: StorageIx,
        vms: &impl Registrations,
    ) -> Option<Torn> {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for &vm in &self.users[storage as usize] {
            let instances = vms.of(index, vm);
            let is_inside = instances.iter().any(|i| derived.holds(&i.vm.name, i.vm.id));
            let side = if is_inside { &mut inside } else { &mut outside };
            side.extend(volumes_on(storage, &instances));
        }
        inside.sort_unstable();
        outside.sort_unstable();
        outside.dedup();
        // A VM may be inside by one registration and use this storage by another.
        if outside.is_empty() {
            return None;
        }
        let group = index.storage[storage as usize].clone();
        Some(Torn { group, inside: inside.into_iter().next()?, outside })
    }
}

/// The volumes of a VM on a consistency group.
fn volumes_on(storage: StorageIx, instances: &[Instance<'_>]) -> Vec<VolumeOf> {
    let volume_of = |instance: &Instance<'_>, volume| {
        let (name, vm) = (instance.vm.name.clone(), instance.vm.id);
        VolumeOf { volume, name, vm }
    };
    let on = instances.iter().flat_map(|instance| {
        let uses = instance.uses(instances).filter(|(_, used)| *used == storage);
        uses.map(|(object, _)| volume_of(instance, object.volume.clone())).collect::<Vec<_>>()
    });
    on.collect()
}
