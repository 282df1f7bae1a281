//! Derives all groups at once, and keeps a derivation up to date VM by VM.

use std::collections::BTreeMap;

use super::index::{Compliances, Index, StorageIx};
use super::judge::Judged;
use super::sharing::{Registrations, Sharing};
use super::site_index::SiteIx;
use super::standing::{Instance, used};
use super::{Derivation, DerivedGroup, Member};
use crate::both::both;
use crate::config::Config;
use crate::id::{SiteName, VmId};
use crate::inventory::{Inventory, VirtualMachine};

/// A VM that is registered at a site.
type Registration<'i> = (VmId, SiteIx, &'i VirtualMachine);

/// Registrations of an inventory, sorted by VM and then by site.
pub(super) struct Sorted<'i>(Vec<Registration<'i>>);

impl<'i> Sorted<'i> {
    /// Sorts all registrations. The sites of an index come in the order of the inventory.
    pub(super) fn new(inventory: &'i Inventory) -> Sorted<'i> {
        let sites = inventory.sites.values().enumerate();
        let all = sites.flat_map(|(ix, site)| site.vms.iter().map(move |vm| (vm.id, ix, vm)));
        let mut all: Vec<(VmId, SiteIx, &VirtualMachine)> = all.collect();
        all.sort_by_key(|(id, site, _)| (*id, *site));
        Sorted(all)
    }

    /// The registrations of each VM.
    pub(super) fn by_vm<'s>(
        &'s self,
        index: &'s Index,
    ) -> impl Iterator<Item = Vec<Instance<'i>>> + 's {
        by_vm(&self.0, index)
    }

    /// Two halves; all registrations of one VM are in the same one.
    fn halves(&self) -> (&[Registration<'i>], &[Registration<'i>]) {
        let middle = self.0.get(self.0.len() / 2).map(|(vm, ..)| *vm);
        self.0.split_at(self.0.partition_point(|(vm, ..)| Some(*vm) < middle))
    }
}

fn by_vm<'s, 'i>(
    sorted: &'s [Registration<'i>],
    index: &'s Index,
) -> impl Iterator<Item = Vec<Instance<'i>>> + 's {
    let same = sorted.chunk_by(|a, b| a.0 == b.0);
    same.map(|same| same.iter().map(|(_, site, vm)| Instance::new(index, *site, vm)).collect())
}

impl Registrations for Sorted<'_> {
    fn of<'a>(&'a self, index: &Index, vm: VmId) -> Vec<Instance<'a>> {
        let start = self.0.partition_point(|(id, ..)| *id < vm);
        let same = self.0[start..].iter().take_while(|(id, ..)| *id == vm);
        same.map(|(_, site, vm)| Instance::new(index, *site, vm)).collect()
    }
}

/// Derives from nothing: judges each VM, then looks at who shares which storage.
pub(super) fn derive_all(config: &Config, inventory: &Inventory) -> Derivation {
    let (index, sorted) = both(
        inventory.vms(),
        || Index::of_registered(config, inventory),
        || Sorted::new(inventory),
    );
    build(&index, &sorted, inventory.generation).0
}

/// What was found of some VMs.
struct Found {
    cache: Compliances,
    sharing: Sharing,
    /// By group.
    members: Vec<Vec<Member>>,
}

fn judge(index: &Index, sorted: &[Registration<'_>]) -> Found {
    let (mut cache, mut sharing) = (Compliances::default(), Sharing::new(index));
    let mut members: Vec<Vec<Member>> = vec![Vec::new(); index.groups.len()];
    for instances in by_vm(sorted, index) {
        sharing.use_by(instances[0].vm.id, &used(&instances));
        for judged in index.judge(&instances, &mut cache) {
            sharing.count(&judged, true);
            members[judged.group].push(judged.member);
        }
    }
    Found { cache, sharing, members }
}

fn build(
    index: &Index,
    sorted: &Sorted<'_>,
    generation: u64,
) -> (Derivation, Sharing, Compliances) {
    let (low, high) = sorted.halves();
    let (found, more) = both(sorted.0.len(), || judge(index, low), || judge(index, high));
    let Found { cache, mut sharing, mut members } = found;
    sharing.absorb(more.sharing);
    for (all, more) in members.iter_mut().zip(more.members) {
        all.extend(more);
    }
    let mut derivation = empty(index, generation);
    let mut groups: Vec<(usize, &mut DerivedGroup)> =
        derivation.groups.values_mut().enumerate().collect();
    for ((_, group), members) in groups.iter_mut().zip(members) {
        group.members = members;
    }
    let settle = |groups: &mut [(usize, &mut DerivedGroup)]| {
        for (ix, group) in groups {
            group.members.sort_by(|a, b| a.order().cmp(&b.order()));
            sharing.list(index, *ix, group);
            sharing.tear(index, *ix, group, None, sorted);
        }
    };
    let middle = groups.len() / 2;
    let (low, high) = groups.split_at_mut(middle);
    both(sorted.0.len(), || settle(low), || settle(high));
    (derivation, sharing, cache)
}

fn empty(index: &Index, generation: u64) -> Derivation {
    let groups = index.groups.iter().map(|group| {
        let [protected, recovery] = group.pair.map(|site| index.names.name(site).clone());
        let derived = DerivedGroup {
            name: group.name.clone(),
            protected,
            recovery,
            members: Vec::new(),
            consistency_groups: Vec::new(),
            torn: Vec::new(),
            generation: 1,
        };
        (group.name.clone(), derived)
    });
    Derivation { groups: groups.collect(), generation }
}

type Registered = BTreeMap<VmId, Vec<(SiteIx, VirtualMachine)>>;

impl Registrations for Registered {
    fn of<'a>(&'a self, index: &Index, vm: VmId) -> Vec<Instance<'a>> {
        let same = self.get(&vm).into_iter().flatten();
        same.map(|(site, vm)| Instance::new(index, *site, vm)).collect()
    }
}

