//! Graphs over two sites, paris and lyon, that between them hold every kind of step.

use std::sync::Arc;

use muster_plans::document::{Shutdown, Startup};
use muster_plans::graph::{
    Action, Address, Bubble, BubbleIx, BubbleNetwork, Callout, CalloutIx, CheckKind, CloneIx,
    CloneTarget, Edges, GRAPH_FORMAT, GateKind, Graph, GraphBuilder, GroupIx, GroupTarget, HostIx,
    HostTarget, Needs, Nic, OnFailure, OtherVm, OtherVmIx, ProductionNetwork, Prompt, PromptIx,
    SiteIx, Step, StepIx, TestNic, TestVm, TestVmIx, VerifyKind, VmIx, VmRef, VmTarget,
};
use muster_plans::id::{
    CalloutName, ConsistencyGroupId, GroupName, HostId, NetworkName, PlanName, RunTag, SiteName,
    VmId, VolumeId,
};
use muster_plans::inventory::ReplicationMode;
use muster_plans::mobility::Method;
use muster_plans::run::RunKind;

/// The protected site.
const PARIS: SiteIx = SiteIx(0);
/// The recovery site.
const LYON: SiteIx = SiteIx(1);

/// A step of a chain: what is done to the nth of many, and where.
type Link = (fn(u32) -> Action, SiteIx);

/// Puts sample graphs together.
#[derive(Debug)]
pub struct Sample {
    builder: GraphBuilder,
    vms: u32,
    phase: u16,
    cost: u32,
    /// The step that the next one waits for.
    last: Option<StepIx>,
}

impl Sample {
    /// Tables with some VMs, each on a group of its own; the last one on stretched storage.
    pub fn new(kind: RunKind, vms: u32) -> Sample {
        let mut builder = GraphBuilder::new(tables(kind, vms));
        let phase = builder.phase("All steps");
        let host = builder.resource("host lyon-h1", 4);
        let cost = builder.cost(vec![(host, 1)]);
        Sample { builder, vms, phase, cost, last: None }
    }

    /// A step at a site; nothing waits for it yet.
    pub fn step(&mut self, action: Action, site: SiteIx, on_failure: OnFailure) -> StepIx {
        let starts = matches!(action, Action::PowerOn(_) | Action::RegisterVm(_));
        self.builder.step(Step {
            action,
            phase: self.phase,
            site,
            on_failure,
            cost: if starts { self.cost } else { 0 },
            timeout_ms: if matches!(action, Action::Prompt(_)) { 0 } else { 20_000 },
            estimate_ms: 1000,
            unless: None,
        })
    }

    /// A step that needs the success of the last one of the chain, and is the last one now.
    pub fn then(&mut self, action: Action, site: SiteIx) -> StepIx {
        let step = self.step(action, site, OnFailure::Policy);
        if let Some(last) = self.last {
            self.builder.edge(last, step, Needs::Success);
        }
        self.last = Some(step);
        step
    }

    /// The builder, for what is missing here.
    pub fn builder(&mut self) -> &mut GraphBuilder {
        &mut self.builder
    }

    /// The graph. Edges made here never form a circle; where the caller's do, it is empty.
    pub fn finish(self) -> Arc<Graph> {
        let empty = self.builder.graph.clone();
        Arc::new(self.builder.finish().unwrap_or(empty))
    }

    /// A chain of actions at the recovery site, each needing the one before.
    pub fn chain(kind: RunKind, actions: &[Action]) -> Arc<Graph> {
        let mut sample = Sample::new(kind, 2);
        for action in actions {
            sample.then(*action, LYON);
        }
        sample.finish()
    }

    /// Steps that wait for nobody: `wide` of them at once, for each VM one power-on.
    pub fn wide(kind: RunKind, vms: u32) -> Arc<Graph> {
        let mut sample = Sample::new(kind, vms);
        for vm in 0..vms {
            sample.step(Action::PowerOff(VmRef::Production(VmIx(vm))), PARIS, OnFailure::Policy);
        }
        sample.finish()
    }

