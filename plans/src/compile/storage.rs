//! Consistency groups of a plan, and which volumes of each VM are in them.

use super::Request;
use super::found::{Found, Names};
use super::lookup::{Lookup, with_room};
use super::members::Member;
use super::sites::{Sites, Way};
use crate::finding::{Code, Finding};
use crate::graph::{GroupIx, GroupTarget, SiteIx};
use crate::id::{ConsistencyGroupId, PolicyName, VolumeId};
use crate::inventory::{ConsistencyGroup, ObjectKind, ReplicationMode, VirtualMachine};
use crate::run::RunKind;
use crate::time::{Span, Time};

/// The groups by index, and what of each VM they hold.
#[derive(Debug, Default)]
pub(crate) struct Storage<'a> {
    pub(crate) groups: Vec<GroupTarget>,
    /// The leg at the end of the way, where that site reports one.
    pub(crate) legs: Vec<Option<&'a ConsistencyGroup>>,
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
    pub(crate) volumes: Vec<VolumeId>,
    /// In the order of `volumes`.
    pub(crate) policies: Vec<Option<PolicyName>>,
}

impl Storage<'_> {
    pub(crate) fn group(&self, ix: GroupIx) -> &GroupTarget {
        &self.groups[ix.0 as usize]
    }

    pub(crate) fn stretched(&self, ix: GroupIx) -> bool {
        self.group(ix).mode == ReplicationMode::Stretched
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = GroupIx> + use<> {
        (0..self.groups.len() as u32).map(GroupIx)
    }
}

/// Legs of a site by id.
type Legs<'a> = Lookup<&'a ConsistencyGroupId, &'a ConsistencyGroup>;

fn legs<'a>(sites: &Sites<'a>, site: SiteIx) -> Legs<'a> {
    let groups = &sites.inventory(site).groups;
    let mut lookup = with_room(groups.len());
    lookup.extend(groups.iter().map(|leg| (&leg.id, leg)));
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
    known: Lookup<&'a ConsistencyGroupId, GroupIx>,
    of_volume: Lookup<&'a VolumeId, GroupIx>,
    one_legged: Names,
}

impl<'a> Collector<'_, 'a> {
    fn group(&mut self, id: &'a ConsistencyGroupId, way: Way, found: &mut Found) {
        if self.known.contains_key(id) {
            return;
        }
        let here = self.legs[way.from.0 as usize].get(id).copied();
        let there = self.legs[way.to.0 as usize].get(id).copied();
        if there.is_none() {
            self.one_legged.add(id);
        }
        let Some(leg) = here.or(there) else { return };
        let ix = GroupIx(self.storage.groups.len() as u32);
        self.known.insert(id, ix);
        self.of_volume.extend(leg.volumes.iter().map(|volume| (volume, ix)));
        let mut target = GroupTarget {
            id: id.clone(),
            mode: leg.mode,
            from: way.from,
            to: way.to,
            volumes: leg.volumes.clone(),
            generation: there.map_or(0, |leg| leg.generation),
            point: None,
            point_time: None,
            point_age: None,
        };
        if matches!(self.request.kind, RunKind::Failover | RunKind::Test) {
            let seen = self.seen[way.to.0 as usize];
            capture(self.request, &mut target, there, seen, found);
        }
        self.storage.groups.push(target);
        self.storage.legs.push(there);
    }
}

/// Notes which state of the data the run recovers to, as the target itself reports it.
///
/// Only a point that somebody chose is pinned. Otherwise the newest one is promoted, because a last
/// sync may still succeed and bring more; time and age are those of the newest point now, so that
/// what people confirm is never better than what they get.
fn capture(
    request: &Request<'_>,
    target: &mut GroupTarget,
    leg: Option<&ConsistencyGroup>,
    seen: Time,
    found: &mut Found,
) {
    let Some(leg) = leg else { return };
    let chosen = request.points.get(&target.id);
    let point = match chosen {
        Some(id) => leg.points.iter().find(|point| point.id == *id),
        None => leg.points.first(),
    };
    if let (Some(id), None) = (chosen, point) {
        let message = format!("consistency group {} has no recovery point {id}", target.id);
        found.error(
            Code::UnknownRecoveryPoint,
            message,
            "choose one of the points that the group offers now; older ones may have expired",
        );
    }
    target.point = chosen.cloned();
    match point {
        Some(point) => {
            target.point_time = Some(point.taken_at);
            target.point_age = Some(request.now.since(point.taken_at));
        }
        // Without points the replica itself is the newest state: it is as old as the leg says it is
        // behind, plus the time since anybody looked.
        None => target.point_age = leg.lag.map(|lag| lag + request.now.since(seen)),
    }
}

