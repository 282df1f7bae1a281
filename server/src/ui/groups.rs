//! Protection groups: the list, and one.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_plans::group::DerivedGroup;
use muster_plans::id::SiteName;
use muster_web::Nav;
use muster_web::page::{GroupLine, Groups, SiteCoverage};
use muster_web::part::Finding;
use muster_web::state::{Level, Readiness};

use super::chrome::{self, At};
use super::{render, words};
use crate::api::TheApp;
use crate::api::dto::GroupDto;
use crate::http::{Problem, Who};
use crate::landscape::Landscape;
use crate::view;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let landscape = app.current.get();
    let chrome = chrome::of(&app, Some(&who), Nav::Groups, "Protection groups", &at).await;
    let groups = landscape.derivation.groups.values();
    let groups = groups.map(|group| line(&landscape, group)).collect();
    Ok(render(&Groups { chrome, groups, coverage: coverage(&landscape) }))
}

fn line(landscape: &Landscape, group: &DerivedGroup) -> GroupLine {
    let dto = view::group::one(landscape, group);
    let (readiness, findings) = judge(&dto);
    GroupLine {
        name: dto.name,
        from: dto.protected,
        to: dto.recovery,
        policies: dto.policies,
        readiness,
        finding: findings.into_iter().next(),
        protected: words::number(dto.protected_vms),
        partly: words::number(dto.partly),
        excluded: words::number(dto.excluded),
        rpo_ms: behind(landscape, group),
        plans: dto.plans,
    }
}

/// Whether a group could be recovered, by what was derived alone.
pub(super) fn judge(group: &GroupDto) -> (Readiness, Vec<Finding>) {
    let mut findings: Vec<Finding> =
        group.torn.iter().map(|torn| Finding::new(Level::Error, torn.as_str())).collect();
    if group.protected_vms + group.partly == 0 {
        findings.push(Finding::new(Level::Error, "no VM is a member"));
    }
    if group.partly > 0 {
        let text = format!("{} protected in part", vms(group.partly));
        findings.push(Finding::new(Level::Warning, text));
    }
    if group.plans.is_empty() {
        findings.push(Finding::new(Level::Warning, "no plan recovers it"));
    }
    let readiness = match findings.first().map(|finding| finding.level) {
        Some(Level::Error) => Readiness::NotReady,
        Some(_) => Readiness::Warnings,
        None => Readiness::Ready,
    };
    (readiness, findings)
}

fn vms(count: usize) -> String {
    muster_web::text::count(words::number(count), "VM", "VMs")
}

/// How far the legs that would be recovered are behind at most; not known as soon as one is not.
fn behind(landscape: &Landscape, group: &DerivedGroup) -> Option<u64> {
    let mut worst = 0;
    for id in &group.consistency_groups {
        let legs = landscape.inventory.sites.values().flat_map(|site| &site.groups);
        let replica = legs.filter(|leg| leg.id == *id).find(|leg| !leg.writable || leg.in_sync)?;
        worst = worst.max(if replica.in_sync { 0 } else { replica.lag?.0 });
    }
    Some(worst)
}

/// What is protected at each site: VMs in production, by the best that a group does for them.
pub(super) fn coverage(landscape: &Landscape) -> Vec<SiteCoverage> {
    let mut sites: BTreeMap<&SiteName, SiteCoverage> = BTreeMap::new();
    let membership = view::inventory::membership(landscape);
    for (site, inventory) in &landscape.inventory.sites {
        let entry = sites.entry(site).or_insert_with(|| SiteCoverage {
            site: site.to_string(),
            protected: 0,
            partly: 0,
            unprotected: 0,
        });
        for vm in inventory.vms.iter().filter(|vm| vm.run_tag.is_none()) {
            let word = membership.get(&vm.id).map(|(_, protection)| view::word(protection));
            match word.as_deref() {
                Some("protected") => entry.protected += 1,
                Some("partly") => entry.partly += 1,
                _ => entry.unprotected += 1,
            }
        }
    }
    sites.into_values().collect()
}
