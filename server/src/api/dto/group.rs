//! Protection groups.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A protection group and what was derived for it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupDto {
    /// Its name.
    pub name: String,
    /// Its protected site as written.
    pub protected: String,
    /// Its recovery site as written.
    pub recovery: String,
    /// Its policies.
    pub policies: Vec<String>,
    /// Rises when its members change.
    pub generation: u64,
    /// VMs that are wholly protected.
    pub protected_vms: usize,
    /// VMs that are partly protected.
    pub partly: usize,
    /// VMs that match and are left out.
    pub excluded: usize,
    /// Its consistency groups.
    pub consistency_groups: Vec<String>,
    /// Consistency groups that it would tear apart, in words.
    pub torn: Vec<String>,
    /// Plans that recover it.
    pub plans: Vec<String>,
}

/// A member of a group.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberDto {
    /// The VM.
    pub vm: String,
    /// Its name.
    pub name: String,
    /// Where its active instance is.
    pub at: String,
    /// `protected`, `partly`, `excluded`.
    pub protection: String,
    /// Why, in words.
    pub reasons: Vec<String>,
    /// Consistency groups that hold its objects.
    pub consistency_groups: Vec<String>,
}

/// Something that no group protects.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UncoveredDto {
    /// The VM's name.
    pub vm: String,
    /// The object, where only one of them is unprotected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Why, in words.
    pub why: String,
}
