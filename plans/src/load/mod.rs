//! Reads documents from files, with every mistake at its line and column.

mod collected;
mod header;
mod settings;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::document::{Document, json};
use crate::finding::{Code, Finding};
use crate::schema::Flaw;
use crate::source::{At, Lines, Located, Places, SourceFile, documents};
use crate::yaml;
use collected::{Collected, MAX_FINDINGS};

pub use settings::settings;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Documents without errors, in the order of the files.
    pub documents: Vec<Located<Document>>,
    /// Everything that is wrong, in the order of the files and of their lines.
    pub findings: Vec<Finding>,
}

impl Loaded {
    /// The documents without their places.
    pub fn values(&self) -> impl Iterator<Item = Document> + '_ {
        self.documents.iter().map(|document| document.value.clone())
    }
}

/// Reads files. A broken document is left out and the others are still read.
pub fn load(files: &[SourceFile]) -> Loaded {
    let mut loaded = Loaded::default();
    for file in files {
        read_file(file, &mut loaded);
    }
    loaded
}

/// Reads files, and checks their documents against each other. With a document that could not be
/// read, every reference to it would dangle and hide the real mistake, so what is said about
/// missing documents is left out then.
pub fn load_and_check(files: &[SourceFile]) -> Loaded {
    let mut loaded = load(files);
    let whole = !loaded.findings.iter().any(Finding::is_error);
    let checked = crate::check::check(&loaded.documents);
    let says_missing = [Code::DanglingReference, Code::SiteWithoutBackend];
    loaded
        .findings
        .extend(checked.into_iter().filter(|f| whole || !says_missing.contains(&f.code)));
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    crate::finding::sort(&mut loaded.findings, &names);
    loaded
}

/// What is wrong with a document that came as JSON.
pub(crate) fn findings_of(value: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    json_control_characters(value, &mut Vec::new(), &mut findings);
    findings.extend(flaws_of(value).into_iter().map(|f| f.finding.about(f.pointer)));
    findings.truncate(MAX_FINDINGS);
    findings
}

fn read_file(file: &SourceFile, loaded: &mut Loaded) {
    let lines = Arc::new(Lines::new(file));
    let ranges = documents(lines.text());
    if ranges.is_empty() {
        let mut finding = Finding::warning(
            Code::EmptyFile,
            "the file holds no document",
            "remove it, or write a document that starts with `apiVersion: muster/v1`",
        );
        finding.place = Some(lines.place(0..0));
        loaded.findings.push(finding);
    }
    for range in ranges {
        let mut collected = Collected::default();
        let document = read_document(&lines, range, &mut collected);
        loaded.findings.extend(collected.sorted());
        loaded.documents.extend(document);
    }
}

fn read_document(
    lines: &Arc<Lines>,
    range: std::ops::Range<usize>,
    found: &mut Collected,
) -> Option<Located<Document>> {
    let offset = range.start;
    let node = match parse(lines, range) {
        Ok(node) => node,
        Err(finding) => {
            found.push(|| *finding);
            return None;
        }
    };
    let mut value = Value::Null;
    if matches!(node.content, yaml::Content::Map(_)) {
        value = yaml::to_value(&node, &mut |finding, at| {
            let bytes = at.start as usize + offset..at.end as usize + offset;
            found.push(|| Finding { place: Some(lines.place(bytes)), ..finding });
        });
    }
    let places = Places::new(lines.clone(), offset, node);
    for Flaw { pointer, at, finding } in flaws_of(&value) {
        found.push(|| places.put(finding, &pointer, at));
    }
    if !found.is_empty() {
        return None;
    }
    match json::typed(value) {
        Ok(value) => Some(Located { value, places }),
        Err(finding) => {
            let pointer = finding.pointer.clone().unwrap_or_default();
            found.push(|| places.put(*finding, &pointer, At::Value));
            None
        }
    }
}

fn parse(lines: &Lines, range: std::ops::Range<usize>) -> Result<yaml::Node, Box<Finding>> {
    let at =
        |finding: Finding, bytes| Box::new(Finding { place: Some(lines.place(bytes)), ..finding });
    let text = &lines.text()[range.clone()];
    if text.len() > yaml::MAX_BYTES {
        let message =
            format!("the document has {} bytes; {} are allowed", text.len(), yaml::MAX_BYTES);
        let finding = Finding::error(Code::LimitExceeded, message, "split the document");
        return Err(at(finding, range.start..range.start));
    }
    let bad = |c: &(usize, char)| c.1.is_control() && !matches!(c.1, '\n' | '\r' | '\t');
    if let Some((byte, bad)) = text.char_indices().find(bad) {
        let byte = range.start + byte;
        return Err(at(
            yaml::control_character(bad, "document", "a document is plain text"),
            byte..byte + bad.len_utf8(),
        ));
    }
    yaml::parse(text).map_err(|problem| {
        let bytes = problem.at.start as usize..problem.at.end as usize;
        let finding = Finding::error(problem.code, problem.message, problem.help);
        at(finding, range.start + bytes.start..range.start + bytes.end)
    })
}

/// What the header and then the kind's schema say.
fn flaws_of(value: &Value) -> Vec<Flaw> {
    match header::kind(value) {
        Ok(kind) => crate::schema::flaws(kind, value),
        Err(flaws) => flaws,
    }
}

/// `keys` lead to the value. The pointer is made of them only where something is wrong: one for each value
/// would cost as much as all names above it, every time.
fn json_control_characters<'v>(
    value: &'v Value,
    keys: &mut Vec<Cow<'v, str>>,
    findings: &mut Vec<Finding>,
) {
    if findings.len() >= MAX_FINDINGS {
        return;
    }
    let found = |keys: &[Cow<'_, str>], finding: Finding| {
        let escaped = keys.iter().map(|key| key.replace('~', "~0").replace('/', "~1"));
        finding.about(escaped.fold(String::new(), |pointer, key| pointer + "/" + &key))
    };
    match value {
        Value::String(text) => {
            findings.extend(yaml::bad_text(text).map(|f| found(keys, f)));
        }
        Value::Array(items) => {
            for (ix, item) in items.iter().enumerate() {
                keys.push(Cow::Owned(ix.to_string()));
                json_control_characters(item, keys, findings);
                keys.pop();
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                findings.extend(yaml::bad_key(key).map(|f| found(keys, f)));
                keys.push(Cow::Borrowed(key));
                json_control_characters(item, keys, findings);
                keys.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
