//! One VM against all groups.

use std::sync::Arc;

use super::index::{Compliances, GroupIx, Index, StorageIx};
use super::site_index::{Leg, SiteIx};
use super::standing::Instance;
use super::{Member, Protection, Reason};
use crate::inventory::{Power, VirtualMachine, VmObject};

/// A VM as a member of one group.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) group: GroupIx,
    pub(super) member: Member,
    /// The member's storage; sorted.
    pub(super) storage: Vec<StorageIx>,
}

impl Judged {
    /// Whether the group recovers the VM.
    pub(super) fn is_inside(&self) -> bool {
        self.member.protection != Protection::Excluded
    }
}

impl Index {
    /// The VM as a member of each group that has a policy of one of its objects. `instances` are all
    /// registrations of one VM.
    pub(super) fn judge(&self, instances: &[Instance<'_>], cache: &mut Compliances) -> Vec<Judged> {
        let mut judged: Vec<Judged> = Vec::with_capacity(1);
        for instance in instances.iter().filter(|instance| instance.is_production()) {
            for group in self.candidates(instance) {
                let other = self.groups[group].other(instance.site);
                let prefer = self.groups[group].pair[0] == instance.site;
                if instance.is_active(other, instances, prefer) {
                    let mut one = self.member(group, instance, cache);
                    let rival = instance.rival(other, instances);
                    one.member.reasons.extend(self.runs_twice(instance, rival));
                    judged.push(one);
                }
            }
        }
        self.note_rivals(&mut judged);
        judged
    }

    /// Groups with a policy of one of the VM's objects at a site, each once.
    fn candidates(&self, instance: &Instance<'_>) -> Vec<GroupIx> {
        let mut candidates: Vec<GroupIx> = Vec::new();
        let mut before = None;
        for (object, _) in instance.bound() {
            // Most objects of a VM carry the same policy.
            if before.replace(&object.policy) == Some(&object.policy) {
                continue;
            }
            let policy = object.policy.as_ref().and_then(|policy| self.policy(policy));
            let Some(policy) = policy else { continue };
            for &group in self.claims(policy, instance.site) {
                if !candidates.contains(&group) {
                    candidates.push(group);
                }
            }
        }
        candidates
    }

    fn member(&self, group: GroupIx, instance: &Instance<'_>, cache: &mut Compliances) -> Judged {
        let other = self.groups[group].other(instance.site);
        let mut reasons = self.narrowed(group, instance.vm);
        let excluded = !reasons.is_empty();
        if !excluded {
            reasons = self.lacking_any(group, instance, cache);
        }
        let protection = match (excluded, reasons.is_empty()) {
            (true, _) => Protection::Excluded,
            (false, true) => Protection::Protected,
            (false, false) => Protection::Partly,
        };
        let legs = instance.bound().filter_map(|(_, leg)| leg.flatten());
        let mut storage: Vec<StorageIx> =
            legs.filter(|leg| leg.peer == other).map(|leg| leg.storage).collect();
        storage.sort_unstable();
        storage.dedup();
        let mut named: Vec<_> =
            storage.iter().map(|ix| self.storage[*ix as usize].clone()).collect();
        named.sort_unstable();
        let member = Member {
            vm: instance.vm.id,
            name: instance.vm.name.clone(),
            at: self.names.name(instance.site).clone(),
            protection,
            reasons,
            storage: named,
        };
        Judged { group, member, storage }
    }

    /// Why a group does not protect the whole VM; empty: it does.
    fn lacking_any(
        &self,
        group: GroupIx,
        instance: &Instance<'_>,
        cache: &mut Compliances,
    ) -> Vec<Reason> {
        let mut needed = instance.needed().peekable();
        if needed.peek().is_none() {
            return vec![Reason::NothingToRecover];
        }
        let site = instance.site;
        let wanted = self.groups[group].other(site);
        // Home and disks mostly lie in one container under one policy: what was met for one of them
        // is met for the next.
        let mut met = None;
        let lacking = needed.filter_map(|(object, leg)| {
            let place = (&object.policy, &object.container);
            if met != Some(place) {
                let unmet = self.unmet(group, site, object, cache);
                if unmet.is_some() {
                    return unmet;
                }
                met = Some(place);
            }
            self.unreplicated(wanted, object, leg)
        });
        lacking.collect()
    }

    /// Tags that differ from the group's narrowing.
    pub(super) fn narrowed(&self, group: GroupIx, vm: &VirtualMachine) -> Vec<Reason> {
        let differs = |(tag, wanted): &(Arc<str>, Arc<str>)| {
            let found = vm.tags.get(tag).cloned();
            (found.as_ref() != Some(wanted)).then(|| Reason::TagDiffers {
                tag: tag.clone(),
                found,
                wanted: wanted.clone(),
            })
        };
        self.groups[group].tags.iter().filter_map(differs).collect()
    }

    /// Why a group does not protect an object; `None`: it does.
    pub(super) fn lacking(
        &self,
        group: GroupIx,
        site: SiteIx,
        object: &VmObject,
        leg: Option<Option<Leg>>,
        cache: &mut Compliances,
    ) -> Option<Reason> {
        let wanted = self.groups[group].other(site);
        let unmet = self.unmet(group, site, object, cache);
        unmet.or_else(|| self.unreplicated(wanted, object, leg))
    }

    /// Why an object is not under a policy of the group that holds where it lies. It depends on the
    /// object's policy and container alone.
    fn unmet(
        &self,
        group: GroupIx,
        site: SiteIx,
        object: &VmObject,
        cache: &mut Compliances,
    ) -> Option<Reason> {
        let label = &object.label;
        let Some(name) = &object.policy else {
            return Some(Reason::NoPolicy { object: label.clone() });
        };
        let policy = self.policy(name).filter(|p| self.claims(*p, site).contains(&group));
        let Some(policy) = policy else {
            return Some(Reason::OtherPolicy { object: label.clone(), policy: name.clone() });
        };
        if !self.is_described(policy) {
            return Some(Reason::PolicyNotKnown { object: label.clone(), policy: name.clone() });
        }
        let Some(container) = self.sites[site].container(&object.container) else {
            let container = object.container.clone();
            return Some(Reason::ContainerNotKnown { object: label.clone(), container });
        };
        if let Some(broken) = cache.broken(self, policy, site, container) {
            let (object, policy) = (label.clone(), name.clone());
            return Some(Reason::PolicyNotMet { object, policy, broken });
        }
        None
    }

    fn unreplicated(
        &self,
        wanted: SiteIx,
        object: &VmObject,
        leg: Option<Option<Leg>>,
    ) -> Option<Reason> {
        let (label, volume) = (&object.label, &object.volume);
        match leg {
            None => Some(Reason::VolumeNotKnown { object: label.clone(), volume: volume.clone() }),
            Some(None) => {
                Some(Reason::NotReplicated { object: label.clone(), volume: volume.clone() })
            }
            Some(Some(leg)) => (leg.peer != wanted).then(|| Reason::ReplicatesElsewhere {
                object: label.clone(),
                volume: volume.clone(),
                to: self.names.name(leg.peer).clone(),
                wanted: self.names.name(wanted).clone(),
            }),
        }
    }

    /// Notes that the VM runs at both sites. It is for a person to find out which one is right.
    fn runs_twice(&self, instance: &Instance<'_>, rival: Option<&Instance<'_>>) -> Option<Reason> {
        let rival = rival?;
        let twice = instance.vm.power == Power::On && rival.vm.power == Power::On;
        twice.then(|| Reason::RunsAtBoth { other: self.names.name(rival.site).clone() })
    }

    /// Notes in each member which other groups claim the VM too.
    fn note_rivals(&self, judged: &mut [Judged]) {
        if judged.len() < 2 {
            return;
        }
        let inside: Vec<GroupIx> =
            judged.iter().filter(|one| one.is_inside()).map(|one| one.group).collect();
        for one in judged.iter_mut().filter(|one| one.is_inside()) {
            let others = inside.iter().filter(|other| **other != one.group);
            let notes =
                others.map(|other| Reason::AlsoIn { group: self.groups[*other].name.clone() });
            one.member.reasons.extend(notes);
        }
    }
}
