//! A whole configuration: all documents of a server or a folder, by name.

use std::collections::BTreeMap;

use crate::document::{
    BackendSpec, Document, GroupSpec, InventoryMappingSpec, Metadata, PlanSpec, ScheduleSpec,
    SiteSpec, Spec,
};
use crate::id::{BackendName, GroupName, PlanName, PolicyName, SiteName};
use crate::policy::StoragePolicy;

/// A recovery plan under its name.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveryPlan {
    /// Name and labels.
    pub metadata: Metadata,
    /// What it says.
    pub spec: PlanSpec,
}

/// All documents, by kind and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Failure domains.
    pub sites: BTreeMap<SiteName, SiteSpec>,
    /// Adapter instances.
    pub backends: BTreeMap<BackendName, BackendSpec>,
    /// Storage policies.
    pub policies: BTreeMap<PolicyName, StoragePolicy>,
    /// Inventory mappings.
    pub mappings: BTreeMap<String, InventoryMappingSpec>,
    /// Protection groups.
    pub groups: BTreeMap<GroupName, GroupSpec>,
    /// Recovery plans.
    pub plans: BTreeMap<PlanName, RecoveryPlan>,
    /// Schedules.
    pub schedules: BTreeMap<String, ScheduleSpec>,
}

impl Config {
    /// Puts documents in their places. Of two with the same kind and name the later one stays; that
    /// there are two is a finding of the reader.
    pub fn from_documents(documents: impl IntoIterator<Item = Document>) -> Config {
        let mut config = Config::default();
        for Document { metadata, spec } in documents {
            let name = metadata.name.clone();
            match spec {
                Spec::Site(spec) => drop(config.sites.insert(name.into(), spec)),
                Spec::Backend(spec) => drop(config.backends.insert(name.into(), spec)),
                Spec::StoragePolicy(spec) => {
                    let policy = StoragePolicy {
                        name: PolicyName::from(name.as_str()),
                        rule_sets: spec.rule_sets,
                        force_provision: spec.force_provision,
                    };
                    config.policies.insert(policy.name.clone(), policy);
                }
                Spec::InventoryMapping(spec) => drop(config.mappings.insert(name, spec)),
                Spec::ProtectionGroup(spec) => drop(config.groups.insert(name.into(), spec)),
                Spec::RecoveryPlan(spec) => {
                    let plan = RecoveryPlan { metadata, spec: *spec };
                    config.plans.insert(name.into(), plan);
                }
                Spec::Schedule(spec) => drop(config.schedules.insert(name, spec)),
            }
        }
        config
    }
}
