//! Documents as JSON: what the server stores, and what it takes and gives over REST.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{API_VERSION, Document, Kind, Metadata, Spec};
use crate::finding::{Code, Finding};

/// The document as JSON: fields in their declared order, defaults left out, whole numbers without
/// a fraction.
pub fn to_json(document: &Document) -> Value {
    let spec = match &document.spec {
        Spec::Site(spec) => value(spec),
        Spec::Backend(spec) => value(spec),
        Spec::StoragePolicy(spec) => value(spec),
        Spec::InventoryMapping(spec) => value(spec),
        Spec::ProtectionGroup(spec) => value(spec),
        Spec::RecoveryPlan(spec) => value(spec),
        Spec::Schedule(spec) => value(spec),
    };
    json!({
        "apiVersion": API_VERSION,
        "kind": document.kind().as_str(),
        "metadata": value(&document.metadata),
        "spec": spec,
    })
}

/// Reads a document from JSON, with the same checks as one from a file.
///
/// # Errors
/// All findings, each with a JSON pointer into the value.
pub fn from_json(json: Value) -> Result<Document, Vec<Finding>> {
    let findings = crate::load::findings_of(&json);
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    typed(json).map_err(|finding| vec![*finding])
}

/// Reads a value that its schema found good.
pub(crate) fn typed(mut json: Value) -> Result<Document, Box<Finding>> {
    let kind = json["kind"].as_str().and_then(Kind::from_name);
    let kind = kind.ok_or_else(|| mismatch("", "its kind is not known"))?;
    let metadata: Metadata = part(&mut json, "metadata")?;
    let json = &mut json;
    let spec = match kind {
        Kind::Site => Spec::Site(part(json, "spec")?),
        Kind::Backend => Spec::Backend(part(json, "spec")?),
        Kind::StoragePolicy => Spec::StoragePolicy(part(json, "spec")?),
        Kind::InventoryMapping => Spec::InventoryMapping(part(json, "spec")?),
        Kind::ProtectionGroup => Spec::ProtectionGroup(part(json, "spec")?),
        Kind::RecoveryPlan => Spec::RecoveryPlan(part(json, "spec")?),
        Kind::Schedule => Spec::Schedule(part(json, "spec")?),
    };
    Ok(Document { metadata, spec })
}

fn part<T: DeserializeOwned>(json: &mut Value, name: &str) -> Result<T, Box<Finding>> {
    serde_json::from_value(json[name].take())
        .map_err(|error| mismatch(&format!("/{name}"), &error.to_string()))
}

fn mismatch(pointer: &str, why: &str) -> Box<Finding> {
    let finding = Finding::error(
        Code::WrongType,
        format!("the document cannot be read: {why}"),
        "compare it with an example in plans/examples/",
    );
    Box::new(finding.about(pointer))
}

fn value<T: Serialize>(part: &T) -> Value {
    let mut json = serde_json::to_value(part).unwrap_or(Value::Null);
    whole_numbers(&mut json);
    json
}

/// A policy's numbers are floats in memory; `300` must not come back as `300.0`.
fn whole_numbers(json: &mut Value) {
    match json {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|_| number.is_f64())
                && float.fract() == 0.0
                && float.abs() < 9_007_199_254_740_992.0
            {
                *json = Value::from(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
