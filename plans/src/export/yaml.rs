//! Writes YAML in one fixed layout.
//!
//! The layout is our own and not the library's, because exports are compared byte by byte over
//! years, and a library may change its mind about quotes or line breaks. Plain scalars are written
//! only where no YAML reader could take them for anything else.

use serde_json::{Map, Value};

use crate::document::{Document, to_json};

/// Documents one after the other, parted by `---`. Defaults are left out.
pub fn to_yaml(documents: &[Document]) -> String {
    let mut out = String::new();
    for (ix, document) in documents.iter().enumerate() {
        if ix > 0 {
            out.push_str("---\n");
        }
        if let Value::Object(fields) = to_json(document) {
            mapping(&mut out, &fields, 0);
        }
    }
    out
}

fn mapping(out: &mut String, fields: &Map<String, Value>, indent: usize) {
    for (ix, (key, value)) in fields.iter().enumerate() {
        // The first key of a mapping inside a list stands on the line of its hyphen.
        if ix > 0 || !out.ends_with("- ") {
            pad(out, indent);
        }
        out.push_str(&scalar(key));
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() && !is_small(value) => {
                out.push('\n');
                mapping(out, inner, indent + 2);
            }
            Value::Array(items) if !items.is_empty() && !is_small(value) => {
                out.push('\n');
                list(out, items, indent + 2);
            }
            other => {
                out.push(' ');
                flow(out, other);
                out.push('\n');
            }
        }
    }
}

fn list(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        pad(out, indent);
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() && !is_small(item) => {
                mapping(out, inner, indent + 2);
            }
            other => {
                flow(out, other);
                out.push('\n');
            }
        }
    }
}

/// What fits on a line in braces or brackets: scalars, and collections of scalars that are short.
fn is_small(value: &Value) -> bool {
    const LINE: usize = 60;
    let flat = match value {
        Value::Object(fields) => fields.values().all(|v| !v.is_object() && !v.is_array()),
        Value::Array(items) => items.iter().all(|v| !v.is_object() && !v.is_array()),
        _ => return true,
    };
    let mut line = String::new();
    if flat {
        flow(&mut line, value);
    }
    flat && line.chars().count() <= LINE
}

fn flow(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::String(text) => out.push_str(&scalar(text)),
        Value::Array(items) => {
            out.push('[');
            for (ix, item) in items.iter().enumerate() {
                out.push_str(if ix > 0 { ", " } else { "" });
                flow(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (ix, (key, item)) in fields.iter().enumerate() {
                out.push_str(if ix > 0 { ", " } else { "" });
                out.push_str(&scalar(key));
                out.push_str(": ");
                flow(out, item);
            }
            out.push('}');
        }
    }
}

fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Words of letters, digits and a few signs, which begin with a letter and are no word that some
/// YAML reader takes for true, false, null or a number.
fn is_plain(text: &str) -> bool {
    const TAKEN: [&str; 11] =
        ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"];
    let network = text.contains('.')
        && (text.parse::<ipnet::IpNet>().is_ok() || text.parse::<std::net::Ipv4Addr>().is_ok());
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let span = text.parse::<crate::time::Span>().is_ok();
    let inside = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./ ".contains(c));
    let edges = !text.ends_with(' ') && !text.contains("  ");
    let key_of_plans = text == "on";
    inside
        && edges
        && (begins || network || span)
        && (key_of_plans || !TAKEN.contains(&text.to_ascii_lowercase().as_str()))
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Line separators, byte order marks and the like: YAML readers fold or refuse them raw.
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}
