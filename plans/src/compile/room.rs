//! VMs of the recovery site that make room.

use super::found::Found;
use super::members::Member;
use super::select::Matcher;
use super::sites::Sites;
use crate::document::PlanSpec;
use crate::graph::SiteIx;
use crate::inventory::{Power, VirtualMachine};

use super::lookup::with_room;

/// VMs that are suspended: those that match and run at a site where the plan recovers, without the
/// plan's own VMs.
pub(crate) fn room<'a>(
    spec: &'a PlanSpec,
    sites: &Sites<'a>,
    members: &[Member<'a>],
    found: &mut Found,
) -> Vec<(&'a VirtualMachine, SiteIx)> {
    let Some(suspend) = &spec.suspend_at_recovery else { return Vec::new() };
    let matcher = Matcher::new([&suspend.select], found);
    let mut own = with_room(members.len());
    own.extend(members.iter().map(|member| (member.vm.id, ())));
    let mut targets: Vec<SiteIx> = members.iter().map(|member| member.way.to).collect();
    targets.sort_unstable();
    targets.dedup();
    let mut hits = Vec::new();
    let mut room = Vec::new();
    for site in targets {
        for vm in &sites.inventory(site).vms {
            if vm.power == Power::Off || vm.run_tag.is_some() || own.contains_key(&vm.id) {
                continue;
            }
            matcher.hits(vm, &mut hits);
            if !hits.is_empty() {
                room.push((vm, site));
            }
        }
    }
    room
}
