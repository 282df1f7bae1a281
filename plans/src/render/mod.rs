//! Findings as people and programs read them.

mod github;
mod sarif;
mod text;

use serde_json::Value;

use crate::finding::Finding;

pub use github::github;
pub use sarif::sarif;
pub use text::{summary, text};

/// Findings as a JSON array, each with `code`, `severity`, `place`, `message` and `help`.
pub fn to_json(findings: &[Finding]) -> Value {
    serde_json::to_value(findings).unwrap_or_else(|_| Value::Array(Vec::new()))
}

#[cfg(test)]
mod tests;
