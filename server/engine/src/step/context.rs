//! What travels with a step's operation.

use muster_contract::{FenceDomain, Mode};
use muster_plans::graph::{Action, Graph, Step};
use muster_plans::id::{GroupName, SiteName};
use muster_plans::run::RunKind;

/// Actions of a test or cleanup whose objects are of production by nature and carry no tag: sending
/// recent changes, waking hosts, and the VMs that make room.
pub fn touches_production_only(action: &Action) -> bool {
    matches!(
        action,
        Action::SyncStorage(_)
            | Action::SuspendVm(_)
            | Action::ResumeVm(_)
            | Action::WakeHost(_)
            | Action::Rescan(_)
    )
}

/// The mode in which a step's operation is asked for.
pub fn mode(kind: RunKind, action: &Action) -> Mode {
    match kind {
        RunKind::Test | RunKind::Cleanup if touches_production_only(action) => Mode::Planned,
        RunKind::Test => Mode::Test,
        RunKind::Cleanup => Mode::Cleanup,
        RunKind::Failover => Mode::Unplanned,
        RunKind::PlannedMigration | RunKind::Reprotect => Mode::Planned,
    }
}

/// Which protection group each consistency group belongs to, found once for a graph.
#[derive(Clone, Debug, Default)]
pub struct Domains {
    of_group: Vec<Option<GroupName>>,
}

impl Domains {
    /// Looks through the VMs of a graph. A group's protection group is that of the first VM on it.
    pub fn of(graph: &Graph) -> Domains {
        let mut of_group = vec![None; graph.groups.len()];
        for vm in &graph.vms {
            for storage in &vm.storage {
                of_group[storage.0 as usize].get_or_insert_with(|| vm.group.clone());
            }
        }
        Domains { of_group }
    }

    /// Where the token of a step's operation at a site is compared.
    pub fn domain(&self, graph: &Graph, step: &Step, site: SiteName) -> FenceDomain {
        let group = match (graph.vm_of(step), step.action) {
            (Some(vm), _) => Some(graph.vms[vm.0 as usize].group.clone()),
            (
                None,
                Action::SnapshotForTest(clone) | Action::MountTest(clone) | Action::DropTest(clone),
            ) => {
                let group = graph.clones[clone.0 as usize].group;
                self.of_group[group.0 as usize].clone()
            }
            (
                None,
                Action::SyncStorage(group)
                | Action::Unmount(group)
                | Action::SetSitePreference(group, _)
                | Action::DemoteStorage(group)
                | Action::PromoteStorage(group)
                | Action::ReverseReplication(group),
            ) => self.of_group[group.0 as usize].clone(),
            _ => None,
        };
        FenceDomain { site, group }
    }
}
