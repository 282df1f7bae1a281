//! The server itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The server itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerDto {
    /// Its version.
    pub version: String,
    /// Which life of the journal this is; rises when the database was restored.
    pub incarnation: u64,
    /// Whether nothing is started, continued or answered until a person lets it go on.
    pub on_hold: bool,
    /// Why it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// While it holds: what the sites that answer hold, and the database does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<ContradictionDto>,
}

/// A plan whose state in the database is not what its storage says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContradictionDto {
    /// The plan.
    pub plan: String,
    /// Its run that cannot have led to what is there: the release gives it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What does not fit, one consistency group each.
    pub says: Vec<String>,
    /// What the release makes of it.
    pub then: String,
}

/// Lets the server go on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRequest {
    /// What you have looked at; stands in the audit trail.
    pub reason: String,
    /// Sites that do not answer, and that you know to be off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

/// The server goes on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleasedDto {
    /// The server.
    pub server: ServerDto,
    /// Which sites were read and know the new incarnation.
    pub sites: Vec<SiteReadDto>,
    /// Where the storage was right and the database was changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<ContradictionDto>,
}

/// A site, as the release of a hold found it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteReadDto {
    /// The site.
    pub site: String,
    /// Whether it knows the incarnation.
    pub read: bool,
    /// In words.
    pub message: String,
}
