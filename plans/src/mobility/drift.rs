//! Stretched VMs whose compute and storage disagree about where they belong.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::id::{ConsistencyGroupId, SiteName, VmId, VolumeId};
use crate::inventory::{
    ConsistencyGroup, DetachRule, Inventory, Power, ReplicationMode, SiteInventory,
};

/// One disagreement. When the link is cut, the preferred leg goes on: what runs elsewhere stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are the values in the sentence of each variant")]
pub enum Drift {
    /// A VM runs at one site, its storage prefers the other.
    RunsAway {
        vm: VmId,
        name: Arc<str>,
        at: SiteName,
        group: ConsistencyGroupId,
        preferred: SiteName,
    },
    /// The groups of one VM prefer different sites.
    Divided {
        vm: VmId,
        name: Arc<str>,
        group: ConsistencyGroupId,
        preferred: SiteName,
        other: ConsistencyGroupId,
        other_preferred: SiteName,
    },
    /// The detach rule names another winner than the site preference.
    Winner { group: ConsistencyGroupId, preferred: SiteName, winner: SiteName },
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Drift::RunsAway { name, at, group, preferred, .. } => {
                write!(f, "{name} runs at {at}, but its storage {group} prefers {preferred}")
            }
            Drift::Divided { name, group, preferred, other, other_preferred, .. } => write!(
                f,
                "storage of {name} prefers two sites: {group} prefers {preferred}, {other} \
                 prefers {other_preferred}"
            ),
            Drift::Winner { group, preferred, winner } => {
                write!(f, "{group} prefers {preferred}, but its detach rule lets {winner} win")
            }
        }
    }
}

/// All disagreements of all sites, sorted.
pub fn affinity_drift(inventory: &Inventory) -> Vec<Drift> {
    let mut drifts: Vec<Drift> = inventory.sites.values().flat_map(drift_at).collect();
    // Both legs of a group tell of the same detach rule.
    drifts.sort();
    drifts.dedup();
    drifts
}

fn drift_at(site: &SiteInventory) -> Vec<Drift> {
    let stretched: HashMap<&ConsistencyGroupId, &ConsistencyGroup> = site
        .groups
        .iter()
        .filter(|group| group.mode == ReplicationMode::Stretched)
        .map(|group| (&group.id, group))
        .collect();
    let of_volume: HashMap<&VolumeId, &ConsistencyGroup> = site
        .volumes
        .iter()
        .filter_map(|volume| Some((&volume.id, *stretched.get(volume.group.as_ref()?)?)))
        .collect();
    let mut drifts: Vec<Drift> = site.groups.iter().filter_map(winner).collect();
    for vm in site.vms.iter().filter(|vm| vm.power == Power::On && vm.run_tag.is_none()) {
        let mut groups: Vec<(&ConsistencyGroupId, &SiteName)> = vm
            .objects
            .iter()
            .filter(|object| object.kind.is_bound())
            .filter_map(|object| of_volume.get(&object.volume))
            .filter_map(|group| Some((&group.id, group.preferred.as_ref()?)))
            .collect();
        groups.sort();
        groups.dedup();
        drifts.extend(groups.iter().filter(|(_, preferred)| **preferred != site.site).map(
            |(group, preferred)| Drift::RunsAway {
                vm: vm.id,
                name: vm.name.clone(),
                at: site.site.clone(),
                group: (*group).clone(),
                preferred: (*preferred).clone(),
            },
        ));
        let Some((group, preferred)) = groups.first() else { continue };
        let other = groups.iter().find(|(_, other)| other != preferred);
        drifts.extend(other.map(|(other, other_preferred)| Drift::Divided {
            vm: vm.id,
            name: vm.name.clone(),
            group: (*group).clone(),
            preferred: (*preferred).clone(),
            other: (*other).clone(),
            other_preferred: (*other_preferred).clone(),
        }));
    }
    drifts
}

fn winner(group: &ConsistencyGroup) -> Option<Drift> {
    match (&group.preferred, &group.detach) {
        (Some(preferred), Some(DetachRule::Winner(winner))) if preferred != winner => {
            Some(Drift::Winner {
                group: group.id.clone(),
                preferred: preferred.clone(),
                winner: winner.clone(),
            })
        }
        _ => None,
    }
}
