//! Registering VMs and test copies.

use muster_contract::{HypervisorOp, Operation, Query, TestVmSpec, VmSpec};
use muster_plans::graph::{Graph, Step, VmRef, VmTarget};
use muster_plans::id::HostId;

use super::{Wanted, Work, act, instance, tag, vm_ix};

/// At the site where the VM ends it is placed as compile chose; anywhere else it goes back to the
/// host that it came from.
fn host(step: &Step, vm: &VmTarget) -> Option<HostId> {
    if step.site == vm.to { Some(vm.to_host.clone()) } else { vm.from_host.clone() }
}

fn spec(step: &Step, vm: &VmTarget) -> VmSpec {
    VmSpec {
        id: vm.id,
        name: vm.name.clone(),
        host: host(step, vm).unwrap_or_else(|| vm.to_host.clone()),
        vcpus: vm.vcpus,
        memory_mib: vm.memory_mib,
        volumes: vm.volumes.clone(),
        policies: vm.policies.clone(),
    }
}

/// Whether a removed registration can be made again: the host it was on is known.
pub(super) fn can_return(graph: &Graph, step: &Step, vm: VmRef) -> bool {
    matches!(vm, VmRef::Production(ix) if host(step, &graph.vms[ix.0 as usize]).is_some())
}

pub(super) fn register(graph: &Graph, step: &Step, vm: VmRef) -> Work {
    let spec = spec(step, &graph.vms[vm_ix(graph, vm).0 as usize]);
    let op = match vm {
        VmRef::Production(_) => HypervisorOp::Register(spec),
        VmRef::Test(test) => {
            let clones = graph.test_vms[test.0 as usize].clones.iter();
            let clones = clones.map(|clone| graph.clones[clone.0 as usize].name.clone()).collect();
            HypervisorOp::RegisterTest(TestVmSpec { copy_of: spec, clones, tag: tag(graph) })
        }
    };
    let query = Query::Vm(instance(graph, vm));
    act(graph, step.site, Operation::Hypervisor(op), query, Wanted::Registered(true))
}

pub(super) fn unregister(graph: &Graph, step: &Step, vm: VmRef) -> Work {
    let vm = instance(graph, vm);
    let op = Operation::Hypervisor(HypervisorOp::Unregister(vm.clone()));
    act(graph, step.site, op, Query::Vm(vm), Wanted::Registered(false))
}
