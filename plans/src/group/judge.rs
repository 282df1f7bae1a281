//! One VM against all groups.

use std::sync::Arc;

use super::index::{Compliances, GroupIx, Index};
use super::site_index::SiteIx;
use super::standing::{Instance, rival};
use super::{Member, Protection, Reason};
use crate::inventory::{Power, VirtualMachine, VmObject};

impl Index {
    /// The VM as a member of each group that has a policy of one of its objects. `instances` are all
    /// registrations of one VM.
    pub(super) fn judge(
        &self,
        instances: &[Instance<'_>],
        cache: &mut Compliances,
    ) -> Vec<(GroupIx, Member)> {
        let mut members: Vec<(GroupIx, Member)> = Vec::new();
        for &(site, vm) in instances.iter().filter(|(_, vm)| vm.run_tag.is_none()) {
            for group in self.candidates(site, vm) {
                let other = self.groups[group].other(site);
                let prefer = self.groups[group].pair[0] == site;
                if self.is_active((site, vm), other, instances, prefer) {
                    let mut member = self.member(group, (site, vm), cache);
                    let rival = rival((site, vm), other, instances);
                    member.reasons.extend(self.runs_twice(vm, rival));
                    members.push((group, member));
                }
            }
        }
        self.note_rivals(&mut members);
        members
    }

    /// Groups with a policy of one of the VM's objects at a site, each once.
    fn candidates(&self, site: SiteIx, vm: &VirtualMachine) -> Vec<GroupIx> {
        let mut candidates: Vec<GroupIx> = Vec::new();
        for object in vm.objects.iter().filter(|object| object.kind.is_bound()) {
            let policy = object.policy.as_ref().and_then(|policy| self.policy(policy));
            let Some(policy) = policy else { continue };
            for &group in self.claims(policy, site) {
                if !candidates.contains(&group) {
                    candidates.push(group);
                }
            }
        }
        candidates
    }

    fn member(&self, group: GroupIx, (site, vm): Instance<'_>, cache: &mut Compliances) -> Member {
        let other = self.groups[group].other(site);
        let mut reasons = self.narrowed(group, vm);
        let excluded = !reasons.is_empty();
        if !excluded {
            reasons = self.lacking_any(group, site, vm, cache);
        }
        let protection = match (excluded, reasons.is_empty()) {
            (true, _) => Protection::Excluded,
            (false, true) => Protection::Protected,
            (false, false) => Protection::Partly,
        };
        let bound = vm.objects.iter().filter(|object| object.kind.is_bound());
        let mut storage: Vec<_> = bound
            .filter_map(|object| self.sites[site].leg(&object.volume))
            .filter(|leg| leg.peer == other)
            .map(|leg| leg.storage)
            .collect();
        storage.sort_unstable();
        storage.dedup();
        let mut storage: Vec<_> =
            storage.into_iter().map(|ix| self.storage[ix as usize].clone()).collect();
        storage.sort_unstable();
        Member {
            vm: vm.id,
            name: vm.name.clone(),
            at: self.names.name(site).clone(),
            protection,
            reasons,
            storage,
        }
    }

    /// Why a group does not protect the whole VM; empty: it does.
    fn lacking_any(
        &self,
        group: GroupIx,
        site: SiteIx,
        vm: &VirtualMachine,
        cache: &mut Compliances,
    ) -> Vec<Reason> {
        let mut needed = vm.objects.iter().filter(|object| object.kind.is_needed()).peekable();
        if needed.peek().is_none() {
            return vec![Reason::NothingToRecover];
        }
        needed.filter_map(|object| self.lacking(group, site, object, cache)).collect()
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
        self.unreplicated(group, site, object)
    }

    fn unreplicated(&self, group: GroupIx, site: SiteIx, object: &VmObject) -> Option<Reason> {
        let (label, volume) = (&object.label, &object.volume);
        let wanted = self.groups[group].other(site);
        match self.sites[site].volume(volume) {
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
    fn runs_twice(&self, vm: &VirtualMachine, rival: Option<Instance<'_>>) -> Option<Reason> {
        let (site, rival) = rival?;
        let twice = vm.power == Power::On && rival.power == Power::On;
        twice.then(|| Reason::RunsAtBoth { other: self.names.name(site).clone() })
    }

    /// Notes in each member which other groups claim the VM too.
    fn note_rivals(&self, members: &mut [(GroupIx, Member)]) {
        let is_inside = |member: &Member| member.protection != Protection::Excluded;
        let inside: Vec<GroupIx> =
            members.iter().filter(|(_, m)| is_inside(m)).map(|(group, _)| *group).collect();
        for (group, member) in members.iter_mut().filter(|(_, m)| is_inside(m)) {
            let others = inside.iter().filter(|other| *other != group);
            let notes =
                others.map(|other| Reason::AlsoIn { group: self.groups[*other].name.clone() });
            member.reasons.extend(notes);
        }
    }
}
