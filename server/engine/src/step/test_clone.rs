//! Writable snapshots for a test.

use muster_contract::{HypervisorOp, Operation, Query, StorageOp};
use muster_plans::graph::{CloneIx, Graph, Step};
use muster_plans::id::ConsistencyGroupId;

use super::{Wanted, Work, act, tag};

fn names(graph: &Graph, clone: CloneIx) -> (ConsistencyGroupId, String) {
    let target = &graph.clones[clone.0 as usize];
    (graph.groups[target.group.0 as usize].id.clone(), target.name.clone())
}

pub(super) fn snapshot(graph: &Graph, step: &Step, clone: CloneIx) -> Work {
    let (group, clone) = names(graph, clone);
    let query = Query::Clone { group: group.clone(), clone: clone.clone() };
    let op = Operation::Storage(StorageOp::SnapshotForTest { group, clone });
    act(graph, step.site, op, query, Wanted::CloneExists(tag(graph)))
}

pub(super) fn mount(graph: &Graph, step: &Step, clone: CloneIx) -> Work {
    let (group, clone) = names(graph, clone);
    let query = Query::Clone { group, clone: clone.clone() };
    let op = Operation::Hypervisor(HypervisorOp::MountTest { clone });
    act(graph, step.site, op, query, Wanted::CloneMounted)
}

pub(super) fn remove(graph: &Graph, step: &Step, clone: CloneIx) -> Work {
    let (group, clone) = names(graph, clone);
    let query = Query::Clone { group: group.clone(), clone: clone.clone() };
    let op = Operation::Storage(StorageOp::DropTest { group, clone });
    act(graph, step.site, op, query, Wanted::CloneGone)
}
