//! Hosts and fences of a site.

use muster_contract::{FenceState, FencingOp, HypervisorOp, Operation, Query};
use muster_plans::graph::{Graph, HostIx, SiteIx, Step};

use super::{Wanted, Work, act};

pub(super) fn wake(graph: &Graph, step: &Step, host: HostIx) -> Work {
    let id = graph.hosts[host.0 as usize].id.clone();
    let op = Operation::Hypervisor(HypervisorOp::WakeHost(id.clone()));
    act(graph, step.site, op, Query::Host(id), Wanted::HostUp)
}

/// What a rescan found shows only in the steps after it, each of which is read back itself; here it
/// is enough that the site still answers.
pub(super) fn rescan(graph: &Graph, step: &Step) -> Work {
    let op = Operation::Hypervisor(HypervisorOp::Rescan);
    act(graph, step.site, op, Query::Alive, Wanted::Alive)
}

pub(super) fn fence(graph: &Graph, step: &Step, against: SiteIx) -> Work {
    let site = graph.site(against).clone();
    let op = Operation::Fencing(FencingOp::FenceSite { site: site.clone() });
    act(graph, step.site, op, Query::Fence(site), Wanted::Fence(FenceState::Fenced))
}

pub(super) fn unfence(graph: &Graph, step: &Step, against: SiteIx) -> Work {
    let site = graph.site(against).clone();
    let op = Operation::Fencing(FencingOp::UnfenceSite { site: site.clone() });
    act(graph, step.site, op, Query::Fence(site), Wanted::Fence(FenceState::Unfenced))
}
