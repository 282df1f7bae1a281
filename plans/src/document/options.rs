//! Settings of a plan per kind of run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::format::SpanText;
use super::{is_default, is_yes, yes};
use crate::time::Span;

/// How a test runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TestOptions {
    /// Send recent changes first.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub sync: bool,
}

/// What can prove that the protected side cannot write.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// The verdict of a witness in a third failure domain.
    Witness,
    /// A fence that was read back.
    Fence,
    /// A named person's word, with reason and expiry.
    Attestation,
}

/// What ends the commit window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommitPolicy {
    /// It commits by itself when the window ends.
    #[default]
    Auto,
    /// It waits for a person.
    Manual,
}

/// How an unplanned failover runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FailoverOptions {
    /// Evidence that is accepted.
    #[serde(default = "any_evidence", skip_serializing_if = "is_any_evidence")]
    #[schemars(length(min = 1, max = 1000))]
    pub evidence: Vec<EvidenceKind>,
    /// How many persons must approve; 0: whoever starts it is enough.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(max = 9))]
    pub approvals: u8,
    /// How long the old state is kept so that one can go back.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SpanText>")]
    pub commit_window: Option<Span>,
    /// What ends the window.
    #[serde(default, skip_serializing_if = "is_default")]
    pub commit: CommitPolicy,
}

/// Settings per kind of run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnSpec {
    /// Tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestOptions>,
    /// Unplanned failovers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<FailoverOptions>,
}

fn is_any_evidence(evidence: &[EvidenceKind]) -> bool {
    evidence == any_evidence()
}

fn any_evidence() -> Vec<EvidenceKind> {
    vec![EvidenceKind::Witness, EvidenceKind::Fence, EvidenceKind::Attestation]
}

impl Default for TestOptions {
    fn default() -> TestOptions {
        TestOptions { sync: true }
    }
}

impl Default for FailoverOptions {
    fn default() -> FailoverOptions {
        FailoverOptions {
            evidence: any_evidence(),
            approvals: 0,
            commit_window: None,
            commit: CommitPolicy::Auto,
        }
    }
}
