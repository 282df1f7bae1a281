//! Consistency groups of a plan, and which volumes of each VM are in them.

mod point;
mod torn;

use super::Request;
use super::found::{Found, Names};
use super::lookup::{Lookup, with_room};
use super::members::Member;
use super::sites::{Sites, Way};
use crate::finding::Code;
use crate::graph::{GroupIx, GroupTarget, SiteIx};
use crate::id::{ConsistencyGroupId, PolicyName, VolumeId};
use crate::inventory::{ConsistencyGroup, ReplicaRole, ReplicationMode, VirtualMachine};
use crate::run::RunKind;
use crate::time::Time;
use point::capture;
pub(crate) use point::judge_age;
use torn::{judge_home, judge_torn};

/// The groups by index, and what of each VM they hold.
#[derive(Debug, Default)]
pub(crate) struct Storage<'a> {
    pub(crate) groups: Vec<GroupTarget>,
    /// The leg at the end of the way, where that site reports one.
    pub(crate) legs: Vec<Option<&'a ConsistencyGroup>>,
    /// By group: both legs know that it was promoted at the end of the way already.
    handed_over: Vec<bool>,
    /// By member.
    pub(crate) of_vm: Vec<VmStorage>,
    /// By group, its members.
    pub(crate) vms: Vec<Vec<u32>>,
}

/// What of one VM replicates.
#[derive(Clone, Debug, Default)]
pub(crate) struct VmStorage {
    /// Its groups, each once, in their order.
    pub(crate) groups: Vec<GroupIx>,
    /// They go into the graph's table of VMs when that is filled.
    pub(crate) volumes: Vec<VolumeId>,
    /// In the order of `volumes`; they go there too.
    pub(crate) policies: Vec<Option<PolicyName>>,
}

impl Storage<'_> {
    pub(crate) fn group(&self, ix: GroupIx) -> &GroupTarget {
        &self.groups[ix.0 as usize]
    }

    pub(crate) fn stretched(&self, ix: GroupIx) -> bool {
        self.group(ix).mode == ReplicationMode::Stretched
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

    pub(crate) fn all(&self) -> impl Iterator<Item = GroupIx> + use<> {
        (0..self.groups.len() as u32).map(GroupIx)
    }
}

/// Legs of a site by id.
type Legs<'a> = Lookup<&'a str, &'a ConsistencyGroup>;

fn legs<'a>(sites: &Sites<'a>, site: SiteIx) -> Legs<'a> {
    let groups = &sites.inventory(site).groups;
    let mut lookup = with_room(groups.len());
    lookup.extend(groups.iter().map(|leg| (leg.id.as_str(), leg)));
    lookup
}

/// Collects the groups of all members.
pub(crate) fn collect<'a>(
    request: &Request<'a>,
    sites: &Sites<'a>,
    members: &[Member<'a>],
    found: &mut Found,
) -> Storage<'a> {
    let legs: Vec<Legs<'_>> = sites.all().map(|site| legs(sites, site)).collect();
    let mut collector = Collector {
        request,
        legs,
        seen: sites.inventories.iter().map(|site| site.observed_at).collect(),
        storage: Storage::default(),
        known: with_room(members.len()),
        of_volume: with_room(members.len() * 2),
        one_legged: Names::default(),
    };
    for member in members {
        for id in &member.derived.storage {
            collector.group(id, member.way, found);
        }
    }
    let Collector { mut storage, of_volume, one_legged, .. } = collector;
    if one_legged.count() > 0 {
        found.error(
            Code::ReplicaMissing,
            format!("the recovery site reports no leg of consistency groups {one_legged}"),
            "check that replication is set up and that the site's agent sees its storage",
        );
    }
    storage.vms = vec![Vec::new(); storage.groups.len()];
    for (vm, member) in (0_u32..).zip(members) {
        let held = held_by(member.vm, &of_volume);
        judge_home(member, &held, found);
        for group in &held.groups {
            storage.vms[group.0 as usize].push(vm);
        }
        storage.of_vm.push(held);
    }
    judge_torn(sites, members, &storage, &of_volume, found);
    storage
}

struct Collector<'r, 'a> {
    request: &'r Request<'a>,
    legs: Vec<Legs<'a>>,
    /// When each site was looked at.
    seen: Vec<Time>,
    storage: Storage<'a>,
    known: Lookup<&'a str, GroupIx>,
    of_volume: Lookup<&'a str, GroupIx>,
    one_legged: Names,
}

impl<'a> Collector<'_, 'a> {
    fn group(&mut self, id: &'a ConsistencyGroupId, way: Way, found: &mut Found) {
        if self.known.contains_key(id.as_str()) {
            return;
        }
        let here = self.legs[way.from.0 as usize].get(id.as_str()).copied();
        let there = self.legs[way.to.0 as usize].get(id.as_str()).copied();
        if there.is_none() {
            self.one_legged.add(id);
        }
        let Some(leg) = here.or(there) else { return };
        let ix = GroupIx(self.storage.groups.len() as u32);
        self.known.insert(id.as_str(), ix);
        self.of_volume.extend(leg.volumes.iter().map(|volume| (volume.as_str(), ix)));
        let mut target = GroupTarget {
            id: id.clone(),
            mode: leg.mode,
            from: way.from,
            to: way.to,
            volumes: leg.volumes.clone(),
            generation: there.map_or(0, generation_before),
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
        let handed_over =
            roles == (Some(ReplicaRole::RemoteFailedOver), Some(ReplicaRole::FailedOver));
        self.storage.groups.push(target);
        self.storage.legs.push(there);
        self.storage.handed_over.push(handed_over);
    }
}

/// The generation that a promoted leg must exceed. One that an earlier, half-done run has promoted
/// already is not promoted again, so it only has to be of its present generation.
fn generation_before(leg: &ConsistencyGroup) -> u64 {
    match leg.role {
        ReplicaRole::FailedOver => leg.generation.saturating_sub(1),
        _ => leg.generation,
    }
}

/// What of a VM is in the plan's groups.
fn held_by(vm: &VirtualMachine, of_volume: &Lookup<&str, GroupIx>) -> VmStorage {
    let mut held = VmStorage::default();
    for object in vm.objects.iter().filter(|object| object.kind.is_bound()) {
        let Some(&group) = of_volume.get(object.volume.as_str()) else { continue };
        if held.volumes.contains(&object.volume) {
            continue;
        }
        held.volumes.push(object.volume.clone());
        held.policies.push(object.policy.clone());
        if !held.groups.contains(&group) {
            held.groups.push(group);
        }
    }
    held.groups.sort_unstable();
    held
}