/// Recovery points that are older than what the business asked for, or of unknown age.
pub(crate) fn judge_age(rpo: Option<Span>, groups: &[GroupTarget], found: &mut Found) {
    let Some(rpo) = rpo else { return };
    let old: Vec<&GroupTarget> =
        groups.iter().filter(|group| group.point_age.is_none_or(|age| age > rpo)).collect();
    let Some(worst) = old.iter().max_by_key(|group| group.point_age.unwrap_or(Span(u64::MAX)))
    else {
        return;
    };
    let age =
        worst.point_age.map_or_else(|| "of unknown age".to_owned(), |age| format!("{age} old"));
    let names: Names = old.iter().map(|group| &group.id).collect();
    found.warning(
        Code::RecoveryPointTooOld,
        format!("the objective is {rpo}, but {} is {age}; too old: {names}", worst.id),
        "wait for replication to catch up, or confirm that so much work may be lost",
    );
}

/// What of a VM is in the plan's groups.
fn held_by(vm: &VirtualMachine, of_volume: &Lookup<&VolumeId, GroupIx>) -> VmStorage {
    let mut held = VmStorage::default();
    for object in vm.objects.iter().filter(|object| object.kind.is_bound()) {
        let Some(&group) = of_volume.get(&object.volume) else { continue };
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

/// Without its home a VM cannot be registered at the other site.
fn judge_home(member: &Member<'_>, held: &VmStorage, found: &mut Found) {
    let home = member.vm.objects.iter().find(|object| object.kind == ObjectKind::Config);
    if home.is_some_and(|home| held.volumes.contains(&home.volume)) {
        return;
    }
    let name = &member.vm.name;
    let message = match home {
        Some(home) => {
            format!("the home of {name} lies on volume {}, which does not replicate", home.volume)
        }
        None => format!("{name} has no home object"),
    };
    let help = "give the VM's home a replicated policy; without it the VM cannot be registered at \
                the recovery site";
    found.push(Finding::error(Code::HomeNotReplicated, message, help).about(format!("vm/{name}")));
}

/// A consistency group changes its role as a whole: VMs on it that are not in the plan would lose
/// their storage under their feet.
fn judge_torn(
    sites: &Sites<'_>,
    members: &[Member<'_>],
    storage: &Storage<'_>,
    of_volume: &Lookup<&VolumeId, GroupIx>,
    found: &mut Found,
) {
    let mut inside = with_room(members.len());
    inside.extend(members.iter().map(|member| (member.vm.id, ())));
    let mut outside = vec![Names::default(); storage.groups.len()];
    let mut froms: Vec<SiteIx> = members.iter().map(|member| member.way.from).collect();
    froms.sort_unstable();
    froms.dedup();
    for site in froms {
        for vm in &sites.inventory(site).vms {
            if vm.run_tag.is_some() || inside.contains_key(&vm.id) {
                continue;
            }
            for object in &vm.objects {
                let group = of_volume.get(&object.volume);
                if let Some(group) = group.filter(|g| storage.group(**g).from == site) {
                    outside[group.0 as usize].add(format!("{} of {}", object.volume, vm.name));
                }
            }
        }
    }
    for (group, outside) in storage.groups.iter().zip(outside) {
        if outside.count() > 0 {
            found.error(
                Code::TornConsistencyGroup,
                format!(
                    "consistency group {} holds volumes of VMs outside the plan: {outside}",
                    group.id
                ),
                "bring these VMs into the plan's groups, or move their volumes to another group",
            );
        }
    }
}
