//! Documents as text again: the same documents give the same bytes, so that git and the server can
//! be compared.

mod yaml;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::document::{Document, to_json};

pub use yaml::to_yaml;

/// SHA-256 of the document's canonical JSON, as 64 hex digits. Order of fields, comments, layout
/// and defaults that were written out do not change it.
pub fn digest(document: &Document) -> String {
    let canonical = sorted(to_json(document)).to_string();
    let digest = Sha256::digest(canonical.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(json: Value) -> Value {
    match json {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> =
                fields.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
