//! VMs that are started, stopped, suspended, moved, and waited for.

use muster_contract::{HypervisorOp, Instance, NicSpec, Operation, Query};
use muster_plans::graph::{Graph, OtherVmIx, SiteIx, Step, VmIx, VmRef};
use muster_plans::inventory::Power;
use muster_plans::mobility::Method;

use super::network::production_nics;
use super::{Wanted, Work, act, ask, instance, look, vm_ix};

fn asked(graph: &Graph, site: SiteIx, op: HypervisorOp, vm: Instance, wanted: Wanted) -> Work {
    act(graph, site, Operation::Hypervisor(op), Query::Vm(vm), wanted)
}

pub(super) fn on(graph: &Graph, site: SiteIx, vm: Instance) -> Work {
    asked(graph, site, HypervisorOp::PowerOn(vm.clone()), vm, Wanted::Power(Power::On))
}

pub(super) fn off(graph: &Graph, site: SiteIx, vm: Instance) -> Work {
    asked(graph, site, HypervisorOp::PowerOff(vm.clone()), vm, Wanted::Power(Power::Off))
}

pub(super) fn shutdown(graph: &Graph, step: &Step, vm: VmIx) -> Work {
    let target = &graph.vms[vm.0 as usize];
    let op = HypervisorOp::Shutdown {
        vm: target.id,
        guest: target.shutdown.guest,
        timeout: target.shutdown.timeout,
    };
    let vm = Instance::Production(target.id);
    asked(graph, step.site, op, vm, Wanted::Power(Power::Off))
}

pub(super) fn suspend(graph: &Graph, step: &Step, other: OtherVmIx) -> Work {
    let id = graph.others[other.0 as usize].id;
    let vm = Instance::Production(id);
    asked(graph, step.site, HypervisorOp::Suspend(id), vm, Wanted::Power(Power::Suspended))
}

pub(super) fn resume(graph: &Graph, step: &Step, other: OtherVmIx) -> Work {
    let id = graph.others[other.0 as usize].id;
    let vm = Instance::Production(id);
    asked(graph, step.site, HypervisorOp::Resume(id), vm, Wanted::Power(Power::On))
}

/// Booted is not recovered: what counts is what the plan says, and a write of the guest.
pub(super) fn healthy(graph: &Graph, step: &Step, vm: VmRef) -> Work {
    let startup = &graph.vms[vm_ix(graph, vm).0 as usize].startup;
    let query = Query::Vm(instance(graph, vm));
    let mut work = look(graph, step.site, query, Wanted::Healthy(startup.wait.clone()));
    work.rest = startup.delay;
    work
}

/// Asked of the step's site, read back where the VM must run.
pub(super) fn migrate(graph: &Graph, step: &Step, vm: VmIx, method: Method) -> Work {
    let target = &graph.vms[vm.0 as usize];
    let op = HypervisorOp::Migrate {
        vm: target.id,
        method,
        to_site: graph.site(target.to).clone(),
        to_host: target.to_host.clone(),
        nics: production_nics(target),
    };
    moved(graph, step.site, target.to, op, Instance::Production(target.id))
}

/// The same move the other way, onto the host and the networks that the VM came from.
pub(super) fn migrate_back(graph: &Graph, vm: VmIx, method: Method) -> Option<Work> {
    let target = &graph.vms[vm.0 as usize];
    let nics = target.nics.iter().zip(&target.from_networks);
    let op = HypervisorOp::Migrate {
        vm: target.id,
        method,
        to_site: graph.site(target.from).clone(),
        to_host: target.from_host.clone()?,
        nics: nics
            .map(|(nic, network)| NicSpec { mac: nic.mac.clone(), network: network.clone() })
            .collect(),
    };
    Some(moved(graph, target.to, target.from, op, Instance::Production(target.id)))
}

fn moved(graph: &Graph, at: SiteIx, to: SiteIx, op: HypervisorOp, vm: Instance) -> Work {
    let mut work = asked(graph, at, op, vm.clone(), Wanted::Arrived);
    work.proof = ask(graph, to, Query::Vm(vm), Wanted::Arrived);
    work
}
