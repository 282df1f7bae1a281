//! Consistency groups of a plan, and which volumes of each VM are in them.

mod legs;
mod point;
mod torn;

use super::Request;
use super::found::{Found, Names};
use super::lookup::{Lookup, with_room};
use super::members::Member;
use super::sites::{Sites, Way};
use crate::finding::Code;
use crate::graph::{GroupIx, GroupTarget};
use crate::guard::{Guard, holds};
use crate::id::{ConsistencyGroupId, PolicyName, VolumeId};
use crate::inventory::{ConsistencyGroup, ReplicaRole, ReplicationMode, VirtualMachine};
use crate::run::RunKind;
use crate::time::Time;
pub(crate) use legs::Legs;
use point::capture;
pub(crate) use point::judge_age;
use torn::judge_home;
pub(crate) use torn::judge_torn;

/// The groups by index, and what of each VM they hold.
#[derive(Debug, Default)]
pub(crate) struct Storage<'a> {
    /// They go into the graph's table of groups when that is filled.
    pub(crate) groups: Vec<GroupTarget>,
    /// By group.
    modes: Vec<ReplicationMode>,
    /// The leg at the end of the way, where that site reports one.
    pub(crate) legs: Vec<Option<&'a ConsistencyGroup>>,
    /// By group: both legs know that it is written at the end of the way already.
    handed_over: Vec<bool>,
    /// By member.
    pub(crate) of_vm: Vec<VmStorage>,
    /// By group, its members.
    pub(crate) vms: Vec<Vec<u32>>,
    /// The volumes of all groups by id. By the text and not by the id: a table of references to ids
    /// would look each up at another place in memory before it could compare.
    of_volume: Lookup<&'a str, Held>,
}

/// Number of a volume of the plan, counted from 0.
pub(crate) type VolumeNo = u32;

/// A volume of the plan.
#[derive(Clone, Copy, Debug)]
struct Held {
    no: VolumeNo,
    group: GroupIx,
}

/// What of one VM replicates.
#[derive(Clone, Debug, Default)]
pub(crate) struct VmStorage {
    /// Its groups, each once, in their order.
    pub(crate) groups: Vec<GroupIx>,
    /// They go into the graph's table of VMs when that is filled.
    pub(crate) volumes: Vec<VolumeId>,
    /// In the order of `volumes`.
    pub(crate) numbers: Vec<VolumeNo>,
    /// In the order of `volumes`; they go there too.
    pub(crate) policies: Vec<Option<PolicyName>>,
}

impl Storage<'_> {
    pub(crate) fn mode(&self, ix: GroupIx) -> ReplicationMode {
        self.modes[ix.0 as usize]
    }

    pub(crate) fn stretched(&self, ix: GroupIx) -> bool {
        self.mode(ix) == ReplicationMode::Stretched
    }

    /// Whether the leg at the end of the way was promoted away from the other one.
    pub(crate) fn apart(&self, ix: GroupIx) -> bool {
        let leg = self.legs[ix.0 as usize];
        leg.is_some_and(|leg| leg.role == ReplicaRole::FailedOver)
    }

    /// Whether an earlier, half-done run has promoted the group at the end of the way, and the old leg
    /// knows it: there is nothing to send any more, and the old leg would refuse to. A leg that does not
    /// know it may hold writes of its own, so its word counts and not only that of the new one.
    pub(crate) fn handed_over(&self, ix: GroupIx) -> bool {
        self.handed_over[ix.0 as usize]
    }

    /// Whether a stretched group was handed over: its legs are apart, and come together by a reprotect.
    pub(crate) fn torn(&self, ix: GroupIx) -> bool {
        self.stretched(ix) && self.handed_over(ix)
    }

    /// The group of a volume.
    fn group_of(&self, volume: &VolumeId) -> Option<GroupIx> {
        self.of_volume.get(volume.as_str()).map(|held| held.group)
    }

    /// The number of a volume; `None`: it is in none of the plan's groups.
    pub(crate) fn number(&self, volume: &VolumeId) -> Option<VolumeNo> {
        self.of_volume.get(volume.as_str()).map(|held| held.no)
    }

    /// How many volumes have a number.
    pub(crate) fn volumes(&self) -> usize {
        self.of_volume.len()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = GroupIx> + use<> {
        (0..self.modes.len() as u32).map(GroupIx)
    }
}

/// Collects the groups of all members. What they hold of each is put in by [`Storage::hold`].
pub(crate) fn collect<'a>(
    request: &Request<'a>,
    sites: &Sites<'a>,
    legs: Legs<'a>,
    members: &[Member<'a>],
    found: &mut Found,
) -> Storage<'a> {
    let of_volume = with_room(members.len() * 2);
    let mut collector = Collector {
        request,
        legs,
        seen: sites.inventories.iter().map(|site| site.observed_at).collect(),
        storage: Storage { of_volume, ..Storage::default() },
        one_legged: Names::default(),
        replaced: Names::default(),
    };
    for member in members {
        for id in &member.derived.storage {
            collector.group(id, member.way, found);
        }
    }
    let Collector { storage, one_legged, replaced, .. } = collector;
    if replaced.count() > 0 {
        found.error(
            Code::ReplicaReplaced,
            format!(
                "the copies of consistency groups {replaced} at the recovery site were replaced by a later \
                 promotion at the other one: they are no replicas"
            ),
            "the plan's direction contradicts the storage; look at where each group was written last, \
             and bring that side back",
        );
    }
    if one_legged.count() > 0 {
        found.error(
            Code::ReplicaMissing,
            format!("the recovery site reports no leg of consistency groups {one_legged}"),
            "check that replication is set up and that the site's agent sees its storage",
        );
    }
    storage
}

