//! Mappings of networks, folders, pools and policies.

use std::collections::BTreeMap;

use super::set::{Item, Set};
use crate::document::{InventoryMappingSpec, NameMapping, NetworkMapping, Reverse, TestNetwork};
use crate::finding::{Code, Finding, shown};

pub(super) fn check(set: &Set<'_>, findings: &mut Vec<Finding>) {
    for plan in &set.plans {
        twice(plan, "networks", &network_names(&plan.spec.networks), findings);
        tests(plan, &plan.spec.networks, findings);
    }
    for mapping in &set.mappings {
        let spec = mapping.spec;
        tests(mapping, &spec.networks, findings);
        let lists = [
            ("networks", network_names(&spec.networks)),
            ("folders", names(&spec.folders)),
            ("pools", names(&spec.pools)),
            ("policies", names(&spec.policies)),
        ];
        for (list, entries) in &lists {
            twice(mapping, list, entries, findings);
            if spec.reverse == Reverse::Same {
                ambiguous(mapping, list, entries, findings);
            }
        }
    }
    pairs(set, findings);
}

type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn network_names(networks: &[NetworkMapping]) -> Pairs<'_> {
    networks.iter().map(|n| (n.protected.as_str(), n.recovery.as_str())).collect()
}

fn names(entries: &[NameMapping]) -> Pairs<'_> {
    entries.iter().map(|n| (n.protected.as_str(), n.recovery.as_str())).collect()
}

fn twice<S>(item: &Item<'_, S>, list: &str, entries: &Pairs<'_>, findings: &mut Vec<Finding>) {
    for (ix, (protected, _)) in entries.iter().enumerate() {
        if entries[..ix].iter().any(|(earlier, _)| earlier == protected) {
            let message = format!("{} maps `{}` twice in `{list}`", item.title(), shown(protected));
            let finding = Finding::error(
                Code::MappedTwice,
                message,
                "keep the mapping that is meant and remove the other one",
            );
            findings.push(item.value(&format!("/spec/{list}/{ix}/protected"), finding));
        }
    }
}

/// A test must not be connected to production, at neither site.
fn tests<S>(item: &Item<'_, S>, networks: &[NetworkMapping], findings: &mut Vec<Finding>) {
    for (ix, network) in networks.iter().enumerate() {
        let TestNetwork::Network(test) = &network.test else { continue };
        if networks.iter().any(|n| n.recovery == *test || n.protected == *test) {
            let message = format!(
                "{}: a test would connect its VMs to `{test}`, which is a network of production",
                item.title()
            );
            let finding = Finding::error(
                Code::TestInProduction,
                message,
                "write `test: bubble`, or name a network that nothing in production uses",
            );
            findings.push(item.value(&format!("/spec/networks/{ix}/test/network"), finding));
        }
    }
}

fn ambiguous(
    mapping: &Item<'_, InventoryMappingSpec>,
    list: &str,
    entries: &Pairs<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut back: BTreeMap<&str, &str> = BTreeMap::new();
    for (ix, (protected, recovery)) in entries.iter().enumerate() {
        let first = *back.entry(recovery).or_insert(protected);
        if first == *protected {
            continue;
        }
        let message = format!(
            "{}: `{}` and `{}` both map to `{}`, so the way back is not known",
            mapping.title(),
            shown(first),
            shown(protected),
            shown(recovery)
        );
        let finding = Finding::error(
            Code::AmbiguousReverse,
            message,
            "write `reverse: explicit` with a mapping for the way back, or `reverse: none`",
        );
        findings.push(mapping.value(&format!("/spec/{list}/{ix}/recovery"), finding));
    }
}

/// Two mappings for one direction between two sites, counting what `reverse: same` implies.
fn pairs(set: &Set<'_>, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for mapping in &set.mappings {
        let pair = &mapping.spec.sites;
        let (from, to) = (pair.protected.as_str(), pair.recovery.as_str());
        let mut directions = vec![(from, to)];
        if mapping.spec.reverse == Reverse::Same && from != to {
            directions.push((to, from));
        }
        let taken = directions.iter().find_map(|way| known.get(way).map(|other| (*way, *other)));
        for way in directions {
            known.entry(way).or_insert(mapping.name);
        }
        if let Some(((from, to), other)) = taken {
            let message = format!(
                "{}: InventoryMapping `{other}` already maps from `{from}` to `{to}`",
                mapping.title()
            );
            let finding = Finding::error(
                Code::MappingTwice,
                message,
                "put both into one document, or write `reverse: explicit` where each has a way of \
                 its own",
            );
            findings.push(mapping.key("/spec/sites", finding));
        }
    }
}
