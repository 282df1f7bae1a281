//! JSON Schemas of all kinds, made from the document types, and what they say about a document.

mod branch;
mod build;
mod explain;
mod lookup;
pub(crate) mod suggest;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::document::{Kind, format};
use crate::finding::Finding;
use crate::source::At;

/// Something that a schema forbids, and where in the document.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) pointer: String,
    pub(crate) at: At,
    pub(crate) finding: Finding,
}

struct Compiled {
    schema: Value,
    validator: Validator,
}

/// All schemas by their file name in `plans/schema/`: one for each kind, and `muster.json` for
/// editors, which takes any document.
pub fn schemas() -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Value> =
        Kind::ALL.into_iter().map(|kind| (file_name(kind), build::schema_of(kind))).collect();
    all.insert("muster.json".into(), build::combined());
    all
}

/// The file of a kind in `plans/schema/`: `recovery-plan.json`.
pub fn file_name(kind: Kind) -> String {
    let mut name = String::new();
    for c in kind.as_str().chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name + ".json"
}

/// Everything that the kind's schema forbids about a document, sorted by place in the document.
pub(crate) fn flaws(kind: Kind, document: &Value) -> Vec<Flaw> {
    let Some(Compiled { schema, validator }) = compiled(kind) else {
        return Vec::new();
    };
    validator.iter_errors(document).flat_map(|e| explain::flaws(schema, &e)).collect()
}

/// Schemas are compiled once. They are made of our own types, so that one does not compile is
/// caught by a test over all kinds.
fn compiled(kind: Kind) -> Option<&'static Compiled> {
    static ALL: OnceLock<BTreeMap<Kind, Compiled>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        Kind::ALL
            .into_iter()
            .filter_map(|kind| {
                let schema = build::schema_of(kind);
                let validator = validator(&schema).ok()?;
                Some((kind, Compiled { schema, validator }))
            })
            .collect()
    });
    all.get(&kind)
}

fn validator(schema: &Value) -> Result<Validator, String> {
    let mut options = jsonschema::options().should_validate_formats(true);
    for name in format::FORMATS {
        options = options.with_format(name, move |text: &str| format::check(name, text).is_ok());
    }
    options.build(schema).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests;
