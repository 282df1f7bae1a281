//! What must not be left behind.

use super::{Storage, VmStorage};
use crate::compile::found::{Found, Names};
use crate::compile::lookup::with_room;
use crate::compile::members::Member;
use crate::compile::sites::Sites;
use crate::finding::{Code, Finding};
use crate::graph::SiteIx;
use crate::inventory::ObjectKind;

/// Without its home a VM cannot be registered at the other site.
pub(super) fn judge_home(member: &Member<'_>, held: &VmStorage, found: &mut Found) {
    let home = member.vm.objects.iter().find(|object| object.kind == ObjectKind::Config);
    if home.is_some_and(|home| held.volumes.contains(&home.volume)) {
        return;
    }
    let name = &member.vm.name;
    let message = match home {
        Some(home) => {
            format!("the home of {name} lies on volume {}, which does not replicate", home.volume)
        }
        None => format!("{name} has no home object"),
    };
    let help = "give the VM's home a replicated policy; without it the VM cannot be registered at \
                the recovery site";
    found.push(Finding::error(Code::HomeNotReplicated, message, help).about(format!("vm/{name}")));
}

/// A consistency group changes its role as a whole: VMs on it that are not in the plan would lose
/// their storage under their feet.
pub(crate) fn judge_torn(
    sites: &Sites<'_>,
    members: &[Member<'_>],
    storage: &Storage<'_>,
    found: &mut Found,
) {
    let mut inside = with_room(members.len());
    inside.extend(members.iter().map(|member| (member.vm.id, ())));
    let mut outside = vec![Names::default(); storage.groups.len()];
    let mut froms: Vec<SiteIx> = members.iter().map(|member| member.way.from).collect();
    froms.sort_unstable();
    froms.dedup();
    for site in froms {
        for vm in &sites.inventory(site).vms {
            if vm.run_tag.is_some() || inside.contains_key(&vm.id) {
                continue;
            }
            for object in &vm.objects {
                let group = storage.group_of(&object.volume);
                if let Some(group) = group.filter(|g| storage.groups[g.0 as usize].from == site) {
                    outside[group.0 as usize].add(format!("{} of {}", object.volume, vm.name));
                }
            }
        }
    }
    for (group, outside) in storage.groups.iter().zip(outside) {
        if outside.count() > 0 {
            found.error(
                Code::TornConsistencyGroup,
                format!(
                    "consistency group {} holds volumes of VMs outside the plan: {outside}",
                    group.id
                ),
                "bring these VMs into the plan's groups, or move their volumes to another group",
            );
        }
    }
}
