//! The step graph: what a run will do, fixed before its first step.
//!
//! A [`Graph`] is tables and indices. Steps name VMs, groups and hosts by their place in a table, so
//! that a graph over 100,000 VMs is a few flat arrays; nothing in it is left to be chosen later. What
//! must be decided late is a step of its own: a check, a gate or a prompt.
//!
//! Production and test never share a target type. A test's steps can only name [`TestVmIx`] and
//! [`BubbleNetwork`]; a production step can only name [`VmIx`] and [`ProductionNetwork`].

mod action;
mod builder;
mod edges;
pub mod render;
mod target;

use serde::{Deserialize, Serialize};

pub use action::{Action, CheckKind, GateKind, StepKind, VerifyKind, VmRef};
pub use builder::{CycleError, GraphBuilder};
pub use edges::{Edge, Edges, Needs};
pub use target::{
    Address, Bubble, BubbleIx, BubbleNetwork, Callout, CalloutIx, CloneIx, CloneTarget, GroupIx,
    GroupTarget, HostIx, HostTarget, Nic, OtherVm, OtherVmIx, ProductionNetwork, Prompt, PromptIx,
    SiteIx, TestNic, TestVm, TestVmIx, VmIx, VmTarget,
};

use crate::id::{PlanName, RunTag, SiteName};
use crate::run::RunKind;

/// Version of the serialised graph. A server refuses to resume a graph of a version that it does
/// not know.
pub const GRAPH_FORMAT: u16 = 1;

/// Index of a step.
pub type StepIx = u32;

/// What the executor may use at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// For people: `host lyon-h1`, `datastore lyon-metro`, `network lyon migration`.
    pub name: String,
    /// How many units there are.
    pub cap: u32,
}

/// Units of resources that a step holds while it runs: (index into `resources`, units).
pub type Cost = Vec<(u32, u32)>;

/// A phase: how a run is shown to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// What happens in it: `Shut down VMs, priority 5`.
    pub name: String,
}

/// What a step's failure means for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The run's failure policy applies.
    #[default]
    Policy,
    /// It is a warning; what waits for the step goes on. Another way is in the graph.
    Warn,
    /// It is owed: what waits for the step goes on, and the step is offered again when its site
    /// comes back.
    Owe,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What is done, and to what.
    pub action: Action,
    /// Index into `phases`.
    pub phase: u16,
    /// The site whose agent does it.
    pub site: SiteIx,
    /// What its failure means.
    #[serde(default, skip_serializing_if = "is_policy")]
    pub on_failure: OnFailure,
    /// Index into `costs`.
    pub cost: u32,
    /// It is given up after this many milliseconds.
    pub timeout_ms: u32,
    /// How long it is expected to take, in milliseconds.
    pub estimate_ms: u32,
    /// It is skipped when that step succeeded (a VM that moved live is not shut down).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<StepIx>,
}

fn is_policy(on_failure: &OnFailure) -> bool {
    *on_failure == OnFailure::Policy
}

/// A compiled, immutable graph of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// [`GRAPH_FORMAT`] at the time of compiling.
    pub format: u16,
    /// The plan.
    pub plan: PlanName,
    /// What the run does.
    pub kind: RunKind,
    /// A failover that tries no step at the failed site.
    pub forced: bool,
    /// A failover that only does what an earlier one still owes to the returned site.
    pub owed_only: bool,
    /// Objects of a test carry this; cleanup touches nothing else.
    pub tag: Option<RunTag>,
    /// Sites, by [`SiteIx`].
    pub sites: Vec<SiteName>,
    /// Where VMs are recovered.
    pub recovery: SiteIx,
    /// VMs in production.
    pub vms: Vec<VmTarget>,
    /// Consistency groups.
    pub groups: Vec<GroupTarget>,
    /// Hosts that are woken.
    pub hosts: Vec<HostTarget>,
    /// VMs that make room.
    pub others: Vec<OtherVm>,
    /// Test copies.
    pub test_vms: Vec<TestVm>,
    /// Clones of groups for a test.
    pub clones: Vec<CloneTarget>,
    /// Bubble networks.
    pub bubbles: Vec<Bubble>,
    /// Questions to persons.
    pub prompts: Vec<Prompt>,
    /// Callouts.
    pub callouts: Vec<Callout>,
    /// What is limited.
    pub resources: Vec<Resource>,
    /// Distinct cost vectors; steps point into it.
    pub costs: Vec<Cost>,
    /// Phases in order.
    pub phases: Vec<Phase>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Who waits for whom.
    pub edges: Edges,
    /// After this step has succeeded a run is not undone any more.
    pub pivot: Option<StepIx>,
}

impl Graph {
    /// How many steps there are, barriers included.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The step at an index.
    pub fn step(&self, ix: StepIx) -> &Step {
        &self.steps[ix as usize]
    }

    /// The name of a site in the graph.
    pub fn site(&self, ix: SiteIx) -> &SiteName {
        &self.sites[ix.0 as usize]
    }

    /// The production VM that a step is about, if it is about one.
    pub fn vm_of(&self, step: &Step) -> Option<VmIx> {
        match step.action.vm()? {
            VmRef::Production(vm) => Some(vm),
            VmRef::Test(test) => Some(self.test_vms[test.0 as usize].vm),
        }
    }

    /// Milliseconds of the longest way from the start of each step to the end of the run, its own
    /// estimate included. Steps with the longest remaining path are started first.
    pub fn remaining_path(&self) -> Vec<u64> {
        let mut longest = vec![0_u64; self.steps.len()];
        for &ix in self.edges.topological().iter().rev() {
            let after = self.edges.from(ix).map(|e| longest[e.to as usize]).max().unwrap_or(0);
            longest[ix as usize] = after + u64::from(self.steps[ix as usize].estimate_ms);
        }
        longest
    }
}
