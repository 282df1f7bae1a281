//! Approvals.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StartRun;

/// Something that people were asked to approve.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDto {
    /// Its id.
    pub id: String,
    /// The plan.
    pub plan: String,
    /// Digest of the graph: it, and no other, is approved.
    pub digest: String,
    /// `open`, `approved`, `used`, `expired`.
    pub state: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: String,
    /// Until when it can be used.
    pub expires_at: String,
    /// How many persons must approve, whoever starts it not counted.
    pub needed: usize,
    /// Who has.
    pub given: Vec<GivenDto>,
    /// The run that was started by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What would be started.
    pub start: StartRun,
}

/// A person has approved.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivenDto {
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// Why, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Approves.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveRequest {
    /// Digest of the graph that you have read.
    pub digest: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}
