//! A step in a few words, for warnings and questions.

use muster_plans::graph::{
    Action, CheckKind, CloneIx, GateKind, Graph, GroupIx, StepIx, VerifyKind, VmRef,
};

use super::vm_ix;

/// What a step does, and to what: `Power on erp-db-01 at lyon`.
pub fn describe(graph: &Graph, ix: StepIx) -> String {
    let step = graph.step(ix);
    let at = graph.site(step.site);
    let vm = |vm: VmRef| match vm {
        VmRef::Production(_) => graph.vms[vm_ix(graph, vm).0 as usize].name.to_string(),
        VmRef::Test(_) => {
            format!("the test copy of {}", graph.vms[vm_ix(graph, vm).0 as usize].name)
        }
    };
    let group = |group: GroupIx| graph.groups[group.0 as usize].id.to_string();
    let clone = |clone: CloneIx| graph.clones[clone.0 as usize].name.clone();
    match step.action {
        Action::Barrier => String::from("Wait for the steps before"),
        Action::Check(CheckKind::SiteAnswers(site)) => {
            format!("Check that {} answers", graph.site(site))
        }
        Action::Check(CheckKind::GroupHealthy(g)) => format!("Check {} at {at}", group(g)),
        Action::Gate(GateKind::EvidenceAgainst(site)) => {
            format!("Wait for evidence that {} cannot write", graph.site(site))
        }
        Action::Prompt(prompt) => format!("Ask: {}", graph.prompts[prompt.0 as usize].text),
        Action::Callout(callout) => format!("Call {}", graph.callouts[callout.0 as usize].name),
        Action::SyncStorage(g) => format!("Sync {} at {at}", group(g)),
        Action::GuestShutdown(v) => format!("Shut down {} at {at}", vm(VmRef::Production(v))),
        Action::PowerOff(v) => format!("Power off {} at {at}", vm(v)),
        Action::SuspendVm(o) => format!("Suspend {} at {at}", graph.others[o.0 as usize].name),
        Action::ResumeVm(o) => format!("Resume {} at {at}", graph.others[o.0 as usize].name),
        Action::WakeHost(host) => format!("Wake {} at {at}", graph.hosts[host.0 as usize].id),
        Action::Fence(site) => format!("Fence {} from {at}", graph.site(site)),
        Action::Unfence(site) => format!("Unfence {} at {at}", graph.site(site)),
        Action::Unmount(g) => format!("Unmount {} at {at}", group(g)),
        Action::SetSitePreference(g, site) => {
            format!("Prefer {} for {}", graph.site(site), group(g))
        }
        Action::DemoteStorage(g) => format!("Demote {} at {at}", group(g)),
        Action::PromoteStorage(g) => format!("Promote {} at {at}", group(g)),
        Action::SnapshotForTest(c) => format!("Snapshot {} at {at}", clone(c)),
        Action::MountTest(c) => format!("Mount {} at {at}", clone(c)),
        Action::DropTest(c) => format!("Remove {} at {at}", clone(c)),
        Action::ReverseReplication(g) => format!("Reverse {} so that {at} is the source", group(g)),
        Action::RegisterVm(v) => format!("Register {} at {at}", vm(v)),
        Action::UnregisterVm(v) => format!("Unregister {} at {at}", vm(v)),
        Action::Migrate(v, _) => {
            let target = &graph.vms[v.0 as usize];
            format!("Move {} to {}", target.name, graph.site(target.to))
        }
        Action::CreateBubble(b) => format!("Create {} at {at}", graph.bubbles[b.0 as usize].name),
        Action::DropBubble(b) => format!("Remove {} at {at}", graph.bubbles[b.0 as usize].name),
        Action::ConfigureNetwork(v) => format!("Connect {} at {at}", vm(v)),
        Action::CustomizeIp(v) => format!("Set the addresses of {} at {at}", vm(v)),
        Action::PowerOn(v) => format!("Power on {} at {at}", vm(v)),
        Action::WaitHealthy(v) => format!("Wait for {} at {at}", vm(v)),
        Action::Rescan(site) => format!("Rescan the storage of {}", graph.site(site)),
        Action::Verify(VerifyKind::NothingLeft) => format!("Verify that nothing is left at {at}"),
        Action::Verify(VerifyKind::OneWriter(g)) => {
            format!("Verify that {} has one writer", group(g))
        }
        Action::Report => String::from("Close the report"),
    }
}
