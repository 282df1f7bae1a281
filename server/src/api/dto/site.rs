//! Sites, links, witnesses, backends.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A site and how it is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteDto {
    /// Its name.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether its agent answers the server.
    pub reachable: bool,
    /// When it last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// Why it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Product behind its agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The weakest fence level of its operations: `native`, `agent-enforced`, `drain-only`, `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fence_level: Option<String>,
    /// Sites that have fenced it, as they say themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fenced_by: Vec<String>,
    /// Hosts that are up.
    pub hosts_up: usize,
    /// All hosts.
    pub hosts: usize,
    /// VMs registered there.
    pub vms: usize,
    /// VMs that run there.
    pub vms_on: usize,
    /// Its backends.
    pub backends: Vec<BackendDto>,
    /// Links to other sites.
    pub links: Vec<LinkDto>,
    /// Witnesses that judge about it.
    pub witnesses: Vec<WitnessDto>,
}

/// A link between two sites.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkDto {
    /// The other site.
    pub to: String,
    /// Whether traffic passes.
    pub up: bool,
    /// Round-trip time in milliseconds.
    pub rtt_ms: f64,
    /// Bandwidth in megabits per second.
    pub bandwidth_mbps: f64,
    /// When it was measured.
    pub measured_at: String,
}

/// A witness.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WitnessDto {
    /// Its name.
    pub name: String,
    /// Whether it answers.
    pub up: bool,
}

/// A configured adapter instance.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackendDto {
    /// Its name.
    pub name: String,
    /// Its site.
    pub site: String,
    /// The adapter.
    pub adapter: String,
    /// Where it answers.
    pub endpoint: String,
    /// What it is used for.
    pub roles: Vec<String>,
}
