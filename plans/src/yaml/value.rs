//! The plain value of a tree, and what is wrong with it whatever its schema says.

use serde_json::{Map, Value};

use super::node::{Bytes, Content, Node};
use crate::finding::{Code, Finding, shown};

/// The value. `found` is called with each mistake and its bytes.
pub(crate) fn to_value(node: &Node, found: &mut impl FnMut(Finding, Bytes)) -> Value {
    match &node.content {
        Content::Scalar(value) => {
            if let Some(finding) = value.as_str().and_then(bad_text) {
                found(finding, node.span);
            }
            value.clone()
        }
        Content::List(items) => items.iter().map(|item| to_value(item, found)).collect(),
        Content::Map(entries) => map(entries, found),
    }
}

fn map(entries: &[(String, Bytes, Node)], found: &mut impl FnMut(Finding, Bytes)) -> Value {
    let mut object = Map::new();
    for (key, span, node) in entries {
        if let Some(finding) = bad_key(key) {
            found(finding, *span);
        }
        let value = to_value(node, found);
        if object.contains_key(key) {
            found(duplicate(key), *span);
        } else {
            object.insert(key.clone(), value);
        }
    }
    Value::Object(object)
}

fn duplicate(key: &str) -> Finding {
    Finding::error(
        Code::DuplicateKey,
        format!("`{}` is given twice in the same mapping", shown(key)),
        "keep one of the two; YAML tools do not agree on which one counts",
    )
}

/// The finding about a text with a character that no message or script argument may hold.
pub(crate) fn bad_text(text: &str) -> Option<Finding> {
    let bad = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'))?;
    Some(control_character(
        bad,
        "text",
        "only line breaks and tabs may stand beside printable characters",
    ))
}

/// The same for the name of a field, a tag or a setting, which is one line.
pub(crate) fn bad_key(key: &str) -> Option<Finding> {
    let bad = key.chars().find(|c| c.is_control())?;
    Some(control_character(bad, "key", "a key is one line of printable characters"))
}

/// The finding about a character that cannot be meant.
pub(crate) fn control_character(bad: char, what: &str, rule: &str) -> Finding {
    Finding::error(
        Code::ControlCharacter,
        format!("the {what} holds the control character U+{:04X}", u32::from(bad)),
        format!("remove it; {rule}"),
    )
}
