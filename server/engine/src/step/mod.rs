//! What each kind of step asks of which site, how it is read back, and how it is undone.
//!
//! Everything here is a pure function of the compiled graph: whoever resumes a run computes the same
//! operations from the same graph. An acknowledgement proves nothing, so each operation comes with a
//! [`Proof`]: a question and what its answer must be.

mod check;
mod context;
mod describe;
mod network;
mod power;
mod registration;
mod retry;
mod site;
mod storage;
mod test_clone;
mod verify;
mod wanted;

#[cfg(test)]
mod tests;

use muster_contract::{Instance, Observed, Operation, Query};
use muster_plans::graph::{Action, Graph, SiteIx, Step, StepIx, VmIx, VmRef};
use muster_plans::id::{RunTag, SiteName};
use muster_plans::time::Span;

pub use context::{Domains, mode, touches_production_only};
pub use describe::describe;
pub use retry::{Class, Retry, retry};
pub use wanted::{Met, Wanted};

/// A question to a site, and what proves that a step has had its effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Who is asked.
    pub site: SiteName,
    /// What.
    pub query: Query,
    /// What the answer must be.
    pub wanted: Wanted,
    /// Asked as well, but counts only where that site answers.
    pub also: Option<Box<Proof>>,
}

/// What a step, or its undo, does.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Whose agent does it.
    pub site: SiteName,
    /// What is asked for; `None` for steps that only look.
    pub operation: Option<Operation>,
    /// What proves it.
    pub proof: Proof,
    /// A pause after the proof.
    pub rest: Span,
}

/// What a step does. `None` where there is nothing to ask of a site: barriers, reports, gates,
/// prompts and callouts.
pub fn forward(graph: &Graph, ix: StepIx) -> Option<Work> {
    let step = graph.step(ix);
    match step.action {
        Action::Barrier
        | Action::Report
        | Action::Gate(_)
        | Action::Prompt(_)
        | Action::Callout(_) => None,
        Action::Check(kind) => Some(check::work(graph, step, kind)),
        Action::Verify(kind) => verify::work(graph, step, kind),
        Action::SyncStorage(group) => Some(storage::sync(graph, step, group)),
        Action::DemoteStorage(group) => Some(storage::demote(graph, step, group)),
        Action::PromoteStorage(group) => Some(storage::promote(graph, step, group)),
        Action::ReverseReplication(group) => Some(storage::reverse(graph, step, group)),
        Action::SetSitePreference(group, site) => Some(storage::prefer(graph, step, group, site)),
        Action::Unmount(group) => Some(storage::mounted(graph, step, group, false)),
        Action::SnapshotForTest(clone) => Some(test_clone::snapshot(graph, step, clone)),
        Action::MountTest(clone) => Some(test_clone::mount(graph, step, clone)),
        Action::DropTest(clone) => Some(test_clone::remove(graph, step, clone)),
        Action::GuestShutdown(vm) => Some(power::shutdown(graph, step, vm)),
        Action::PowerOff(vm) => Some(power::off(graph, step.site, instance(graph, vm))),
        Action::PowerOn(vm) => Some(power::on(graph, step.site, instance(graph, vm))),
        Action::SuspendVm(other) => Some(power::suspend(graph, step, other)),
        Action::ResumeVm(other) => Some(power::resume(graph, step, other)),
        Action::WaitHealthy(vm) => Some(power::healthy(graph, step, vm)),
        Action::Migrate(vm, method) => Some(power::migrate(graph, step, vm, method)),
        Action::RegisterVm(vm) => Some(registration::register(graph, step, vm)),
        Action::UnregisterVm(vm) => Some(registration::unregister(graph, step, vm)),
        Action::ConfigureNetwork(vm) => Some(network::connect(graph, step, vm)),
        Action::CustomizeIp(vm) => Some(network::customize(graph, step, vm)),
        Action::CreateBubble(bubble) => Some(network::create(graph, step, bubble)),
        Action::DropBubble(bubble) => Some(network::remove(graph, step, bubble)),
        Action::WakeHost(host) => Some(site::wake(graph, step, host)),
        Action::Rescan(_) => Some(site::rescan(graph, step)),
        Action::Fence(against) => Some(site::fence(graph, step, against)),
        Action::Unfence(against) => Some(site::unfence(graph, step, against)),
    }
}

