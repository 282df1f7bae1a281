//! Which registration of a VM is the one in use.

use super::index::{Index, StorageIx};
use super::site_index::{Leg, SiteIx};
use crate::inventory::{Power, VirtualMachine, VmObject};

/// How much a registration looks like the one in use: its storage is writable there, its storage
/// was promoted last, it runs. Compared in this order, because a site that is cut off still believes
/// that its VMs run.
type Standing = (bool, u64, bool);

/// A VM as it is registered at one site, with its volumes found. The same VM may be registered at
/// two sites: an old, powered-off copy stays behind until reprotect.
#[derive(Debug)]
pub(super) struct Instance<'a> {
    pub(super) site: SiteIx,
    pub(super) vm: &'a VirtualMachine,
    /// By object. `None`: the site does not report the volume; `Some(None)`: it does not replicate.
    pub(super) legs: Vec<Option<Option<Leg>>>,
    standing: Standing,
}

impl<'a> Instance<'a> {
    /// Finds the volumes of a VM.
    pub(super) fn new(index: &Index, site: SiteIx, vm: &'a VirtualMachine) -> Instance<'a> {
        let known = &index.sites[site];
        let find = |object: &VmObject| match object.kind.is_bound() {
            true => known.volume(&object.volume),
            false => None,
        };
        let legs: Vec<Option<Option<Leg>>> = vm.objects.iter().map(find).collect();
        let (mut writable, mut generation) = (true, 0);
        for (_, leg) in vm.objects.iter().zip(&legs).filter(|(object, _)| object.kind.is_needed()) {
            writable &= leg.is_some_and(|leg| leg.is_none_or(|leg| leg.writable));
            generation = generation.max(leg.flatten().map_or(0, |leg| leg.generation));
        }
        Instance { site, vm, legs, standing: (writable, generation, vm.power == Power::On) }
    }

    /// Home, disks and the vendor's own objects, each with its volume.
    pub(super) fn bound(&self) -> impl Iterator<Item = (&'a VmObject, Option<Option<Leg>>)> + '_ {
        let objects = self.vm.objects.iter().zip(&self.legs);
        objects.filter(|(object, _)| object.kind.is_bound()).map(|(object, leg)| (object, *leg))
    }

    /// Home and disks, each with its volume.
    pub(super) fn needed(&self) -> impl Iterator<Item = (&'a VmObject, Option<Option<Leg>>)> + '_ {
        self.bound().filter(|(object, _)| object.kind.is_needed())
    }

    /// Whether it is a VM in production and not the copy of a test.
    pub(super) fn is_production(&self) -> bool {
        self.vm.run_tag.is_none()
    }

    /// The same VM in production at another site.
    pub(super) fn rival<'i>(
        &self,
        other: SiteIx,
        instances: &'i [Instance<'a>],
    ) -> Option<&'i Instance<'a>> {
        let differs = other != self.site;
        instances.iter().find(|i| differs && i.site == other && i.is_production())
    }

    /// Whether it is the one in use, compared with the one at another site, if there is one;
    /// `prefer` decides a tie.
    pub(super) fn is_active(
        &self,
        other: SiteIx,
        instances: &[Instance<'a>],
        prefer: bool,
    ) -> bool {
        self.rival(other, instances).is_none_or(|rival| {
            self.standing > rival.standing || (self.standing == rival.standing && prefer)
        })
    }

    /// Objects on replicated storage that this instance uses: those whose consistency group has no
    /// instance at its other site that beats this one.
    pub(super) fn uses<'i>(
        &'i self,
        instances: &'i [Instance<'a>],
    ) -> impl Iterator<Item = (&'a VmObject, StorageIx)> + 'i {
        let replicated = self.bound().filter_map(|(object, leg)| Some((object, leg.flatten()?)));
        let used = replicated.filter(move |(_, leg)| {
            self.is_production() && self.is_active(leg.peer, instances, true)
        });
        used.map(|(object, leg)| (object, leg.storage))
    }
}

/// Consistency groups whose storage a VM uses; sorted.
pub(super) fn used(instances: &[Instance<'_>]) -> Vec<StorageIx> {
    let uses = instances.iter().flat_map(|instance| instance.uses(instances));
    let mut used: Vec<StorageIx> = uses.map(|(_, storage)| storage).collect();
    used.sort_unstable();
    used.dedup();
    used
}