    /// Joins all of these before the next one.
    fn join(&mut self, before: &[StepIx], needs: Needs) -> StepIx {
        let barrier = self.builder.barrier(self.phase, LYON);
        for step in before {
            self.builder.edge(*step, barrier, needs);
        }
        self.last = Some(barrier);
        barrier
    }

    /// For each of these a chain of its own behind the last common step, joined after it.
    fn each(&mut self, of: impl Iterator<Item = u32>, chain: &[Link]) {
        let start = self.last;
        let mut ends = Vec::new();
        for n in of {
            self.last = start;
            for (action, site) in chain {
                self.then(action(n), *site);
            }
            ends.extend(self.last);
        }
        self.join(&ends, Needs::End);
    }

    /// A planned migration of some VMs; the last one moves live, or is restarted where that fails.
    pub fn planned(vms: u32) -> Arc<Graph> {
        let mut s = Sample::new(RunKind::PlannedMigration, vms);
        let live = vms - 1;
        s.then(Action::Check(CheckKind::SiteAnswers(PARIS)), PARIS);
        s.then(Action::Check(CheckKind::SiteAnswers(LYON)), LYON);
        s.then(Action::Callout(CalloutIx(0)), LYON);
        let group = |g| Action::Check(CheckKind::GroupHealthy(GroupIx(g)));
        s.each(0..vms, &[(group, PARIS), (group, LYON)]);
        s.each(0..live, &[(|g| Action::SyncStorage(GroupIx(g)), PARIS)]);
        let ready = s.then(Action::SetSitePreference(GroupIx(live), LYON), PARIS);
        let moved = s.step(Action::Migrate(VmIx(live), Method::VMotion), PARIS, OnFailure::Warn);
        s.builder.edge(ready, moved, Needs::Success);
        let down = s.step(Action::GuestShutdown(VmIx(live)), PARIS, OnFailure::Policy);
        s.builder.graph.steps[down as usize].unless = Some(moved);
        s.builder.edge(moved, down, Needs::End);
        s.last = Some(down);
        let off: fn(u32) -> Action = |v| Action::PowerOff(VmRef::Production(VmIx(v)));
        s.each(0..live, &[(|v| Action::GuestShutdown(VmIx(v)), PARIS), (off, PARIS)]);
        s.each(
            0..live,
            &[
                (|g| Action::Unmount(GroupIx(g)), PARIS),
                (|g| Action::DemoteStorage(GroupIx(g)), PARIS),
                (|g| Action::SyncStorage(GroupIx(g)), PARIS),
            ],
        );
        s.then(Action::WakeHost(HostIx(0)), LYON);
        let room = s.then(Action::SuspendVm(OtherVmIx(0)), LYON);
        s.builder.graph.pivot = Some(room + 1);
        s.each(0..vms, &[(|g| Action::PromoteStorage(GroupIx(g)), LYON)]);
        s.then(Action::Rescan(LYON), LYON);
        s.recover(vms);
        s.then(Action::ResumeVm(OtherVmIx(0)), LYON);
        s.each(0..vms, &[(|g| Action::Verify(VerifyKind::OneWriter(GroupIx(g))), LYON)]);
        s.then(Action::Report, LYON);
        s.finish()
    }

    fn recover(&mut self, vms: u32) {
        self.each(
            0..vms,
            &[
                (|v| Action::RegisterVm(VmRef::Production(VmIx(v))), LYON),
                (|v| Action::ConfigureNetwork(VmRef::Production(VmIx(v))), LYON),
                (|v| Action::CustomizeIp(VmRef::Production(VmIx(v))), LYON),
                (|v| Action::PowerOn(VmRef::Production(VmIx(v))), LYON),
                (|v| Action::WaitHealthy(VmRef::Production(VmIx(v))), LYON),
            ],
        );
    }

