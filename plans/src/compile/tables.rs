//! Fills a graph's tables from the decisions.

use super::Request;
use super::cards::Cards;
use super::estimates::SHORT_SHUTDOWN;
use super::lay::Lay;
use super::model::Model;
use crate::document::Shutdown;
use crate::graph::{
    CloneIx, CloneTarget, GroupIx, GroupTarget, Nic, SiteIx, TestVm, VmIx, VmTarget,
};
use crate::id::{HostId, NetworkName};
use crate::run::RunKind;

/// A graph with its tables filled and no step. `None` where a VM has no host: then there is a finding.
pub(crate) fn fill(request: &Request<'_>, model: &mut Model<'_>) -> Option<Lay> {
    let recovery = model.ways.first().map_or(SiteIx(0), |way| way.to);
    let mut lay = Lay::new(request, model.sites.names.clone(), recovery);
    let graph = &mut lay.builder.graph;
    graph.groups = std::mem::take(&mut model.storage.groups);
    graph.vms.reserve(model.members.len());
    for ix in 0..model.members.len() {
        graph.vms.push(vm_target(request, model, ix)?);
    }
    if let Cards::Test(cards) = &mut model.targets.cards {
        graph.bubbles = std::mem::take(&mut model.targets.bubbles);
        graph.clones = clones(request, &graph.groups);
        graph.test_vms = (0_u32..)
            .zip(std::mem::take(cards))
            .map(|(vm, nics)| TestVm {
                vm: VmIx(vm),
                clones: clones_of(&model.storage.of_vm[vm as usize].groups),
                nics,
            })
            .collect();
    }
    Some(lay)
}

fn vm_target(request: &Request<'_>, model: &mut Model<'_>, ix: usize) -> Option<VmTarget> {
    // Nothing asks for them again: what is laid down from here on looks into the graph.
    let storage = &mut model.storage.of_vm[ix];
    let volumes = std::mem::take(&mut storage.volumes);
    let policies = std::mem::take(&mut storage.policies);
    let (nics, from_networks) = cards(model, ix);
    let model = &*model;
    let (member, settings) = (&model.members[ix], &model.settings[ix]);
    let (vm, storage) = (member.vm, &model.storage.of_vm[ix]);
    let to_host = model.placement.host[ix].map(|no| model.hosts.host(no).id.clone())?;
    Some(VmTarget {
        id: vm.id,
        name: vm.name.clone(),
        group: member.group.clone(),
        priority: settings.priority,
        from: member.way.from,
        from_host: from_host(model, ix),
        to: member.way.to,
        to_host,
        storage: storage.groups.clone(),
        volumes,
        policies,
        vcpus: vm.vcpus,
        memory_mib: vm.memory_mib,
        nics,
        from_networks,
        shutdown: shutdown(request, settings.shutdown),
        startup: settings.startup.clone(),
        power_on: settings.power_on,
        method: model.chosen[ix].method,
    })
}

/// The host at the site that is left; none where the VM is registered only at the other one.
fn from_host(model: &Model<'_>, ix: usize) -> Option<HostId> {
    let member = &model.members[ix];
    if member.here { member.vm.host.clone() } else { None }
}

/// Cards in production. A test's graph names no production network at all.
fn cards(model: &mut Model<'_>, ix: usize) -> (Vec<Nic>, Vec<NetworkName>) {
    match &mut model.targets.cards {
        Cards::Test(_) => (Vec::new(), Vec::new()),
        Cards::Production(nics) if nics[ix].is_empty() => (Vec::new(), Vec::new()),
        Cards::Production(nics) => {
            let from = model.members[ix].vm.nics.iter().map(|nic| nic.network.clone());
            (std::mem::take(&mut nics[ix]), from.collect())
        }
    }
}

/// Guests of a site that is failed over from do not get the time that they have on a quiet day.
fn shutdown(request: &Request<'_>, shutdown: &Shutdown) -> Shutdown {
    let mut shutdown = shutdown.clone();
    if request.kind == RunKind::Failover {
        shutdown.timeout = shutdown.timeout.min(SHORT_SHUTDOWN);
    }
    shutdown
}

fn clones(request: &Request<'_>, groups: &[GroupTarget]) -> Vec<CloneTarget> {
    let tag = request.tag.as_ref().map_or("test", |tag| tag.as_str());
    let clone = |(ix, group): (u32, &GroupTarget)| CloneTarget {
        group: GroupIx(ix),
        name: format!("{tag}-{}", group.id),
    };
    (0_u32..).zip(groups).map(clone).collect()
}

/// Clones are made one for each group and stand in the same order.
fn clones_of(groups: &[GroupIx]) -> Vec<CloneIx> {
    groups.iter().map(|group| CloneIx(group.0)).collect()
}