/// A derivation that follows the inventory VM by VM. What it gives is what [`super::derive`] would
/// give, at the cost of one VM and of those that share its storage.
///
/// Changes of documents, volumes, consistency groups and containers need a new one.
#[derive(Debug)]
pub struct Deriver {
    index: Index,
    cache: Compliances,
    sharing: Sharing,
    vms: Registered,
    derivation: Derivation,
}

/// What a VM contributes.
struct Part {
    used: Vec<StorageIx>,
    judged: Vec<Judged>,
}

impl Deriver {
    /// Derives all groups and remembers what is needed to follow. Generations continue after
    /// `previous`.
    pub fn new(config: &Config, inventory: &Inventory, previous: Option<&Derivation>) -> Deriver {
        let index = Index::new(config, inventory);
        let sorted = Sorted::new(inventory);
        let (derivation, sharing, cache) = build(&index, &sorted, inventory.generation);
        let mut vms = Registered::new();
        for (site, inventory) in inventory.sites.values().enumerate() {
            for vm in &inventory.vms {
                vms.entry(vm.id).or_default().push((site, vm.clone()));
            }
        }
        Deriver { index, cache, sharing, vms, derivation: derivation.next(previous) }
    }

    /// All groups as they are now.
    pub fn derivation(&self) -> &Derivation {
        &self.derivation
    }

    /// A VM is new at a site or has changed there. `false`: the site was not in the inventory, so
    /// nothing was done; make a new deriver.
    pub fn update(&mut self, site: &SiteName, vm: VirtualMachine) -> bool {
        let Some(site) = self.site(site) else { return false };
        self.change(vm.id, |registered| {
            match registered.binary_search_by_key(&site, |(ix, _)| *ix) {
                Ok(place) => registered[place].1 = vm,
                Err(place) => registered.insert(place, (site, vm)),
            }
        });
        true
    }

    /// A VM is not registered at a site any more. `false` as with [`Deriver::update`].
    pub fn remove(&mut self, site: &SiteName, vm: VmId) -> bool {
        let Some(site) = self.site(site) else { return false };
        self.change(vm, |registered| registered.retain(|(ix, _)| *ix != site));
        true
    }

    fn site(&self, site: &SiteName) -> Option<SiteIx> {
        self.index.names.find(site).filter(|ix| *ix < self.index.sites.len())
    }

    fn change(&mut self, vm: VmId, change: impl FnOnce(&mut Vec<(SiteIx, VirtualMachine)>)) {
        let before = self.part(vm);
        change(self.vms.entry(vm).or_default());
        let after = self.part(vm);
        self.sharing.unuse_by(vm, &before.used);
        self.sharing.use_by(vm, &after.used);
        before.judged.iter().for_each(|judged| self.sharing.count(judged, false));
        after.judged.iter().for_each(|judged| self.sharing.count(judged, true));
        self.settle(before, after);
        if self.vms.get(&vm).is_some_and(Vec::is_empty) {
            self.vms.remove(&vm);
        }
        self.derivation.generation += 1;
    }

    /// What a VM contributes. It depends on nothing but the VM and the index.
    fn part(&mut self, vm: VmId) -> Part {
        let instances = self.vms.of(&self.index, vm);
        let judged = self.index.judge(&instances, &mut self.cache);
        Part { used: used(&instances), judged }
    }

    /// Writes the difference into the groups that it touches.
    fn settle(&mut self, before: Part, after: Part) {
        let mut used = [before.used, after.used].concat();
        used.sort_unstable();
        used.dedup();
        let mut touched = self.sharing.groups_on(&used);
        touched.extend(before.judged.iter().chain(&after.judged).map(|judged| judged.group));
        touched.sort_unstable();
        touched.dedup();
        for group in touched {
            let of = |part: &'_ [Judged]| part.iter().position(|judged| judged.group == group);
            let old = of(&before.judged).map(|ix| &before.judged[ix]);
            let new = of(&after.judged).map(|ix| &after.judged[ix]);
            let held = [old, new].into_iter().flatten().flat_map(|judged| &judged.storage);
            let held: Vec<StorageIx> = held.copied().collect();
            let [old, new] = [old, new].map(|judged| judged.map(|judged| judged.member.clone()));
            let name = &self.index.groups[group].name;
            let Some(derived) = self.derivation.groups.get_mut(name) else { continue };
            if old != new {
                derived.replace(old, new);
                self.sharing.list_again(&self.index, group, derived, &held);
                derived.generation += 1;
            }
            self.sharing.tear(&self.index, group, derived, Some(&used), &self.vms);
        }
    }
}

impl DerivedGroup {
    fn replace(&mut self, old: Option<Member>, new: Option<Member>) {
        if let Some(old) = old
            && let Ok(place) = self.members.binary_search_by(|m| m.order().cmp(&old.order()))
        {
            self.members.remove(place);
        }
        if let Some(new) = new
            && let Err(place) = self.members.binary_search_by(|m| m.order().cmp(&new.order()))
        {
            self.members.insert(place, new);
        }
    }

    /// Whether a VM is inside.
    pub(super) fn holds(&self, name: &str, vm: VmId) -> bool {
        let found = self.members.binary_search_by(|m| m.order().cmp(&(name, vm)));
        found.is_ok_and(|place| self.members[place].protection != super::Protection::Excluded)
    }
}
