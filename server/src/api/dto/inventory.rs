//! VMs, their objects, policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A VM.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VmDto {
    /// The backend's UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is registered.
    pub site: String,
    /// Its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// `on`, `off` or `suspended`.
    pub power: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Virtual CPUs.
    pub vcpus: u16,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Its protection group, where it is a member of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `protected`, `partly`, `excluded`; absent: no group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protection: Option<String>,
    /// Its objects.
    pub objects: Vec<ObjectDto>,
}

/// An object of a VM.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDto {
    /// `config`, `data`, `swap`, `mem`, `other`.
    pub kind: String,
    /// For people.
    pub label: String,
    /// Where it is placed.
    pub container: String,
    /// What it is bound to.
    pub volume: String,
    /// Its policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `compliant`, `nonCompliant`, `unknown`, `notApplicable`, `outOfDate`.
    pub compliance: String,
    /// Size in MiB.
    pub size_mib: u64,
}

/// A storage policy and how it is met.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDto {
    /// Its name.
    pub name: String,
    /// Its rule sets, as the document has them.
    #[schema(value_type = Vec<Object>)]
    pub rule_sets: serde_json::Value,
    /// Objects under it, by compliance.
    pub objects: BTreeMap<String, usize>,
    /// Groups that are derived from it.
    pub groups: Vec<String>,
}
