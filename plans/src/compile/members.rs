//! The VMs of a plan, with what each site reports of them.

use super::Request;
use super::found::{Found, Names};
use super::lookup::{Lookup, with_room};
use super::sites::{Sites, Way};
use crate::both::both;
use crate::finding::Code;
use crate::graph::SiteIx;
use crate::group::{self, DerivedGroup, Protection};
use crate::id::{GroupName, VmId};
use crate::inventory::VirtualMachine;

/// One VM of the plan. Its place among the members is its index in the graph.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) vm: &'a VirtualMachine,
    pub(crate) group: GroupName,
    pub(crate) way: Way,
    pub(crate) derived: &'a group::Member,
    /// Whether it is registered at the start of the way; else `vm` is what the other end reports.
    pub(crate) here: bool,
    /// What the site at the end of the way reports, where the VM is registered there already.
    pub(crate) there: Option<&'a VirtualMachine>,
}

/// Production VMs of a site by id. Copies that a test made have the same id and are no VMs of a plan.
fn by_id<'a>(sites: &Sites<'a>, site: SiteIx) -> Lookup<VmId, &'a VirtualMachine> {
    let vms = &sites.inventory(site).vms;
    let mut lookup = with_room(vms.len());
    lookup.extend(vms.iter().filter(|vm| vm.run_tag.is_none()).map(|vm| (vm.id, vm)));
    lookup
}

/// All members of the plan's groups that can be recovered, in the order of the groups and of their
/// names. A VM that two groups claim goes with the first.
pub(crate) fn members<'a>(
    request: &Request<'a>,
    sites: &Sites<'a>,
    groups: &[(&'a DerivedGroup, Way)],
    found: &mut Found,
) -> Vec<Member<'a>> {
    let total = groups.iter().map(|(group, _)| group.members.len()).sum();
    let of = |all: &[SiteIx]| -> Vec<_> { all.iter().map(|site| by_id(sites, *site)).collect() };
    let all: Vec<SiteIx> = sites.all().collect();
    let (some, others) = all.split_at(all.len() / 2);
    let (mut at, more) = both(total, || of(some), || of(others));
    at.extend(more);
    let (mut members, mut seen) = (Vec::with_capacity(total), with_room(total));
    let mut gone = Names::default();
    for (group, way) in groups {
        for derived in group.inside() {
            if groups.len() > 1 && seen.insert(derived.vm, ()).is_some() {
                continue;
            }
            let here = at[way.from.0 as usize].get(&derived.vm).copied();
            let there = at[way.to.0 as usize].get(&derived.vm).copied();
            // A VM of the other site under the same policy, that replicates somewhere else.
            if here.is_none() && derived.storage.is_empty() {
                continue;
            }
            match here.or(there) {
                Some(vm) => {
                    let (group, way) = (group.name.clone(), *way);
                    let here = here.is_some();
                    members.push(Member { vm, group, way, derived, here, there });
                }
                None => gone.add(&derived.name),
            }
        }
    }
    if gone.count() > 0 {
        found.error(
            Code::UnknownVm,
            format!("members that neither site reports any more: {gone}"),
            "derive the groups again from the inventory that the plan is compiled against",
        );
    }
    if members.is_empty() {
        found.error(
            Code::NothingToDo,
            format!("plan {} has no member that can be recovered", request.plan),
            "see `muster coverage` for what its groups leave out and why",
        );
    }
    members
}

/// VMs that are recovered with less than all they have: a warning each; without its home a VM
/// cannot be registered at all: an error.
pub(crate) fn judge_protection(members: &[Member<'_>], found: &mut Found) {
    for member in members {
        if member.derived.protection != Protection::Partly {
            continue;
        }
        let name = &member.vm.name;
        let why: Vec<String> = member.derived.reasons.iter().map(ToString::to_string).collect();
        let message = format!("{name} is only partly protected: {}", why.join("; "));
        let help = "give every disk of the VM a policy of the group, or accept that it is recovered \
                    without them";
        let warning = crate::finding::Finding::warning(Code::PartlyProtected, message, help);
        found.push(warning.about(format!("vm/{name}")));
    }
}