/// What the plan's groups hold of each member, and the members of each group.
pub(crate) struct Holdings {
    /// By member.
    of_vm: Vec<VmStorage>,
    /// By group.
    vms: Vec<Vec<u32>>,
}

struct Collector<'r, 'a> {
    request: &'r Request<'a>,
    legs: Legs<'a>,
    /// When each site was looked at.
    seen: Vec<Time>,
    storage: Storage<'a>,
    one_legged: Names,
    /// Groups that a failover would recover from a copy that was given up.
    replaced: Names,
}

impl<'a> Collector<'_, 'a> {
    fn group(&mut self, id: &'a ConsistencyGroupId, way: Way, found: &mut Found) {
        let place = self.legs.place(id);
        if place.is_some_and(|place| self.legs.is_known(place)) {
            return;
        }
        let here = place.and_then(|place| self.legs.at(way.from, place));
        let there = place.and_then(|place| self.legs.at(way.to, place));
        if there.is_none() {
            self.one_legged.add(id);
        }
        let replaced = there.is_some_and(|leg| leg.role == ReplicaRole::RemoteFailedOver);
        if holds(Guard::NotReplaced) && replaced && self.request.kind == RunKind::Failover {
            self.replaced.add(id);
        }
        let (Some(leg), Some(place)) = (here.or(there), place) else { return };
        self.legs.know(place);
        let group = GroupIx(self.storage.groups.len() as u32);
        for volume in &leg.volumes {
            let no = self.storage.of_volume.len() as VolumeNo;
            let held = self.storage.of_volume.entry(volume.as_str());
            held.and_modify(|held| held.group = group).or_insert(Held { no, group });
        }
        let mut target = GroupTarget {
            id: id.clone(),
            mode: leg.mode,
            from: way.from,
            to: way.to,
            volumes: leg.volumes.clone(),
            generation: there.map_or(0, |leg| generation_before(here, leg)),
            source_generation: here.map(|leg| leg.generation),
            point: None,
            point_time: None,
            point_age: None,
        };
        if matches!(self.request.kind, RunKind::Failover | RunKind::Test) {
            let seen = self.seen[way.to.0 as usize];
            capture(self.request, &mut target, there, seen, found);
        }
        let role = |leg: Option<&ConsistencyGroup>| leg.map(|leg| leg.role);
        let roles = (role(here), role(there));
        let handed_over = there.is_some_and(|there| turned(here, there))
            || roles == (Some(ReplicaRole::RemoteFailedOver), Some(ReplicaRole::FailedOver));
        self.storage.groups.push(target);
        self.storage.modes.push(leg.mode);
        self.storage.legs.push(there);
        self.storage.handed_over.push(handed_over);
    }
}

/// The generation that a promoted leg must exceed. One that an earlier, half-done run has promoted
/// already is not promoted again, so it only has to be of its present generation.
fn generation_before(here: Option<&ConsistencyGroup>, leg: &ConsistencyGroup) -> u64 {
    match leg.role {
        ReplicaRole::FailedOver => leg.generation.saturating_sub(1),
        _ if turned(here, leg) => leg.generation.saturating_sub(1),
        _ => leg.generation,
    }
}

/// Whether a group is written at the end of the way already and protects the other way round, as one of
/// many does after a restore. Both legs of a stretched group are written by their nature.
fn turned(here: Option<&ConsistencyGroup>, there: &ConsistencyGroup) -> bool {
    there.mode != ReplicationMode::Stretched
        && there.role == ReplicaRole::Source
        && here.is_none_or(|here| here.role != ReplicaRole::Source)
}

impl Storage<'_> {
    /// Finds what the groups hold of each member.
    pub(crate) fn holdings(&self, members: &[Member<'_>], found: &mut Found) -> Holdings {
        let mut vms = vec![Vec::new(); self.groups.len()];
        let mut of_vm = Vec::with_capacity(members.len());
        for (vm, member) in (0_u32..).zip(members) {
            let held = self.held_by(member.vm);
            judge_home(member, &held, found);
            for group in &held.groups {
                vms[group.0 as usize].push(vm);
            }
            of_vm.push(held);
        }
        Holdings { of_vm, vms }
    }

    /// Puts in what was found.
    pub(crate) fn hold(&mut self, Holdings { of_vm, vms }: Holdings) {
        self.of_vm = of_vm;
        self.vms = vms;
    }

    /// What of a VM is in the plan's groups.
    fn held_by(&self, vm: &VirtualMachine) -> VmStorage {
        let mut held = VmStorage::default();
        for object in vm.objects.iter().filter(|object| object.kind.is_bound()) {
            let Some(&Held { no, group }) = self.of_volume.get(object.volume.as_str()) else {
                continue;
            };
            if held.numbers.contains(&no) {
                continue;
            }
            held.volumes.push(object.volume.clone());
            held.numbers.push(no);
            held.policies.push(object.policy.clone());
            if !held.groups.contains(&group) {
                held.groups.push(group);
            }
        }
        held.groups.sort_unstable();
        held
    }
}
