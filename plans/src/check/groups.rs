//! Protection groups, and plans as far as they are lists of groups.

use std::collections::BTreeMap;

use super::select;
use super::set::{Item, Set, repeats};
use crate::document::{GroupSites, GroupSpec, PlanSpec};
use crate::finding::{Code, Finding};

pub(super) fn check(set: &Set<'_>, findings: &mut Vec<Finding>) {
    for group in &set.groups {
        same_site(group, &group.spec.sites, findings);
        repeats(&group.spec.policies, |ix, policy| {
            findings.push(group.repeated(&format!("/spec/policies/{ix}"), policy.as_str()));
        });
    }
    for mapping in &set.mappings {
        same_site(mapping, &mapping.spec.sites, findings);
    }
    for plan in &set.plans {
        repeats(&plan.spec.protection_groups, |ix, group| {
            findings.push(plan.repeated(&format!("/spec/protectionGroups/{ix}"), group.as_str()));
        });
        recovery_sites(set, plan, findings);
    }
    two_plans(set, findings);
    overlaps(set, findings);
    without_backend(set, findings);
}

fn same_site<S>(item: &Item<'_, S>, sites: &GroupSites, findings: &mut Vec<Finding>) {
    if sites.protected == sites.recovery {
        let message = format!("{}: `{}` would protect itself", item.title(), sites.protected);
        let finding = Finding::error(
            Code::SameSite,
            message,
            "name two different sites; they must not fail together",
        );
        findings.push(item.value("/spec/sites/recovery", finding));
    }
}

fn recovery_sites(set: &Set<'_>, plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    let groups = set.groups_of(plan.spec);
    let Some(first) = groups.first() else { return };
    for (ix, name) in plan.spec.protection_groups.iter().enumerate() {
        let Some(group) = groups.iter().find(|g| g.name == name.as_str()) else { continue };
        let (one, other) = (&first.spec.sites.recovery, &group.spec.sites.recovery);
        if one != other {
            let message = format!(
                "{}: group `{}` recovers at `{one}`, and group `{name}` at `{other}`",
                plan.title(),
                first.name
            );
            let finding = Finding::error(
                Code::RecoverySitesDiffer,
                message,
                "make one plan for each recovery site; protected sites may differ",
            );
            findings.push(plan.value(&format!("/spec/protectionGroups/{ix}"), finding));
        }
    }
}

fn two_plans(set: &Set<'_>, findings: &mut Vec<Finding>) {
    let mut owner: BTreeMap<&str, &str> = BTreeMap::new();
    for plan in &set.plans {
        for (ix, group) in plan.spec.protection_groups.iter().enumerate() {
            let first = *owner.entry(group.as_str()).or_insert(plan.name);
            if first == plan.name {
                continue;
            }
            let message = format!("group `{group}` is in the plans `{first}` and `{}`", plan.name);
            let finding = Finding::warning(
                Code::GroupInTwoPlans,
                message,
                "only one of the two plans can run at a time; keep the group in one of them",
            );
            findings.push(plan.value(&format!("/spec/protectionGroups/{ix}"), finding));
        }
    }
}

fn overlaps(set: &Set<'_>, findings: &mut Vec<Finding>) {
    for (at, group) in set.groups.iter().enumerate() {
        let clash = set.groups[..at].iter().find_map(|earlier| {
            let policy = shared_policy(earlier.spec, group.spec)?;
            (earlier.name != group.name).then_some((earlier, policy))
        });
        let Some((earlier, policy)) = clash else { continue };
        let message = format!(
            "{} may hold the same VMs as `{}`: both take `{policy}` at `{}`",
            group.title(),
            earlier.name,
            group.spec.sites.protected
        );
        let finding = Finding::warning(
            Code::OverlappingGroups,
            message,
            "tell them apart with `where: {tags: {…}}`, the same tag with different values",
        );
        findings.push(group.key("/spec/policies", finding));
    }
}

fn shared_policy<'a>(one: &'a GroupSpec, other: &GroupSpec) -> Option<&'a str> {
    let apart = one.sites.protected != other.sites.protected
        || select::tags_exclude(select::narrowing(one), select::narrowing(other));
    if apart {
        return None;
    }
    one.policies.iter().find(|policy| other.policies.contains(policy)).map(|p| p.as_str())
}

/// Where backends are among the documents, a site that a group uses should have one.
fn without_backend(set: &Set<'_>, findings: &mut Vec<Finding>) {
    if set.backends.is_empty() {
        return;
    }
    let mut told: Vec<&str> = Vec::new();
    for group in &set.groups {
        for (side, site) in
            [("protected", &group.spec.sites.protected), ("recovery", &group.spec.sites.recovery)]
        {
            let known = set.sites.iter().any(|s| s.name == site.as_str());
            let served = set.backends.iter().any(|b| b.spec.site == *site);
            if !known || served || told.contains(&site.as_str()) {
                continue;
            }
            told.push(site.as_str());
            let message =
                format!("{} uses the site `{site}`, and no Backend is at that site", group.title());
            let finding = Finding::warning(
                Code::SiteWithoutBackend,
                message,
                "add a Backend document, or nothing can be done at that site",
            );
            findings.push(group.value(&format!("/spec/sites/{side}"), finding));
        }
    }
}