/// What undoes a step. `None` where it leaves nothing behind, or nothing that can be taken back.
pub fn undo(graph: &Graph, ix: StepIx) -> Option<Work> {
    let step = graph.step(ix);
    match step.action {
        Action::GuestShutdown(vm) | Action::PowerOff(VmRef::Production(vm)) => {
            Some(power::on(graph, step.site, instance(graph, VmRef::Production(vm))))
        }
        Action::PowerOn(vm @ VmRef::Test(_)) => {
            Some(power::off(graph, step.site, instance(graph, vm)))
        }
        Action::SuspendVm(other) => Some(power::resume(graph, step, other)),
        Action::Migrate(vm, method) => power::migrate_back(graph, vm, method),
        Action::Unmount(group) => Some(storage::mounted(graph, step, group, true)),
        Action::DemoteStorage(group) => Some(storage::promote_again(graph, step, group)),
        Action::SetSitePreference(group, _) => {
            let from = graph.groups[group.0 as usize].from;
            Some(storage::prefer(graph, step, group, from))
        }
        Action::SnapshotForTest(clone) | Action::MountTest(clone) => {
            Some(test_clone::remove(graph, step, clone))
        }
        Action::CreateBubble(bubble) => Some(network::remove(graph, step, bubble)),
        Action::RegisterVm(vm) => Some(registration::unregister(graph, step, vm)),
        Action::UnregisterVm(vm) => registration::can_return(graph, step, vm)
            .then(|| registration::register(graph, step, vm)),
        _ => None,
    }
}

/// Whether [`undo`] gives something, without making it.
pub fn undoable(graph: &Graph, ix: StepIx) -> bool {
    let step = graph.step(ix);
    match step.action {
        Action::GuestShutdown(_)
        | Action::PowerOff(VmRef::Production(_))
        | Action::PowerOn(VmRef::Test(_))
        | Action::SuspendVm(_)
        | Action::Unmount(_)
        | Action::DemoteStorage(_)
        | Action::SetSitePreference(..)
        | Action::SnapshotForTest(_)
        | Action::MountTest(_)
        | Action::CreateBubble(_)
        | Action::RegisterVm(_) => true,
        Action::Migrate(vm, _) => graph.vms[vm.0 as usize].from_host.is_some(),
        Action::UnregisterVm(vm) => registration::can_return(graph, step, vm),
        _ => false,
    }
}

/// The site and the operation of a step.
pub fn operation(graph: &Graph, ix: StepIx) -> Option<(SiteName, Operation)> {
    let work = forward(graph, ix)?;
    work.operation.map(|operation| (work.site, operation))
}

/// The site and the question that prove a step.
pub fn postcondition(graph: &Graph, ix: StepIx) -> Option<(SiteName, Query)> {
    forward(graph, ix).map(|work| (work.proof.site, work.proof.query))
}

/// Whether an answer proves a step that began `elapsed` ago.
pub fn met(graph: &Graph, ix: StepIx, seen: &Observed, elapsed: Span) -> Met {
    match forward(graph, ix) {
        Some(work) => work.proof.wanted.met(seen, elapsed),
        None => Met::Met,
    }
}

fn ask(graph: &Graph, site: SiteIx, query: Query, wanted: Wanted) -> Proof {
    Proof { site: graph.site(site).clone(), query, wanted, also: None }
}

/// An operation at a site that is read back at the same site.
fn act(graph: &Graph, site: SiteIx, op: Operation, query: Query, wanted: Wanted) -> Work {
    let proof = ask(graph, site, query, wanted);
    Work { site: graph.site(site).clone(), operation: Some(op), proof, rest: Span::ZERO }
}

/// A step that only looks.
fn look(graph: &Graph, site: SiteIx, query: Query, wanted: Wanted) -> Work {
    let proof = ask(graph, site, query, wanted);
    Work { site: graph.site(site).clone(), operation: None, proof, rest: Span::ZERO }
}

/// The production VM behind a reference.
fn vm_ix(graph: &Graph, vm: VmRef) -> VmIx {
    match vm {
        VmRef::Production(vm) => vm,
        VmRef::Test(test) => graph.test_vms[test.0 as usize].vm,
    }
}

/// The tag of the run's objects. Compile sets one for every graph that names a test copy; an empty
/// tag matches nothing.
fn tag(graph: &Graph) -> RunTag {
    graph.tag.clone().unwrap_or_else(|| RunTag::from(""))
}

fn instance(graph: &Graph, vm: VmRef) -> Instance {
    let id = graph.vms[vm_ix(graph, vm).0 as usize].id;
    match vm {
        VmRef::Production(_) => Instance::Production(id),
        VmRef::Test(_) => Instance::Test(id, tag(graph)),
    }
}

/// Whether a step only looks or waits: it can be dropped at any time without a trace.
pub fn only_looks(step: &Step) -> bool {
    matches!(
        step.action,
        Action::Check(_)
            | Action::Verify(_)
            | Action::WaitHealthy(_)
            | Action::Gate(_)
            | Action::Prompt(_)
    )
}
