//! Network cards, addresses and bubbles.

use muster_contract::{HypervisorOp, NicSpec, Operation, Query, TestNicSpec};
use muster_plans::graph::{Address, BubbleIx, BubbleNetwork, Graph, Step, VmRef, VmTarget};
use muster_plans::id::NetworkName;

use super::{Wanted, Work, act, instance, tag, vm_ix};

pub(super) fn production_nics(vm: &VmTarget) -> Vec<NicSpec> {
    let nics = vm.nics.iter();
    nics.map(|nic| NicSpec { mac: nic.mac.clone(), network: nic.network.0.clone() }).collect()
}

fn bubble_name(graph: &Graph, network: &BubbleNetwork) -> NetworkName {
    match network {
        BubbleNetwork::Made(bubble) => graph.bubbles[bubble.0 as usize].name.clone(),
        BubbleNetwork::Marked(name) => name.clone(),
    }
}

pub(super) fn connect(graph: &Graph, step: &Step, vm: VmRef) -> Work {
    let target = &graph.vms[vm_ix(graph, vm).0 as usize];
    let (op, wanted) = match vm {
        VmRef::Production(_) => {
            let nics = production_nics(target);
            let wanted = nics.iter().map(|n| (n.mac.clone(), n.network.clone())).collect();
            (HypervisorOp::ConnectNics { vm: target.id, nics }, wanted)
        }
        VmRef::Test(test) => {
            let nics: Vec<TestNicSpec> = graph.test_vms[test.0 as usize]
                .nics
                .iter()
                .map(|nic| TestNicSpec {
                    mac: nic.mac.clone(),
                    network: bubble_name(graph, &nic.network),
                })
                .collect();
            let wanted = nics.iter().map(|n| (n.mac.clone(), n.network.clone())).collect();
            (HypervisorOp::ConnectTestNics { vm: target.id, tag: tag(graph), nics }, wanted)
        }
    };
    let query = Query::Vm(instance(graph, vm));
    act(graph, step.site, Operation::Hypervisor(op), query, Wanted::Connected(wanted))
}

pub(super) fn customize(graph: &Graph, step: &Step, vm: VmRef) -> Work {
    let cards: Vec<_> = match vm {
        VmRef::Production(vm) => {
            let nics = graph.vms[vm.0 as usize].nics.iter();
            nics.map(|nic| (nic.mac.clone(), nic.address.clone())).collect()
        }
        VmRef::Test(test) => {
            let nics = graph.test_vms[test.0 as usize].nics.iter();
            nics.map(|nic| (nic.mac.clone(), nic.address.clone())).collect()
        }
    };
    let addresses: Vec<Option<Address>> =
        cards.iter().map(|(_, address)| address.clone()).collect();
    let wanted = cards.into_iter().filter_map(|(mac, address)| Some((mac, address?.addresses)));
    let wanted = Wanted::Addressed(wanted.collect());
    let instance = instance(graph, vm);
    let query = Query::Vm(instance.clone());
    let op = HypervisorOp::CustomizeIp { instance, addresses };
    act(graph, step.site, Operation::Hypervisor(op), query, wanted)
}

pub(super) fn create(graph: &Graph, step: &Step, bubble: BubbleIx) -> Work {
    let name = graph.bubbles[bubble.0 as usize].name.clone();
    let op = Operation::Hypervisor(HypervisorOp::CreateBubble { name: name.clone() });
    act(graph, step.site, op, Query::Bubble(name), Wanted::BubbleExists(tag(graph)))
}

pub(super) fn remove(graph: &Graph, step: &Step, bubble: BubbleIx) -> Work {
    let name = graph.bubbles[bubble.0 as usize].name.clone();
    let op = Operation::Hypervisor(HypervisorOp::DropBubble { name: name.clone() });
    act(graph, step.site, op, Query::Bubble(name), Wanted::BubbleGone)
}
