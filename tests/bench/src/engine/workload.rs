//! The workload W(n).
//!
//! `n` VMs in five priority groups of 10, 20, 30, 20 and 20 %, five steps per VM one after the
//! other, and a barrier between each two groups. It is what a recovery site does in a failover once
//! storage is promoted: register, connect, customize, power on, wait until healthy.

use std::sync::Arc;

use muster_plans::document::{Shutdown, Startup};
use muster_plans::graph::{
    Action, Address, Edges, GRAPH_FORMAT, Graph, GraphBuilder, GroupIx, GroupTarget, Needs, Nic,
    OnFailure, ProductionNetwork, SiteIx, Step, StepIx, VmIx, VmRef, VmTarget,
};
use muster_plans::id::{
    ConsistencyGroupId, GroupName, HostId, NetworkName, PlanName, SiteName, VmId, VolumeId,
};
use muster_plans::inventory::ReplicationMode;
use muster_plans::mobility::Method;
use muster_plans::run::RunKind;
use muster_plans::time::Span;

/// Percent of the VMs in each priority group.
const GROUPS: [u32; 5] = [10, 20, 30, 20, 20];
/// Steps of each VM.
pub(crate) const STEPS: u32 = 5;
const PARIS: SiteIx = SiteIx(0);
const LYON: SiteIx = SiteIx(1);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    pub(crate) vms: u32,
    /// How long each step takes.
    pub(crate) step: Span,
    /// Steps at once, as a cap of a resource that every step holds; 0: none.
    pub(crate) cap: u32,
    /// One group instead of five.
    pub(crate) one_group: bool,
}

impl Workload {
    /// The graph.
    pub(crate) fn graph(self) -> anyhow::Result<Graph> {
        let mut builder = GraphBuilder::new(tables(self));
        let cost = match self.cap {
            0 => 0,
            cap => {
                let resource = builder.resource("operations at lyon", cap);
                builder.cost(vec![(resource, 1)])
            }
        };
        let (mut next, mut barrier) = (0, None);
        let parts: &[u32] = if self.one_group { &[100] } else { &GROUPS };
        for (ix, percent) in parts.iter().enumerate() {
            let phase = builder.phase(format!("Start VMs, priority {}", ix + 1));
            let end =
                if ix + 1 == parts.len() { self.vms } else { next + self.vms * percent / 100 };
            let ends: Vec<StepIx> =
                (next..end).map(|vm| self.chain(&mut builder, vm, phase, cost, barrier)).collect();
            if ix + 1 < parts.len() {
                let after = builder.barrier(phase, LYON);
                ends.iter().for_each(|last| builder.edge(*last, after, Needs::End));
                barrier = Some(after);
            }
            next = end;
        }
        Ok(builder.finish()?)
    }

    fn chain(
        self,
        builder: &mut GraphBuilder,
        vm: u32,
        phase: u16,
        cost: u32,
        behind: Option<StepIx>,
    ) -> StepIx {
        let vm = VmRef::Production(VmIx(vm));
        let actions = [
            Action::RegisterVm(vm),
            Action::ConfigureNetwork(vm),
            Action::CustomizeIp(vm),
            Action::PowerOn(vm),
            Action::WaitHealthy(vm),
        ];
        let mut last = behind;
        for action in actions {
            let step = builder.step(Step {
                action,
                phase,
                site: LYON,
                on_failure: OnFailure::Policy,
                cost,
                timeout_ms: 600_000,
                estimate_ms: u32::try_from(self.step.0.max(1)).unwrap_or(u32::MAX),
                unless: None,
            });
            if let Some(last) = last {
                builder.edge(last, step, Needs::Success);
            }
            last = Some(step);
        }
        last.unwrap_or_default()
    }

    /// Steps that are journalled; barriers are not.
    pub(crate) fn steps(self) -> u64 {
        u64::from(self.vms) * u64::from(STEPS)
    }

    /// No schedule is shorter, in seconds, if every step takes `step` seconds: the longest path, or
    /// all work divided by the slots.
    pub(crate) fn lower_bound(self, step: f64) -> f64 {
        let groups = if self.one_group { 1 } else { GROUPS.len() };
        let path = groups as f64 * f64::from(STEPS) * step;
        let work = self.steps() as f64 * step / f64::from(self.cap.max(1));
        path.max(work)
    }
}

/// The id of the nth VM; the adapter finds the number in it again.
pub(super) fn number_of(id: VmId) -> u32 {
    id.0.as_u128() as u32
}

pub(super) fn mac(n: u32) -> String {
    let [a, b, c, d] = n.to_be_bytes();
    format!("52:54:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

pub(super) fn address(n: u32) -> Address {
    let [_, b, c, d] = n.to_be_bytes();
    let net = format!("10.{b}.{c}.{d}/8").parse();
    Address { addresses: net.into_iter().collect(), ..Address::default() }
}

/// The network of all VMs.
pub(super) const NETWORK: &str = "lyon-app";

fn tables(workload: Workload) -> Graph {
    let network = NetworkName::from(NETWORK);
    let protected = NetworkName::from("prod-app");
    let group = GroupName::from("erp");
    let hosts: Vec<(HostId, HostId)> = (0..workload.vms / 80 + 1)
        .map(|n| (format!("paris-h{n}").into(), format!("lyon-h{n}").into()))
        .collect();
    let vm = |n: u32| {
        let (from_host, to_host) = hosts[n as usize % hosts.len()].clone();
        VmTarget {
            id: VmId(uuid::Uuid::from_u128((0x0190_u128 << 112) | u128::from(n))),
            name: Arc::from(format!("erp-app-{n:05}")),
            group: group.clone(),
            priority: 3,
            from: PARIS,
            from_host: Some(from_host),
            to: LYON,
            to_host,
            storage: vec![GroupIx(n)],
            volumes: vec![VolumeId::from(format!("erp-app-{n:05}-disk-0"))],
            policies: vec![None],
            vcpus: 2,
            memory_mib: 4096,
            nics: vec![Nic {
                mac: mac(n).into(),
                network: ProductionNetwork(network.clone()),
                address: Some(address(n)),
            }],
            from_networks: vec![protected.clone()],
            shutdown: Shutdown::default(),
            // The wait for a healthy VM ends with this pause: the fifth step takes as long as the
            // others do at the adapter.
            startup: Startup { delay: workload.step, ..Startup::default() },
            power_on: true,
            method: Method::Restart,
        }
    };
    let storage = |n: u32| GroupTarget {
        id: ConsistencyGroupId::from(format!("cg-erp-app-{n:05}")),
        mode: ReplicationMode::Async,
        from: PARIS,
        to: LYON,
        volumes: vec![VolumeId::from(format!("erp-app-{n:05}-disk-0"))],
        generation: 1,
        source_generation: Some(1),
        point: None,
        point_time: None,
        point_age: None,
    };
    Graph {
        format: GRAPH_FORMAT,
        plan: PlanName::from("erp"),
        kind: RunKind::Failover,
        forced: false,
        owed_only: false,
        tag: None,
        sites: vec![SiteName::from("paris"), SiteName::from("lyon")],
        recovery: LYON,
        vms: (0..workload.vms).map(vm).collect(),
        groups: (0..workload.vms).map(storage).collect(),
        hosts: Vec::new(),
        others: Vec::new(),
        test_vms: Vec::new(),
        clones: Vec::new(),
        bubbles: Vec::new(),
        prompts: Vec::new(),
        callouts: Vec::new(),
        resources: Vec::new(),
        costs: vec![Vec::new()],
        phases: Vec::new(),
        steps: Vec::new(),
        edges: Edges::default(),
        pivot: None,
    }
}
