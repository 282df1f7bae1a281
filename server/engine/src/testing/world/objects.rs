//! The objects of all sites.

use std::collections::{BTreeMap, BTreeSet};

use muster_contract::{
    BubbleState, CloneState, GroupState, HostPowerState, Instance, NicState, VmState,
};
use muster_plans::graph::{Address, Graph, GroupTarget, SiteIx, VmTarget};
use muster_plans::id::{ConsistencyGroupId, HostId, NetworkName, SiteName};
use muster_plans::inventory::{HostState, Power, ReplicaRole, ReplicationMode};
use muster_plans::time::Span;

/// The objects of all sites, each under its site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objects {
    /// Instances of VMs.
    pub vms: BTreeMap<(SiteName, Instance), VmState>,
    /// VMs whose registration was removed: their data stays.
    pub shelved: BTreeMap<(SiteName, Instance), VmState>,
    /// Legs of groups.
    pub groups: BTreeMap<(SiteName, ConsistencyGroupId), GroupState>,
    /// Test clones.
    pub clones: BTreeMap<(SiteName, String), CloneState>,
    /// Bubbles.
    pub bubbles: BTreeMap<(SiteName, NetworkName), BubbleState>,
    /// Hosts.
    pub hosts: BTreeMap<(SiteName, HostId), HostPowerState>,
    /// Fences: who is cut off, as seen from where.
    pub fences: BTreeSet<(SiteName, SiteName)>,
}

impl Objects {
    /// As the graph expects them at its start: VMs run where they come from.
    pub fn before(graph: &Graph) -> Objects {
        let mut objects = Objects::default();
        for vm in &graph.vms {
            let key = (graph.site(vm.from).clone(), Instance::Production(vm.id));
            objects.vms.insert(key, running(vm));
        }
        for other in &graph.others {
            let key = (graph.site(other.site).clone(), Instance::Production(other.id));
            let mut state = registered(None);
            power(&mut state, Power::On);
            objects.vms.insert(key, state);
        }
        for group in &graph.groups {
            for site in [group.from, group.to] {
                let key = (graph.site(site).clone(), group.id.clone());
                objects.groups.insert(key, leg(graph, group, site));
            }
        }
        for host in &graph.hosts {
            let key = (graph.site(host.site).clone(), host.id.clone());
            objects.hosts.insert(key, HostPowerState { state: HostState::Standby });
        }
        objects
    }

    /// The same without what no undo brings back: generations only rise, what was sent stays sent, a
    /// woken host stays up, and data of a VM that was registered stays.
    pub fn comparable(&self) -> Objects {
        let mut objects = self.clone();
        for leg in objects.groups.values_mut() {
            (leg.generation, leg.lag, leg.drained) = (0, None, false);
        }
        objects.hosts.clear();
        objects.shelved.clear();
        objects
    }
}

pub(super) fn registered(host: Option<HostId>) -> VmState {
    VmState {
        power: Power::Off,
        host,
        nics: Vec::new(),
        heartbeat: false,
        wrote: false,
        open_ports: Vec::new(),
        autostart: false,
        tag: None,
        moving: None,
    }
}

fn running(vm: &VmTarget) -> VmState {
    let mut state = registered(vm.from_host.clone());
    let nics = vm.nics.iter().zip(&vm.from_networks);
    state.nics = nics
        .map(|(nic, network)| NicState {
            mac: nic.mac.to_string(),
            network: Some(network.clone()),
            address: Address::default(),
        })
        .collect();
    power(&mut state, Power::On);
    state
}

/// Power, and what follows from it.
pub(super) fn power(vm: &mut VmState, power: Power) {
    vm.power = power;
    let on = power == Power::On;
    (vm.heartbeat, vm.wrote) = (on, on);
    vm.open_ports = if on { vec![443] } else { Vec::new() };
}

fn leg(graph: &Graph, group: &GroupTarget, site: SiteIx) -> GroupState {
    let stretched = group.mode == ReplicationMode::Stretched;
    let source = site == group.from;
    GroupState {
        id: group.id.clone(),
        role: if source { ReplicaRole::Source } else { ReplicaRole::Target },
        writable: source || stretched,
        drained: stretched,
        in_sync: stretched,
        lag: if stretched { Some(Span::ZERO) } else { Some(Span::secs(30)) },
        generation: group.generation,
        preferred: stretched.then(|| graph.site(group.from).clone()),
        mounted: source || stretched,
        points: Vec::new(),
        promoted_point: None,
    }
}
