//! Protection groups.

use muster_plans::group::{self, DerivedGroup, Member, Protection};
use muster_plans::id::{GroupName, SiteName};

use super::word;
use crate::api::dto::{GroupDto, MemberDto, UncoveredDto};
use crate::landscape::Landscape;

/// All groups, by name.
pub fn all(landscape: &Landscape) -> Vec<GroupDto> {
    landscape.derivation.groups.values().map(|group| one(landscape, group)).collect()
}

/// One group.
pub fn one(landscape: &Landscape, group: &DerivedGroup) -> GroupDto {
    let count = |protection| group.members.iter().filter(|m| m.protection == protection).count();
    let spec = landscape.config.groups.get(&group.name);
    GroupDto {
        name: group.name.to_string(),
        protected: group.protected.to_string(),
        recovery: group.recovery.to_string(),
        policies: spec
            .map(|s| s.policies.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        generation: group.generation,
        protected_vms: count(Protection::Protected),
        partly: count(Protection::Partly),
        excluded: count(Protection::Excluded),
        consistency_groups: group.consistency_groups.iter().map(ToString::to_string).collect(),
        torn: group.findings().into_iter().map(|finding| finding.message).collect(),
        plans: plans_of(landscape, &group.name),
    }
}

/// Plans that recover a group.
pub fn plans_of(landscape: &Landscape, group: &GroupName) -> Vec<String> {
    let plans = landscape.config.plans.iter();
    plans
        .filter(|(_, plan)| plan.spec.protection_groups.contains(group))
        .map(|(name, _)| name.to_string())
        .collect()
}

/// A member.
pub fn member(member: &Member) -> MemberDto {
    MemberDto {
        vm: member.vm.to_string(),
        name: member.name.to_string(),
        at: member.at.to_string(),
        protection: word(&member.protection),
        reasons: member.reasons.iter().map(ToString::to_string).collect(),
        consistency_groups: member.storage.iter().map(ToString::to_string).collect(),
    }
}

/// What no group protects at a site.
pub fn uncovered(landscape: &Landscape, site: &SiteName) -> Vec<UncoveredDto> {
    group::coverage(&landscape.config, &landscape.derivation, &landscape.inventory, site)
        .into_iter()
        .map(|uncovered| UncoveredDto {
            vm: uncovered.name.to_string(),
            object: uncovered.object.map(|label| label.to_string()),
            why: uncovered.why.to_string(),
        })
        .collect()
}
