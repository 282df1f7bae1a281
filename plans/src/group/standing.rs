//! Which registration of a VM is the one in use.

use super::index::{Index, StorageIx};
use super::site_index::SiteIx;
use crate::inventory::{Power, VirtualMachine};

/// A VM as it is registered at one site. The same VM may be registered at two: an old, powered-off
/// copy stays behind until reprotect.
pub(super) type Instance<'a> = (SiteIx, &'a VirtualMachine);

/// How much an instance looks like the one in use: its storage is writable there, its storage was
/// promoted last, it runs. Compared in this order, because a site that is cut off still believes
/// that its VMs run.
type Standing = (bool, u64, bool);

impl Index {
    fn standing(&self, (site, vm): Instance<'_>) -> Standing {
        let site = &self.sites[site];
        let (mut writable, mut generation) = (true, 0);
        for object in vm.objects.iter().filter(|object| object.kind.is_needed()) {
            match site.volume(&object.volume) {
                None => writable = false,
                Some(None) => {}
                Some(Some(leg)) => {
                    writable &= leg.writable;
                    generation = generation.max(leg.generation);
                }
            }
        }
        (writable, generation, vm.power == Power::On)
    }

    /// Whether an instance is the one in use, compared with the one at another site, if there is
    /// one; `prefer` decides a tie.
    pub(super) fn is_active(
        &self,
        instance: Instance<'_>,
        other: SiteIx,
        instances: &[Instance<'_>],
        prefer: bool,
    ) -> bool {
        let Some(rival) = rival(instance, other, instances) else { return true };
        let (own, rival) = (self.standing(instance), self.standing(rival));
        own > rival || (own == rival && prefer)
    }

    /// Consistency groups whose storage a VM uses: those of its home and disks, at each site where
    /// its instance is not beaten by the one at the group's other site. Sorted.
    pub(super) fn used(&self, instances: &[Instance<'_>]) -> Vec<StorageIx> {
        let mut used = Vec::new();
        for &(site, vm) in instances.iter().filter(|(_, vm)| vm.run_tag.is_none()) {
            for object in vm.objects.iter().filter(|object| object.kind.is_bound()) {
                let Some(leg) = self.sites[site].leg(&object.volume) else { continue };
                if self.is_active((site, vm), leg.peer, instances, true) {
                    used.push(leg.storage);
                }
            }
        }
        used.sort_unstable();
        used.dedup();
        used
    }
}

/// The same VM in production at another site.
pub(super) fn rival<'a>(
    instance: Instance<'_>,
    other: SiteIx,
    instances: &[Instance<'a>],
) -> Option<Instance<'a>> {
    let at_other =
        |(site, vm): &&Instance<'_>| *site == other && *site != instance.0 && vm.run_tag.is_none();
    instances.iter().find(at_other).copied()
}
