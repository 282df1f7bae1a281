//! Lays down steps, each with the estimate, timeout and cost of its kind.

use super::Request;
use super::costs::Costs;
use super::estimates::{estimate_ms, timeout_ms};
use crate::graph::{
    Action, Edges, GRAPH_FORMAT, Graph, GraphBuilder, Needs, OnFailure, SiteIx, Step, StepIx, VmRef,
};
use crate::id::SiteName;

/// A graph under construction.
pub(crate) struct Lay {
    pub(crate) builder: GraphBuilder,
    costs: Costs,
    /// By VM, where an operation on it was last priced, and the cost: the steps of one VM stand one
    /// behind the other at the same site.
    of_vm: Vec<Option<(SiteIx, u32)>>,
    phase: u16,
}

impl Lay {
    pub(crate) fn new(request: &Request<'_>, sites: Vec<SiteName>, recovery: SiteIx) -> Lay {
        Lay {
            builder: GraphBuilder::new(blank(request, sites, recovery)),
            costs: Costs::new(request.rules.caps.clone()),
            of_vm: Vec::new(),
            phase: 0,
        }
    }

    /// Steps laid from here on belong to this phase.
    pub(crate) fn phase(&mut self, name: impl Into<String>) {
        self.phase = self.builder.phase(name);
    }

    /// A step in the present phase.
    pub(crate) fn step(&mut self, site: SiteIx, action: Action) -> StepIx {
        let kind = action.kind();
        let cost = self.cost(site, &action);
        self.builder.step(Step {
            action,
            phase: self.phase,
            site,
            on_failure: OnFailure::Policy,
            cost,
            timeout_ms: timeout_ms(kind),
            estimate_ms: estimate_ms(kind),
            unless: None,
        })
    }

    pub(crate) fn barrier(&mut self, site: SiteIx) -> StepIx {
        self.builder.barrier(self.phase, site)
    }

    /// The step, to change it.
    pub(crate) fn at(&mut self, step: StepIx) -> &mut Step {
        &mut self.builder.graph.steps[step as usize]
    }

    /// `later` starts when `earlier` has succeeded, and is blocked if it fails.
    pub(crate) fn needs(&mut self, later: StepIx, earlier: StepIx) {
        self.builder.edge(earlier, later, Needs::Success);
    }

    /// `later` starts when `earlier` has ended, however it ended.
    pub(crate) fn follows(&mut self, later: StepIx, earlier: StepIx) {
        self.builder.edge(earlier, later, Needs::End);
    }

    /// A step whose failure is owed or only a warning.
    pub(crate) fn lenient(&mut self, site: SiteIx, action: Action, on: OnFailure) -> StepIx {
        let step = self.step(site, action);
        self.at(step).on_failure = on;
        step
    }

    /// Finds the cost of a step by what it acts on.
    fn cost(&mut self, site: SiteIx, action: &Action) -> u32 {
        let (builder, costs) = (&mut self.builder, &mut self.costs);
        match *action {
            Action::SyncStorage(_)
            | Action::DemoteStorage(_)
            | Action::PromoteStorage(_)
            | Action::SetSitePreference(..)
            | Action::SnapshotForTest(_)
            | Action::MountTest(_)
            | Action::DropTest(_)
            | Action::ReverseReplication(_) => costs.array(builder, site),
            Action::PowerOff(vm)
            | Action::RegisterVm(vm)
            | Action::UnregisterVm(vm)
            | Action::ConfigureNetwork(vm)
            | Action::CustomizeIp(vm)
            | Action::PowerOn(vm) => self.provisioning(site, vm),
            Action::SuspendVm(_)
            | Action::ResumeVm(_)
            | Action::WakeHost(_)
            | Action::Fence(_)
            | Action::Unfence(_)
            | Action::Unmount(_)
            | Action::CreateBubble(_)
            | Action::DropBubble(_)
            | Action::Rescan(_) => costs.agent(builder, site),
            Action::Callout(_) => costs.callout(builder),
            // A live move is priced where both of its ends are known; the others only wait or look.
            Action::Migrate(..)
            | Action::GuestShutdown(_)
            | Action::WaitHealthy(_)
            | Action::Barrier
            | Action::Check(_)
            | Action::Gate(_)
            | Action::Prompt(_)
            | Action::Verify(_)
            | Action::Report => 0,
        }
    }

    /// An operation on a VM, priced by its host at the site.
    fn provisioning(&mut self, site: SiteIx, vm: VmRef) -> u32 {
        let graph = &self.builder.graph;
        let ix = match vm {
            VmRef::Production(vm) => vm,
            VmRef::Test(test) => graph.test_vms[test.0 as usize].vm,
        };
        self.of_vm.resize(graph.vms.len(), None);
        if let Some((_, cost)) = self.of_vm[ix.0 as usize].filter(|(at, _)| *at == site) {
            return cost;
        }
        let vm = &graph.vms[ix.0 as usize];
        let host = if site == vm.to { Some(vm.to_host.clone()) } else { vm.from_host.clone() };
        let cost = self.costs.provisioning(&mut self.builder, site, host.as_ref());
        self.of_vm[ix.0 as usize] = Some((site, cost));
        cost
    }

    pub(crate) fn costs(&mut self) -> (&mut Costs, &mut GraphBuilder) {
        (&mut self.costs, &mut self.builder)
    }
}

/// A graph with nothing in it.
fn blank(request: &Request<'_>, sites: Vec<SiteName>, recovery: SiteIx) -> Graph {
    Graph {
        format: GRAPH_FORMAT,
        plan: request.plan.clone(),
        kind: request.kind,
        forced: request.forced && request.kind == crate::run::RunKind::Failover,
        owed_only: request.owed.is_some(),
        tag: request.tag.clone(),
        sites,
        recovery,
        vms: Vec::new(),
        groups: Vec::new(),
        hosts: Vec::new(),
        others: Vec::new(),
        test_vms: Vec::new(),
        clones: Vec::new(),
        bubbles: Vec::new(),
        prompts: Vec::new(),
        callouts: Vec::new(),
        resources: Vec::new(),
        costs: Vec::new(),
        phases: Vec::new(),
        steps: Vec::new(),
        edges: Edges::default(),
        pivot: None,
    }
}
