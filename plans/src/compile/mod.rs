//! From a plan to a step graph: everything is decided here, so that a run has nothing to choose.
//!
//! [`compile`] is a function of the documents, the inventory and what the server knows of the run. It
//! gives a graph, or everything that is wrong. `model` decides who goes where, in which order and how;
//! one file per workflow lays the steps.

mod address;
pub(crate) mod cards;
mod cleanup;
mod containers;
mod costs;
mod digest;
mod estimates;
mod failover;
mod fences;
pub(crate) mod found;
mod ground;
mod hosts;
mod isolation;
mod lay;
pub(crate) mod live;
mod lookup;
mod members;
pub(crate) mod model;
mod network;
pub(crate) mod order;
mod owed;
mod placement;
mod planned;
mod recover;
mod reprotect;
mod room;
mod select;
pub(crate) mod settings;
pub(crate) mod sites;
mod storage;
mod tables;
mod test_run;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use digest::digest;
pub use fences::{Fences, Wall};
pub use isolation::{Isolation, isolation_proof};

use crate::both::both;
use crate::config::Config;
use crate::finding::{Code, Finding};
use crate::graph::{Graph, StepIx};
use crate::group::Derivation;
use crate::id::{CalloutName, ConsistencyGroupId, PlanName, RecoveryPointId, RunTag, SiteName};
use crate::inventory::Inventory;
use crate::mobility::{Method, Rules};
use crate::run::RunKind;
use crate::time::Time;
use found::Found;
use lay::Lay;
use model::Model;

/// What is to be compiled.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// All documents.
    pub config: &'a Config,
    /// The plan.
    pub plan: &'a PlanName,
    /// What the sites reported last.
    pub inventory: &'a Inventory,
    /// The members of the groups, derived from this inventory.
    pub derivation: &'a Derivation,
    /// What live moves must keep to, and what may happen at once.
    pub rules: &'a Rules,
    /// Live methods that each site can do.
    pub supported: &'a BTreeMap<SiteName, Vec<Method>>,
    /// What the run does.
    pub kind: RunKind,
    /// The plan goes the other way than its groups are written, because of a reprotect. A reprotect
    /// itself is compiled with the direction that it ends: the one of the recovery before it.
    pub reversed: bool,
    /// A failover that tries nothing at the failed sites.
    pub forced: bool,
    /// The graph of the failover whose steps at the protected side are owed: only these are compiled.
    pub owed: Option<&'a Graph>,
    /// Recovery points that somebody chose; the newest for the other groups.
    pub points: &'a BTreeMap<ConsistencyGroupId, RecoveryPointId>,
    /// The mark of a test's objects: needed for a test, and for a cleanup that of its test.
    pub tag: Option<RunTag>,
    /// For a cleanup: the graph of the test.
    pub test: Option<&'a Graph>,
    /// Callouts that touch nothing outside of a bubble; the others are left out of tests.
    pub test_safe_callouts: &'a BTreeSet<CalloutName>,
    /// What is known of fences.
    pub fences: &'a Fences,
    /// A planned migration moves VMs live where it can.
    pub live: bool,
    /// Now, for the age of recovery points.
    pub now: Time,
}

/// A graph, and what should be known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What the run will do.
    pub graph: Graph,
    /// What does not forbid it.
    pub warnings: Vec<Finding>,
}

/// Compiles a run of a plan.
///
/// # Errors
/// Everything that is wrong, errors first, with the warnings behind them.
pub fn compile(request: &Request<'_>) -> Result<Compiled, Vec<Finding>> {
    let mut found = Found::default();
    let graph = graph(request, &mut found);
    if let Some(graph) = &graph {
        judge_isolation(graph, &mut found);
    }
    match graph {
        Some(graph) if found.errors.is_empty() => Ok(Compiled { graph, warnings: found.warnings }),
        _ => Err(found.all()),
    }
}

fn graph(request: &Request<'_>, found: &mut Found) -> Option<Graph> {
    let finished = match (request.kind, request.owed) {
        (RunKind::Cleanup, _) => cleanup::lay(request, found)?.builder.finish(),
        (RunKind::Failover, Some(before)) => owed::lay(request, before, found).builder.finish(),
        _ => {
            let (model, lay) = decided(request, found)?;
            // To give back the memory of what led there takes a while of its own.
            both(model.members.len(), || lay.builder.finish(), || drop(model)).0
        }
    };
    match finished {
        Ok(graph) => Some(graph),
        // Circles between VMs were found before any step was laid, with their names.
        Err(circle) => {
            if found.errors.is_empty() {
                let help = "take away one of the `after` entries of these steps' VMs";
                found.error(Code::DependencyCycle, circle.to_string(), help);
            }
            None
        }
    }
}

/// Workflows that need all decisions: these, and what they lead to.
fn decided<'a>(request: &Request<'a>, found: &mut Found) -> Option<(Model<'a>, Lay)> {
    let mut model = Model::new(request, found)?;
    let mut lay = tables::fill(request, &mut model)?;
    match request.kind {
        RunKind::Test => test_run::lay(request, &model, &mut lay, found),
        RunKind::PlannedMigration => planned::lay(request, &model, &mut lay, found),
        RunKind::Failover => failover::lay(request, &model, &mut lay, found),
        RunKind::Reprotect => reprotect::lay(request, &model, &mut lay, found),
        // Made of the test's graph alone.
        RunKind::Cleanup => return None,
    }
    Some((model, lay))
}

/// A failover that depends on the site it leaves must not leave this function.
fn judge_isolation(graph: &Graph, found: &mut Found) {
    if graph.kind != RunKind::Failover || graph.owed_only {
        return;
    }
    let Err(against) = isolation_proof(graph) else { return };
    let steps: Vec<String> = against.iter().take(3).map(StepIx::to_string).collect();
    found.error(
        Code::DependsOnFailedSite,
        format!("{} steps depend on a failed site, first: {}", against.len(), steps.join(", ")),
        "this is a fault of the compiler; do not run this plan, and report the plan with its steps",
    );
}
