//! Names that nobody has.

use super::set::{Item, Set};
use crate::document::{Kind, Reverse};
use crate::finding::{Code, Finding, shown};
use crate::schema::suggest;

pub(super) fn check(set: &Set<'_>, findings: &mut Vec<Finding>) {
    let sites = names(&set.sites);
    let policies = names(&set.policies);
    let groups = names(&set.groups);
    let plans = names(&set.plans);
    for backend in &set.backends {
        let site = Reference(Kind::Site, backend.spec.site.as_str(), &sites);
        site.check(backend, "/spec/site", findings);
    }
    for mapping in &set.mappings {
        let pair = &mapping.spec.sites;
        Reference(Kind::Site, pair.protected.as_str(), &sites).check(
            mapping,
            "/spec/sites/protected",
            findings,
        );
        Reference(Kind::Site, pair.recovery.as_str(), &sites).check(
            mapping,
            "/spec/sites/recovery",
            findings,
        );
        for (ix, entry) in mapping.spec.policies.iter().enumerate() {
            for (side, name) in [("protected", &entry.protected), ("recovery", &entry.recovery)] {
                let pointer = format!("/spec/policies/{ix}/{side}");
                Reference(Kind::StoragePolicy, name, &policies).check(mapping, &pointer, findings);
            }
        }
    }
    for group in &set.groups {
        let pair = &group.spec.sites;
        Reference(Kind::Site, pair.protected.as_str(), &sites).check(
            group,
            "/spec/sites/protected",
            findings,
        );
        Reference(Kind::Site, pair.recovery.as_str(), &sites).check(
            group,
            "/spec/sites/recovery",
            findings,
        );
        for (ix, policy) in group.spec.policies.iter().enumerate() {
            let pointer = format!("/spec/policies/{ix}");
            Reference(Kind::StoragePolicy, policy.as_str(), &policies)
                .check(group, &pointer, findings);
        }
    }
    for plan in &set.plans {
        for (ix, group) in plan.spec.protection_groups.iter().enumerate() {
            let pointer = format!("/spec/protectionGroups/{ix}");
            Reference(Kind::ProtectionGroup, group.as_str(), &groups)
                .check(plan, &pointer, findings);
        }
    }
    for schedule in &set.schedules {
        Reference(Kind::RecoveryPlan, schedule.spec.plan.as_str(), &plans).check(
            schedule,
            "/spec/plan",
            findings,
        );
    }
    explicit_reverses(set, findings);
}

fn names<'a, S>(items: &[Item<'a, S>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = items.iter().map(|item| item.name).collect();
    names.sort_unstable();
    names
}

/// A kind, a name, and the sorted names of that kind that there are.
struct Reference<'a>(Kind, &'a str, &'a [&'a str]);

impl Reference<'_> {
    fn check<S>(&self, from: &Item<'_, S>, pointer: &str, findings: &mut Vec<Finding>) {
        let Reference(kind, name, known) = self;
        if known.binary_search(name).is_ok() {
            return;
        }
        let help = if known.is_empty() {
            format!("give the file that holds the {kind} too, or add the document")
        } else {
            format!("{}, or add the document", suggest::help(name, known).trim_end_matches('?'))
        };
        let message = format!("{}: there is no {kind} `{}`", from.title(), shown(name));
        let finding = Finding::error(Code::DanglingReference, message, help);
        findings.push(from.value(pointer, finding));
    }
}

/// `reverse: explicit` promises a mapping of its own for the other direction.
fn explicit_reverses(set: &Set<'_>, findings: &mut Vec<Finding>) {
    for mapping in set.mappings.iter().filter(|m| m.spec.reverse == Reverse::Explicit) {
        let pair = &mapping.spec.sites;
        let back = set.mappings.iter().any(|other| {
            other.spec.sites.protected == pair.recovery
                && other.spec.sites.recovery == pair.protected
        });
        if !back {
            let message = format!(
                "{}: there is no InventoryMapping from `{}` to `{}`, which `reverse: explicit` promises",
                mapping.title(),
                pair.recovery,
                pair.protected
            );
            let help = "add it, or write `reverse: same` or `reverse: none`";
            let finding = Finding::error(Code::DanglingReference, message, help);
            findings.push(mapping.value("/spec/reverse", finding));
        }
    }
}
