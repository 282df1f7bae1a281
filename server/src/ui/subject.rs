//! What a step is done to, and what is done, for tables that name both.

use muster_plans::graph::render::step_title;
use muster_plans::graph::{Action, CheckKind, GateKind, Graph, GroupIx, StepIx, VerifyKind};

/// A VM, a consistency group, a host or a site.
pub(super) fn of(graph: &Graph, ix: StepIx) -> String {
    let step = graph.step(ix);
    if let Some(vm) = graph.vm_of(step) {
        return graph.vms[vm.0 as usize].name.to_string();
    }
    let group = |ix: GroupIx| graph.groups[ix.0 as usize].id.to_string();
    match step.action {
        Action::SyncStorage(ix)
        | Action::Unmount(ix)
        | Action::SetSitePreference(ix, _)
        | Action::DemoteStorage(ix)
        | Action::PromoteStorage(ix)
        | Action::ReverseReplication(ix)
        | Action::Check(CheckKind::GroupHealthy(ix))
        | Action::Verify(VerifyKind::OneWriter(ix)) => group(ix),
        Action::SnapshotForTest(ix) | Action::MountTest(ix) | Action::DropTest(ix) => {
            group(graph.clones[ix.0 as usize].group)
        }
        Action::SuspendVm(ix) | Action::ResumeVm(ix) => {
            graph.others[ix.0 as usize].name.to_string()
        }
        Action::WakeHost(ix) => graph.hosts[ix.0 as usize].id.to_string(),
        Action::CreateBubble(ix) | Action::DropBubble(ix) => {
            graph.bubbles[ix.0 as usize].name.to_string()
        }
        Action::Fence(site)
        | Action::Unfence(site)
        | Action::Rescan(site)
        | Action::Check(CheckKind::SiteAnswers(site))
        | Action::Gate(GateKind::EvidenceAgainst(site)) => graph.site(site).to_string(),
        _ => graph.site(step.site).to_string(),
    }
}

/// What is done, without the site, which stands beside it.
pub(super) fn what(graph: &Graph, ix: StepIx) -> String {
    let title = step_title(graph, ix);
    let site = format!(" at {}", graph.site(graph.step(ix).site));
    title.strip_suffix(&site).map_or_else(|| title.clone(), str::to_owned)
}
