//! The plain value of a tree, and what is wrong with it whatever its schema says.

use serde_json::{Map, Value};

use super::node::{Bytes, Content, Node};
use crate::finding::{Code, Finding, shown};

/// The value. `found` is called with each mistake and its bytes.
pub(crate) fn to_value(node: &Node, found: &mut impl FnMut(Finding, Bytes)) -> Value {
    match &node.content {
        Content::Scalar(value) => {
            if let Value::String(text) = value {
                control_characters(text, "text", node.span, found);
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
        control_characters(key, "key", *span, found);
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

fn control_characters(text: &str, what: &str, span: Bytes, found: &mut impl FnMut(Finding, Bytes)) {
    let bad = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
    if let Some(bad) = bad {
        found(control_character(bad, what), span);
    }
}

/// The finding about a character that no name, message or script argument may hold.
pub(crate) fn control_character(bad: char, what: &str) -> Finding {
    Finding::error(
        Code::ControlCharacter,
        format!("the {what} holds the control character U+{:04X}", u32::from(bad)),
        "remove it; only line breaks and tabs may stand beside printable characters",
    )
}
