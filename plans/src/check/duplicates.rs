//! Two documents of one kind with one name.

use std::collections::BTreeMap;

use crate::document::{Document, Kind};
use crate::finding::{Code, Finding};
use crate::source::{At, Located};

pub(super) fn check(documents: &[Located<Document>], findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<(Kind, &str), &Located<Document>> = BTreeMap::new();
    for document in documents {
        let kind = document.value.kind();
        let name = document.value.metadata.name.as_str();
        let Some(earlier) = first.get(&(kind, name)) else {
            first.insert((kind, name), document);
            continue;
        };
        let where_first = earlier
            .places
            .find("/metadata/name", At::Value)
            .map_or_else(String::new, |p| format!("; the other one is at {}:{}", p.file, p.line));
        let finding = Finding::error(
            Code::DuplicateDocument,
            format!("there are two documents {kind} `{name}`{where_first}"),
            "rename one of the two, or remove it",
        );
        findings.push(document.places.put(finding, "/metadata/name", At::Value));
    }
}
