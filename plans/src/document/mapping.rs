//! `InventoryMapping` documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use super::plan::NetworkMapping;
use super::select::GroupSites;

/// Whether a mapping also holds in the other direction, as SRM asks for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reverse {
    /// The same pair the other way round.
    #[default]
    Same,
    /// Written out as a mapping of its own.
    Explicit,
    /// There is none.
    None,
}

/// A name at one site and its counterpart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NameMapping {
    /// At the protected site.
    pub protected: String,
    /// At the recovery site.
    pub recovery: String,
}

/// What maps to what between two sites, for every plan between them that says nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InventoryMappingSpec {
    /// The site pair.
    pub sites: GroupSites,
    /// The other direction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reverse: Reverse,
    /// Networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub networks: Vec<NetworkMapping>,
    /// Folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub folders: Vec<NameMapping>,
    /// Resource pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub pools: Vec<NameMapping>,
    /// Storage policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub policies: Vec<NameMapping>,
}