    /// A failover of some VMs: what is asked of the failed site is owed where it does not answer.
    pub fn failover(vms: u32) -> Arc<Graph> {
        let mut s = Sample::new(RunKind::Failover, vms);
        let mut tried = Vec::new();
        for vm in 0..vms {
            tried.push(s.step(Action::GuestShutdown(VmIx(vm)), PARIS, OnFailure::Owe));
            tried.push(s.step(Action::DemoteStorage(GroupIx(vm)), PARIS, OnFailure::Owe));
        }
        s.join(&tried, Needs::End);
        s.then(Action::Fence(PARIS), LYON);
        s.then(Action::Gate(GateKind::EvidenceAgainst(PARIS)), LYON);
        s.each(0..vms, &[(|g| Action::PromoteStorage(GroupIx(g)), LYON)]);
        s.then(Action::Rescan(LYON), LYON);
        s.then(Action::Prompt(PromptIx(0)), LYON);
        s.recover(vms);
        s.then(Action::Report, LYON);
        s.finish()
    }

    /// A test of some VMs.
    pub fn test(vms: u32) -> Arc<Graph> {
        let mut s = Sample::new(RunKind::Test, vms);
        s.then(Action::WakeHost(HostIx(0)), LYON);
        s.then(Action::SuspendVm(OtherVmIx(0)), LYON);
        s.then(Action::CreateBubble(BubbleIx(0)), LYON);
        s.each(
            0..vms,
            &[
                (|g| Action::SnapshotForTest(CloneIx(g)), LYON),
                (|g| Action::MountTest(CloneIx(g)), LYON),
                (|v| Action::RegisterVm(VmRef::Test(TestVmIx(v))), LYON),
                (|v| Action::ConfigureNetwork(VmRef::Test(TestVmIx(v))), LYON),
                (|v| Action::CustomizeIp(VmRef::Test(TestVmIx(v))), LYON),
                (|v| Action::PowerOn(VmRef::Test(TestVmIx(v))), LYON),
                (|v| Action::WaitHealthy(VmRef::Test(TestVmIx(v))), LYON),
            ],
        );
        s.then(Action::Report, LYON);
        s.finish()
    }

    /// The cleanup of that test.
    pub fn cleanup(vms: u32) -> Arc<Graph> {
        let mut s = Sample::new(RunKind::Cleanup, vms);
        s.each(
            0..vms,
            &[
                (|v| Action::PowerOff(VmRef::Test(TestVmIx(v))), LYON),
                (|v| Action::UnregisterVm(VmRef::Test(TestVmIx(v))), LYON),
                (|g| Action::DropTest(CloneIx(g)), LYON),
            ],
        );
        s.then(Action::ResumeVm(OtherVmIx(0)), LYON);
        s.then(Action::DropBubble(BubbleIx(0)), LYON);
        s.then(Action::Verify(VerifyKind::NothingLeft), LYON);
        s.then(Action::Report, LYON);
        s.finish()
    }

    /// The reprotect after a failover.
    pub fn reprotect(vms: u32) -> Arc<Graph> {
        let mut s = Sample::new(RunKind::Reprotect, vms);
        for group in &mut s.builder.graph.groups {
            (group.from, group.to) = (LYON, LYON);
        }
        s.each(0..vms, &[(|v| Action::UnregisterVm(VmRef::Production(VmIx(v))), PARIS)]);
        s.then(Action::Unfence(PARIS), LYON);
        s.each(0..vms, &[(|g| Action::ReverseReplication(GroupIx(g)), LYON)]);
        s.each(0..vms, &[(|g| Action::SyncStorage(GroupIx(g)), LYON)]);
        s.then(Action::Report, LYON);
        s.finish()
    }

    /// How many VMs the tables hold.
    pub fn vms(&self) -> u32 {
        self.vms
    }
}

