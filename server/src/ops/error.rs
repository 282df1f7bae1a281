//! Why something was not done.

use muster_plans::finding::Finding;

use crate::http::Code;

/// Why something was not done. The code says what kind; `http` makes a problem report of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// Stable identity.
    pub code: Code,
    /// What, with the values in it.
    pub detail: String,
    /// What to do instead.
    pub help: String,
    /// All findings.
    pub findings: Vec<Finding>,
}

impl Refused {
    /// A refusal.
    pub fn new(code: Code, detail: impl Into<String>, help: impl Into<String>) -> Refused {
        Refused { code, detail: detail.into(), help: help.into(), findings: Vec::new() }
    }

    /// The same, with what was found.
    #[must_use]
    pub fn with(mut self, findings: Vec<Finding>) -> Refused {
        self.findings = findings;
        self
    }
}

impl From<muster_store::Error> for Refused {
    fn from(error: muster_store::Error) -> Refused {
        match &error {
            muster_store::Error::GroupBusy { .. } => {
                Refused::new(Code::GroupBusy, error.to_string(), "wait for that run, or end it")
            }
            muster_store::Error::Conflict { .. } => Refused::new(
                Code::VersionConflict,
                error.to_string(),
                "read it again and repeat the change",
            ),
            muster_store::Error::NotFound(_) => {
                Refused::new(Code::NotFound, error.to_string(), "look at the list of what there is")
            }
            _ => {
                tracing::error!(error = %error, error.code = error.code(), "the store failed");
                Refused::new(
                    Code::StoreUnavailable,
                    "the database did not do it",
                    "try again; the server's log says more",
                )
            }
        }
    }
}
