//! Documents, findings, apply.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stored document.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentDto {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Rises with each change; the ETag.
    pub version: u64,
    /// Digest of its content.
    pub digest: String,
    /// The document itself.
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
}

/// Something wrong with a document or a plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDto {
    /// Stable code.
    pub code: String,
    /// `error`, `warning`, `note`.
    pub severity: String,
    /// Where: a JSON pointer, or `file:line:column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// Brings documents to the server: all of them or none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplyRequest {
    /// YAML, one or more documents, by file name.
    pub files: Vec<ApplyFile>,
    /// Digest of the server's documents that the change was made for; refused with 409 where the
    /// server moved on.
    #[serde(default)]
    pub base: Option<String>,
    /// Say what would change, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// One file of an [`ApplyRequest`].
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplyFile {
    /// Its name, for findings.
    pub name: String,
    /// YAML.
    pub text: String,
}

/// What becomes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It differs.
    Changed,
    /// It is the same.
    Unchanged,
}

/// A change of one document.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub change: ChangeKind,
}

/// The answer to an [`ApplyRequest`].
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplyResult {
    /// What changed, or would.
    pub changes: Vec<Change>,
    /// Warnings and notes.
    pub findings: Vec<FindingDto>,
    /// Digest of the server's documents before.
    pub base: String,
    /// Whether it was carried out.
    pub applied: bool,
}
