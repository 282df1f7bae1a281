//! `Site`, `Backend` and `StoragePolicy` documents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{SiteName, WitnessName};
use crate::policy::RuleSet;

/// A failure domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSpec {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The witness that judges about this site, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<WitnessName>,
}

/// What a backend is used for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BackendRole {
    /// Runs VMs.
    Hypervisor,
    /// Holds volumes.
    Storage,
    /// Cuts hosts off and proves it.
    Fencing,
    /// Holds networks.
    Network,
}

/// One configured adapter instance at a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendSpec {
    /// The site it belongs to.
    pub site: SiteName,
    /// The adapter: `sim`, or `agent` for any site agent that speaks the adapter protocol.
    #[schemars(extend("enum" = ["sim", "agent"]))]
    pub adapter: String,
    /// Where it answers.
    #[schemars(length(min = 1))]
    pub endpoint: String,
    /// What it is used for.
    #[schemars(length(min = 1, max = 1000))]
    pub roles: Vec<BackendRole>,
    /// Name of the secret to sign in with. Secrets never stand in a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<String>,
    /// Settings of the adapter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// A storage policy: rule sets are alternatives, rules inside one must all hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Alternatives; one must hold.
    #[schemars(length(min = 1, max = 1000))]
    pub rule_sets: Vec<RuleSet>,
    /// Whether an object may be created although nothing satisfies the policy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_provision: bool,
}
