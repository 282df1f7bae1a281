//! SARIF 2.1.0, which code-scanning pages of forges read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::finding::{Code, Finding, Place, Severity};

/// A SARIF log with one run.
pub fn sarif(findings: &[Finding]) -> Value {
    let codes: BTreeSet<Code> = findings.iter().map(|f| f.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let rules: Vec<Value> = codes.iter().map(|code| json!({"id": code.as_str()})).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &codes)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "muster",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding, codes: &[Code]) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut result = json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": codes.binary_search(&finding.code).unwrap_or(0),
        "level": level,
        "message": {"text": format!("{}\n{}", finding.message, finding.help)},
    });
    let mut location = json!({});
    if let Some(place) = &finding.place {
        location["physicalLocation"] = physical(place);
    }
    if let Some(pointer) = &finding.pointer {
        location["logicalLocations"] = json!([{"fullyQualifiedName": pointer}]);
    }
    if location != json!({}) {
        result["locations"] = json!([location]);
    }
    result
}

fn physical(place: &Place) -> Value {
    json!({
        "artifactLocation": {"uri": uri(&place.file)},
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
            "snippet": {"text": place.excerpt},
        },
    })
}

/// A file name as the URI reference that SARIF asks for.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    for byte in file.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
