//! Storage: sync, demote, promote, reverse, preference, mount.

use muster_contract::{HypervisorOp, Operation, Query, StorageOp};
use muster_plans::graph::{Graph, GroupIx, GroupTarget, SiteIx, Step};
use muster_plans::inventory::ReplicationMode;
use muster_plans::run::RunKind;

use super::{Wanted, Work, act};

fn target(graph: &Graph, group: GroupIx) -> &GroupTarget {
    &graph.groups[group.0 as usize]
}

fn stored(graph: &Graph, step: &Step, group: GroupIx, op: StorageOp, wanted: Wanted) -> Work {
    let query = Query::Group(target(graph, group).id.clone());
    act(graph, step.site, Operation::Storage(op), query, wanted)
}

pub(super) fn sync(graph: &Graph, step: &Step, group: GroupIx) -> Work {
    let GroupTarget { id, mode, .. } = target(graph, group);
    let trails = matches!(mode, ReplicationMode::Async | ReplicationMode::Cdp);
    stored(graph, step, group, StorageOp::Sync { group: id.clone() }, Wanted::Synced { trails })
}

pub(super) fn demote(graph: &Graph, step: &Step, group: GroupIx) -> Work {
    let op = StorageOp::Demote { group: target(graph, group).id.clone() };
    stored(graph, step, group, op, Wanted::Demoted)
}

/// `forced` tells the array that the other leg was not demoted by this run; a failover gets this far
/// only behind a gate that has seen evidence.
pub(super) fn promote(graph: &Graph, step: &Step, group: GroupIx) -> Work {
    let GroupTarget { id, mode, generation, point, .. } = target(graph, group);
    let wanted = (*mode != ReplicationMode::Stretched).then_some(*generation);
    let op = StorageOp::Promote {
        group: id.clone(),
        point: point.clone(),
        forced: graph.kind == RunKind::Failover,
        above: target(graph, group).highest_generation(),
    };
    stored(graph, step, group, op, Wanted::Promoted { above: wanted })
}

/// Takes a demote back: the leg that was written becomes writable again with the data it has.
pub(super) fn promote_again(graph: &Graph, step: &Step, group: GroupIx) -> Work {
    let target = target(graph, group);
    let above = target.highest_generation();
    let op = StorageOp::Promote { group: target.id.clone(), point: None, forced: false, above };
    stored(graph, step, group, op, Wanted::Promoted { above: None })
}

pub(super) fn reverse(graph: &Graph, step: &Step, group: GroupIx) -> Work {
    let op = StorageOp::Reverse { group: target(graph, group).id.clone() };
    stored(graph, step, group, op, Wanted::Source)
}

pub(super) fn prefer(graph: &Graph, step: &Step, group: GroupIx, site: SiteIx) -> Work {
    let site = graph.site(site).clone();
    let op =
        StorageOp::SetPreference { group: target(graph, group).id.clone(), site: site.clone() };
    stored(graph, step, group, op, Wanted::Preferred(site))
}

pub(super) fn mounted(graph: &Graph, step: &Step, group: GroupIx, mounted: bool) -> Work {
    let group = target(graph, group).id.clone();
    let op = if mounted {
        HypervisorOp::Mount { group: group.clone() }
    } else {
        HypervisorOp::Unmount { group: group.clone() }
    };
    let wanted = Wanted::Mounted(mounted);
    act(graph, step.site, Operation::Hypervisor(op), Query::Group(group), wanted)
}
