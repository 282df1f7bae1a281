//! The plan language: documents as serde reads them and as the server exports them.
//!
//! Every document has `apiVersion: muster/v1`, a `kind`, `metadata` and a `spec`. The types here are
//! the one place where fields are declared; the JSON Schemas in `plans/schema/` are made from them.

pub mod duration;
pub mod format;
pub(crate) mod json;
mod kind;
mod mapping;
mod options;
mod plan;
mod rule;
mod schedule;
mod select;
mod settings;
mod sites;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use json::{from_json, to_json};
pub use mapping::{InventoryMappingSpec, NameMapping, Reverse};
pub use options::{CommitPolicy, EvidenceKind, FailoverOptions, OnSpec, TestOptions};
pub use plan::{LiveFailure, NetworkMapping, Objectives, PlanSpec, SuspendSpec, TestNetwork};
pub use rule::{After, AfterMatch, HookStep, IpRule, IpSpec, VmRule};
pub use schedule::{ScheduleKind, ScheduleSpec};
pub use select::{GroupSites, GroupSpec, Match, Where};
pub use settings::{Defaults, Mobility, Shutdown, Startup, Wait};
pub use sites::{BackendRole, BackendSpec, PolicySpec, SiteSpec};

/// The one version of the language.
pub const API_VERSION: &str = "muster/v1";

/// Name and labels of a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Unique among the documents of its kind: lower case letters, digits and hyphens.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub name: String,
    /// For people and filters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Any document, by its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// A failure domain.
    Site(SiteSpec),
    /// An adapter instance.
    Backend(BackendSpec),
    /// A storage policy.
    StoragePolicy(PolicySpec),
    /// What maps to what between two sites.
    InventoryMapping(InventoryMappingSpec),
    /// VMs that are protected together.
    ProtectionGroup(GroupSpec),
    /// The recovery of groups.
    RecoveryPlan(Box<PlanSpec>),
    /// When a plan is tested by itself.
    Schedule(ScheduleSpec),
}

/// The kinds of document.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Kind {
    /// A failure domain.
    Site,
    /// An adapter instance.
    Backend,
    /// A storage policy.
    StoragePolicy,
    /// What maps to what between two sites.
    InventoryMapping,
    /// VMs that are protected together.
    ProtectionGroup,
    /// The recovery of groups.
    RecoveryPlan,
    /// When a plan is tested by itself.
    Schedule,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

/// Fields that say what is so anyway are left out of exports.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Name and labels.
    pub metadata: Metadata,
    /// What it says.
    pub spec: Spec,
}

impl Document {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self.spec {
            Spec::Site(_) => Kind::Site,
            Spec::Backend(_) => Kind::Backend,
            Spec::StoragePolicy(_) => Kind::StoragePolicy,
            Spec::InventoryMapping(_) => Kind::InventoryMapping,
            Spec::ProtectionGroup(_) => Kind::ProtectionGroup,
            Spec::RecoveryPlan(_) => Kind::RecoveryPlan,
            Spec::Schedule(_) => Kind::Schedule,
        }
    }
}
