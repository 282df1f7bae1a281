//! Protection groups: which VMs are members, derived from storage policies and never listed.
//!
//! [`derive`] is a function of the documents and the inventory alone. [`Deriver`] keeps what it
//! learned, so that one changed VM costs one VM and not a hundred thousand; both run the same code.

mod coverage;
mod deriver;
mod hash;
mod index;
mod judge;
mod member;
mod reason;
mod sharing;
mod site_index;
mod standing;
#[cfg(test)]
mod tests;
mod torn;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::Config;
use crate::finding::Finding;
use crate::id::{ConsistencyGroupId, GroupName, SiteName};
use crate::inventory::Inventory;

pub use coverage::{Uncovered, Why, coverage};
pub use deriver::Deriver;
pub use member::{Member, Protection};
pub use reason::Reason;
pub use torn::{Torn, VolumeOf};

/// All groups with their members.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Derivation {
    /// The groups by name.
    pub groups: BTreeMap<GroupName, DerivedGroup>,
    /// Generation of the inventory that it was derived from.
    pub generation: u64,
}

/// One group with its members.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DerivedGroup {
    /// Its name.
    pub name: GroupName,
    /// Where its document says that the VMs run.
    pub protected: SiteName,
    /// Where its document says that they are recovered.
    pub recovery: SiteName,
    /// Every VM with an object under the group's policies, also those that are excluded; sorted by
    /// name, then by id.
    pub members: Vec<Member>,
    /// Groups of volumes that must move for these members to move; sorted.
    pub consistency_groups: Vec<ConsistencyGroupId>,
    /// Consistency groups that hold volumes of VMs inside and outside; sorted.
    pub torn: Vec<Torn>,
    /// Raised when the members change; from 1.
    pub generation: u64,
}

impl DerivedGroup {
    /// Members that a plan recovers: protected and partly protected ones.
    pub fn inside(&self) -> impl Iterator<Item = &Member> + '_ {
        self.members.iter().filter(|member| member.protection != Protection::Excluded)
    }

    /// The site of the pair that is not this one.
    pub fn other(&self, site: &SiteName) -> &SiteName {
        if *site == self.protected { &self.recovery } else { &self.protected }
    }

    /// What is wrong with the group: each torn consistency group, named with volume and VM.
    pub fn findings(&self) -> Vec<Finding> {
        self.torn.iter().map(|torn| torn.finding(&self.name)).collect()
    }
}

impl Derivation {
    /// Continues the generations of the groups after an earlier derivation: a group whose members
    /// are the same keeps its generation, a changed one gets the next.
    #[must_use]
    pub fn next(mut self, previous: Option<&Derivation>) -> Derivation {
        for (name, group) in &mut self.groups {
            if let Some(before) = previous.and_then(|p| p.groups.get(name)) {
                let changed = u64::from(before.members != group.members);
                group.generation = before.generation + changed;
            }
        }
        self
    }

    /// What is wrong with any group.
    pub fn findings(&self) -> Vec<Finding> {
        self.groups.values().flat_map(DerivedGroup::findings).collect()
    }
}

/// Derives all groups. Members are looked for at both sites of each pair, because the roles of the
/// sites swap on reprotect.
pub fn derive(config: &Config, inventory: &Inventory) -> Derivation {
    deriver::derive_all(config, inventory)
}
