//! From what the server knows to what it says: pure functions that fill the API's types. Pages are
//! filled from the same values, so that every number on a page is the API's number.

pub mod group;
pub mod inventory;
pub mod plan;
pub mod run;
pub mod site;

use muster_plans::finding::{Finding, Severity};
use serde::Serialize;

use crate::api::dto::FindingDto;

/// The word that serde writes for a value of a small enum.
pub fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A finding for the API.
pub fn finding(finding: &Finding) -> FindingDto {
    let place = match (&finding.place, &finding.pointer) {
        (Some(place), _) => Some(format!("{}:{}:{}", place.file, place.line, place.column)),
        (None, pointer) => pointer.clone(),
    };
    FindingDto {
        code: finding.code.to_string(),
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
        .to_owned(),
        place,
        message: finding.message.clone(),
        help: finding.help.clone(),
    }
}
