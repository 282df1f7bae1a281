//! Fills a graph's tables from the decisions.

use super::Request;
use super::cards::Cards;
use super::estimates::SHORT_SHUTDOWN;
use super::lay::Lay;
use super::model::Model;
use super::storage::VmStorage;
use crate::both::both;
use crate::document::Shutdown;
use crate::graph::{
    CloneIx, CloneTarget, GroupIx, GroupTarget, Nic, SiteIx, TestVm, VmIx, VmTarget,
};
use crate::id::HostId;
use crate::run::RunKind;

/// A graph with its tables filled and no step. `None` where a VM has no host: then there is a finding.
pub(crate) fn fill(request: &Request<'_>, model: &mut Model<'_>) -> Option<Lay> {
    let recovery = model.ways.first().map_or(SiteIx(0), |way| way.to);
    let mut lay = Lay::new(request, model.sites.names.clone(), recovery);
    let graph = &mut lay.builder.graph;
    graph.groups = std::mem::take(&mut model.storage.groups);
    graph.vms = vm_targets(request, model)?;
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

/// What goes over from the model: nothing asks for it again, since what is laid down from here on looks
/// into the graph.
struct Moved<'m> {
    storage: &'m mut [VmStorage],
    /// Cards in production. A test's graph names no production network at all.
    nics: Option<&'m mut [Vec<Nic>]>,
}

fn vm_targets(request: &Request<'_>, model: &mut Model<'_>) -> Option<Vec<VmTarget>> {
    let mut of_vm = std::mem::take(&mut model.storage.of_vm);
    let mut cards = match &mut model.targets.cards {
        Cards::Test(_) => None,
        Cards::Production(nics) => Some(std::mem::take(nics)),
    };
    let middle = of_vm.len() / 2;
    let (low, high) = of_vm.split_at_mut(middle);
    let (low_nics, high_nics) = match cards.as_mut().map(|nics| nics.split_at_mut(middle)) {
        Some((low, high)) => (Some(low), Some(high)),
        None => (None, None),
    };
    let shared = &*model;
    let fill = |start: usize, moved: Moved<'_>| some_targets(request, shared, start, moved);
    let (first, second) = both(
        shared.members.len(),
        || fill(0, Moved { storage: low, nics: low_nics }),
        || fill(middle, Moved { storage: high, nics: high_nics }),
    );
    let (mut all, second) = (first?, second?);
    all.extend(second);
    model.storage.of_vm = of_vm;
    Some(all)
}

/// The targets of the members from `start` on.
fn some_targets(
    request: &Request<'_>,
    model: &Model<'_>,
    start: usize,
    moved: Moved<'_>,
) -> Option<Vec<VmTarget>> {
    let Moved { storage, mut nics } = moved;
    let mut all = Vec::with_capacity(storage.len());
    for (place, storage) in storage.iter_mut().enumerate() {
        let nics = nics.as_mut().map(|nics| std::mem::take(&mut nics[place]));
        all.push(vm_target(request, model, start + place, storage, nics)?);
    }
    Some(all)
}

fn vm_target(
    request: &Request<'_>,
    model: &Model<'_>,
    ix: usize,
    storage: &mut VmStorage,
    nics: Option<Vec<Nic>>,
) -> Option<VmTarget> {
    let (member, settings) = (&model.members[ix], &model.settings[ix]);
    let vm = member.vm;
    let nics = nics.unwrap_or_default();
    let from_networks = match nics.is_empty() {
        true => Vec::new(),
        false => vm.nics.iter().map(|nic| nic.network.clone()).collect(),
    };
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
        volumes: std::mem::take(&mut storage.volumes),
        policies: std::mem::take(&mut storage.policies),
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
