//! VMs of all sites.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_plans::id::{GroupName, SiteName};
use muster_plans::inventory::VirtualMachine;
use muster_web::Nav;
use muster_web::form::InventoryQuery;
use muster_web::page::{Inventory, VmLine};
use muster_web::part::{Choice, When};
use muster_web::route::pattern;
use muster_web::state::{Power, Protection};

use super::chrome::{self, At};
use super::paging::paging;
use super::{render, words};
use crate::api::TheApp;
use crate::api::dto::VmDto;
use crate::http::{Problem, Query, Who};
use crate::landscape::Landscape;
use crate::view;
use crate::view::inventory::Membership;

/// VMs on one page.
const ROWS: u64 = 200;

type Found<'a> = (&'a SiteName, &'a VirtualMachine);

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Query(query): Query<InventoryQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let landscape = app.current.get();
    let membership = view::inventory::membership(&landscape);
    let found = search(&landscape, &membership, &query);
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let shown = found.iter().skip(skip).take(ROWS as usize);
    let vms: Vec<VmLine> = shown
        .map(|(site, vm)| line(&landscape, view::inventory::vm(&landscape, &membership, site, vm)))
        .collect();
    let fields = [
        ("q", query.q.as_str()),
        ("site", query.site.as_str()),
        ("protection", query.protection.as_str()),
    ];
    let sites: Vec<&str> = landscape.config.sites.keys().map(SiteName::as_str).collect();
    let sites: Vec<(&str, &str)> = sites.into_iter().map(|site| (site, site)).collect();
    let states: Vec<(&str, &str)> =
        Protection::ALL.iter().map(|state| (state.slug(), state.text())).collect();
    let path = pattern::INVENTORY;
    let page = Inventory {
        chrome: chrome::of(&app, Some(&who), Nav::Inventory, "Inventory", &at).await,
        q: query.q.clone(),
        sites: Choice::list("All sites", &sites, &query.site),
        protections: Choice::list("All", &states, &query.protection),
        paging: paging(path, &fields, "", query.skip, vms.len(), found.len(), ROWS),
        vms,
        read: read(&landscape, app.now().0),
    };
    Ok(render(&page))
}

/// VMs that a query asks for, by site and name.
fn search<'a>(
    landscape: &'a Landscape,
    membership: &Membership<'_>,
    query: &InventoryQuery,
) -> Vec<Found<'a>> {
    let part = query.q.to_lowercase();
    let named = |vm: &VirtualMachine| {
        part.is_empty()
            || vm.name.to_lowercase().contains(&part)
            || vm.id.to_string().contains(&part)
    };
    let protected = |vm: &VirtualMachine| {
        let found = membership.get(&vm.id).filter(|_| vm.run_tag.is_none());
        let word = found.map(|(_, protection)| view::word(protection));
        words::protection(word.as_deref()).slug()
    };
    let wanted = |vm: &VirtualMachine| {
        named(vm) && (query.protection.is_empty() || protected(vm) == query.protection)
    };
    let sites = landscape.inventory.sites.iter();
    let mut found: Vec<Found<'a>> = sites
        .filter(|(site, _)| query.site.is_empty() || query.site == site.as_str())
        .flat_map(|(site, known)| known.vms.iter().map(move |vm| (site, vm)))
        .filter(|(_, vm)| wanted(vm))
        .collect();
    found.sort_by(|a, b| (a.0, &a.1.name, a.1.id).cmp(&(b.0, &b.1.name, b.1.id)));
    found
}

fn line(landscape: &Landscape, vm: VmDto) -> VmLine {
    let needed: Vec<_> =
        vm.objects.iter().filter(|o| o.kind != "swap" && o.kind != "mem").collect();
    let mut policies: Vec<String> = needed.iter().filter_map(|o| o.policy.clone()).collect();
    policies.sort();
    policies.dedup();
    let disks: Vec<_> = vm.objects.iter().filter(|object| object.kind == "data").collect();
    let plans = vm
        .group
        .as_deref()
        .map(|group| view::group::plans_of(landscape, &GroupName::from(group)))
        .unwrap_or_default();
    VmLine {
        compliance: words::worst_compliance(needed.iter().map(|o| o.compliance.clone())),
        policies,
        disks: (
            words::number(disks.len()),
            disks.iter().map(|disk| disk.size_mib).sum::<u64>() / 1024,
        ),
        reason: reason(landscape, &vm),
        protection: words::protection(vm.protection.as_deref()),
        power: match vm.power.as_str() {
            "on" => Power::On,
            "off" => Power::Off,
            "suspended" => Power::Suspended,
            _ => Power::Unknown,
        },
        name: vm.name,
        id: vm.id,
        site: vm.site,
        host: vm.host.unwrap_or_default(),
        vcpus: u32::from(vm.vcpus),
        memory_mib: u64::from(vm.memory_mib),
        groups: vm.group.into_iter().collect(),
        plans,
    }
}

/// The group's first reason, where it is not protected whole.
fn reason(landscape: &Landscape, vm: &VmDto) -> String {
    let partly = vm.protection.as_deref().is_some_and(|word| word != "protected");
    let group = vm.group.as_deref().filter(|_| partly).map(GroupName::from);
    let members = group.and_then(|name| landscape.derivation.groups.get(&name));
    let member =
        members.and_then(|group| group.members.iter().find(|member| *member.name == *vm.name));
    let first = member.and_then(|member| member.reasons.first());
    first.map(ToString::to_string).unwrap_or_default()
}

fn read(landscape: &Landscape, now: i64) -> Vec<(String, Option<When>)> {
    let sites = landscape.config.sites.keys();
    sites
        .map(|site| {
            let known = landscape.inventory.sites.get(site);
            (site.to_string(), known.map(|known| When::new(known.observed_at.0, now)))
        })
        .collect()
}
