//! `apiVersion` and `kind`: what decides which schema holds.

use serde_json::Value;

use crate::document::{API_VERSION, Kind};
use crate::finding::{Code, Finding, shown};
use crate::schema::{Flaw, suggest};
use crate::source::At;

/// The kind of a document.
///
/// # Errors
/// What is wrong with the header. Without a known version and kind nothing else can be said about
/// the document.
pub(super) fn kind(value: &Value) -> Result<Kind, Vec<Flaw>> {
    if !value.is_object() {
        return Err(vec![flaw(
            "",
            Finding::error(
                Code::NotADocument,
                "this is no mapping, and a document is one",
                "start the document with `apiVersion: muster/v1`",
            ),
        )]);
    }
    let mut flaws = Vec::new();
    if value.get("apiVersion").is_some_and(|version| version != API_VERSION) {
        flaws.push(flaw("/apiVersion", version(&value["apiVersion"])));
    }
    let kind = match value.get("kind") {
        Some(Value::String(name)) => Kind::from_name(name).ok_or_else(|| unknown(name)),
        Some(other) => Err(unknown(&other.to_string())),
        None => Err(missing(value)),
    };
    match kind {
        Ok(kind) if flaws.is_empty() => Ok(kind),
        Ok(_) => Err(flaws),
        Err(flaw) => {
            flaws.push(flaw);
            Err(flaws)
        }
    }
}

fn flaw(pointer: &str, finding: Finding) -> Flaw {
    Flaw { pointer: pointer.into(), at: At::Value, finding }
}

fn version(given: &Value) -> Finding {
    let given = given.as_str().map_or_else(|| given.to_string(), String::from);
    Finding::error(
        Code::UnknownApiVersion,
        format!("`{}` is no version of the plan language", shown(&given)),
        format!("write `apiVersion: {API_VERSION}`"),
    )
}

fn unknown(name: &str) -> Flaw {
    let names = Kind::ALL.map(Kind::as_str);
    let message = format!("`{}` is no kind of document", shown(name));
    flaw("/kind", Finding::error(Code::UnknownKind, message, suggest::help(name, &names)))
}

fn missing(value: &Value) -> Flaw {
    let misspelt = value
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .find(|key| suggest::nearest(key, ["kind"]).is_some());
    let names = Kind::ALL.map(Kind::as_str);
    let help = match misspelt {
        Some(key) => format!("write `kind` where `{}` stands", shown(key)),
        None => format!("add `kind:` with one of {}", suggest::list(&names).unwrap_or_default()),
    };
    flaw("", Finding::error(Code::MissingField, "the document has no `kind`", help))
}