fn tables(kind: RunKind, vms: u32) -> Graph {
    let tagged = matches!(kind, RunKind::Test | RunKind::Cleanup);
    Graph {
        format: GRAPH_FORMAT,
        plan: PlanName::from("erp"),
        kind,
        forced: false,
        owed_only: false,
        tag: tagged.then(|| RunTag::from("test-erp-1")),
        sites: vec![SiteName::from("paris"), SiteName::from("lyon")],
        recovery: LYON,
        vms: (0..vms).map(|n| vm(n, vms)).collect(),
        groups: (0..vms).map(|n| group(n, n + 1 == vms)).collect(),
        hosts: vec![HostTarget { id: HostId::from("lyon-h2"), site: LYON }],
        others: vec![OtherVm {
            id: VmId(uuid::Uuid::from_u128(0xA000)),
            name: Arc::from("batch-01"),
            site: LYON,
        }],
        test_vms: (0..vms).map(test_vm).collect(),
        clones: (0..vms)
            .map(|n| CloneTarget { group: GroupIx(n), name: format!("cg-{n}-test-erp-1") })
            .collect(),
        bubbles: vec![Bubble { name: NetworkName::from("bubble-test-erp-1"), site: LYON }],
        prompts: vec![Prompt {
            text: String::from("Is the router at lyon switched over?"),
            role: Some(String::from("network")),
            vm: None,
        }],
        callouts: vec![Callout { name: CalloutName::from("dns"), vm: None }],
        resources: Vec::new(),
        costs: vec![Vec::new()],
        phases: Vec::new(),
        steps: Vec::new(),
        edges: Edges::default(),
        pivot: None,
    }
}

fn mac(n: u32) -> Arc<str> {
    Arc::from(format!("52:54:00:00:{:02x}:{:02x}", n / 256, n % 256))
}

fn address(n: u32) -> Option<Address> {
    let text = format!("10.2.{}.{}/16", n / 250 % 250, n % 250 + 1);
    Some(Address { addresses: vec![text.parse().ok()?], ..Address::default() })
}

fn vm(n: u32, vms: u32) -> VmTarget {
    let nic = Nic {
        mac: mac(n),
        network: ProductionNetwork(NetworkName::from("lyon-app")),
        address: address(n),
    };
    let live = n + 1 == vms;
    VmTarget {
        id: VmId(uuid::Uuid::from_u128(u128::from(n) + 1)),
        name: Arc::from(format!("erp-app-{n:02}")),
        group: GroupName::from("erp"),
        priority: 3,
        from: PARIS,
        from_host: Some(HostId::from("paris-h1")),
        to: LYON,
        to_host: HostId::from("lyon-h1"),
        storage: vec![GroupIx(n)],
        volumes: vec![VolumeId::from(format!("vol-{n}"))],
        policies: vec![None],
        vcpus: 2,
        memory_mib: 4096,
        nics: vec![nic],
        from_networks: vec![NetworkName::from("paris-app")],
        shutdown: Shutdown::default(),
        startup: Startup::default(),
        power_on: true,
        method: if live { Method::VMotion } else { Method::Restart },
    }
}

fn group(n: u32, stretched: bool) -> GroupTarget {
    GroupTarget {
        id: ConsistencyGroupId::from(format!("cg-{n}")),
        mode: if stretched { ReplicationMode::Stretched } else { ReplicationMode::Async },
        from: PARIS,
        to: LYON,
        volumes: vec![VolumeId::from(format!("vol-{n}"))],
        generation: 1,
        source_generation: Some(1),
        point: None,
        point_time: None,
        point_age: None,
    }
}

fn test_vm(n: u32) -> TestVm {
    let network = BubbleNetwork::Made(BubbleIx(0));
    TestVm {
        vm: VmIx(n),
        clones: vec![CloneIx(n)],
        nics: vec![TestNic { mac: mac(n), network, address: address(n) }],
    }
}
