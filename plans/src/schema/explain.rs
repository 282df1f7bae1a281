//! What a schema violation means, in sentences that name the values.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::{Flaw, branch, lookup, suggest};
use crate::document::{API_VERSION, format};
use crate::finding::{Code, Finding, shown};
use crate::source::At;

/// The findings of one violation.
pub(super) fn flaws(root: &Value, error: &ValidationError<'_>) -> Vec<Flaw> {
    let owner = lookup::owner(root, error.schema_path().as_str()).unwrap_or(&Value::Null);
    let one = |at, finding| vec![flaw(error, at, finding)];
    let value = error.instance().as_ref();
    if value.is_null() && !matches!(error.kind(), Kind::Required { .. }) {
        return one(At::Key, empty_value(error));
    }
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => unknown_fields(root, owner, error, unexpected),
        Kind::Required { property } => one(At::Key, missing(error, property)),
        Kind::Type { .. } if owner["format"] == "span" && value.is_number() => {
            one(At::Value, no_unit(error))
        }
        Kind::Type { kind } => {
            one(At::Value, wrong_type(error, &branch::type_name(kind), lookup::example(owner)))
        }
        Kind::Constant { .. } | Kind::Enum { .. } => {
            one(At::Value, unknown_value(error, &lookup::values(root, owner)))
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            no_alternative(root, owner, error, context)
        }
        Kind::Format { format } => one(At::Value, bad_format(error, format)),
        Kind::Minimum { .. } | Kind::Maximum { .. } => one(At::Value, out_of_range(error, owner)),
        Kind::MinItems { .. }
        | Kind::MaxItems { .. }
        | Kind::MinLength { .. }
        | Kind::MaxLength { .. } => one(At::Value, wrong_length(error, owner)),
        Kind::Pattern { .. } => one(At::Value, bad_name(error)),
        other => one(At::Value, fallback(error, other.keyword())),
    }
}

fn flaw(error: &ValidationError<'_>, at: At, finding: Finding) -> Flaw {
    Flaw { pointer: error.instance_path().as_str().to_owned(), at, finding }
}

/// `spec.vms[0].priority` for people; pointers are for programs.
fn path(error: &ValidationError<'_>) -> String {
    readable(error.instance_path().as_str())
}

pub(super) fn readable(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.chars().all(|c| c.is_ascii_digit()) && !path.is_empty() {
            path.push_str(&format!("[{part}]"));
        } else {
            let dot = if path.is_empty() { "" } else { "." };
            path.push_str(&format!("{dot}{}", shown(&part)));
        }
    }
    if path.is_empty() { "the document".into() } else { path }
}

fn unknown_fields(
    root: &Value,
    owner: &Value,
    error: &ValidationError<'_>,
    unexpected: &[String],
) -> Vec<Flaw> {
    let fields = lookup::fields(root, owner);
    let parent = error.instance_path().as_str();
    let about = |field: &String| {
        let escaped = field.replace('~', "~0").replace('/', "~1");
        let message = format!("`{}` is no field of {}", shown(field), path(error));
        let help = suggest::help(field, &fields);
        Flaw {
            pointer: format!("{parent}/{escaped}"),
            at: At::Key,
            finding: Finding::error(Code::UnknownField, message, help),
        }
    };
    unexpected.iter().map(about).collect()
}

fn missing(error: &ValidationError<'_>, property: &Value) -> Finding {
    let field = property.as_str().unwrap_or_default();
    let help = match field {
        "apiVersion" => format!("add `apiVersion: {API_VERSION}`"),
        "metadata" => "add `metadata: {name: …}`".into(),
        _ => format!("add `{field}:` to {}", path(error)),
    };
    Finding::error(Code::MissingField, format!("{} has no `{field}`", path(error)), help)
}

fn empty_value(error: &ValidationError<'_>) -> Finding {
    Finding::error(
        Code::EmptyValue,
        format!("{} has no value", path(error)),
        "give it a value, or remove the line",
    )
}

fn wrong_type(error: &ValidationError<'_>, expected: &str, example: Option<&str>) -> Finding {
    let help = match (example, error.instance().as_ref()) {
        (Some(example), _) => format!("write a text such as {example}"),
        (None, value @ (Value::Number(_) | Value::Bool(_))) if expected == "a text" => {
            format!("put it in quotes: \"{value}\"")
        }
        (None, value) if expected == "a list" && !value.is_object() => {
            format!("put it in brackets: [{}]", plain(value))
        }
        _ => format!("write {expected}"),
    };
    let message =
        format!("{} is {} where {expected} is expected", path(error), what(error.instance()));
    Finding::error(Code::WrongType, message, help)
}

fn no_unit(error: &ValidationError<'_>) -> Finding {
    let number = error.instance();
    Finding::error(
        Code::BadDuration,
        format!("{}: `{number}` has no unit", path(error)),
        format!("write {number}s for seconds, {number}m for minutes or {number}h for hours"),
    )
}

fn unknown_value(error: &ValidationError<'_>, allowed: &[String]) -> Finding {
    let text = plain(error.instance());
    let message = format!("`{text}` is no value of {}", path(error));
    Finding::error(Code::UnknownValue, message, suggest::help(&text, allowed))
}

fn no_alternative(
    root: &Value,
    owner: &Value,
    error: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'static>>],
) -> Vec<Flaw> {
    if let Some(meant) = branch::meant(branches, branch::depth_of(error)) {
        return meant.iter().flat_map(|error| flaws(root, error)).collect();
    }
    let values = lookup::values(root, owner);
    let fields = lookup::fields(root, owner);
    match error.instance().as_ref() {
        Value::String(_) if !values.is_empty() => {
            vec![flaw(error, At::Value, unknown_value(error, &values))]
        }
        Value::Object(given) if !fields.is_empty() => {
            let unexpected: Vec<String> =
                given.keys().filter(|key| !fields.contains(key)).cloned().collect();
            if unexpected.is_empty() {
                return vec![flaw(error, At::Key, alternatives(error, &fields, &values))];
            }
            unknown_fields(root, owner, error, &unexpected)
        }
        _ => {
            let expected = branch::types(branches).join(" or ");
            vec![flaw(error, At::Value, wrong_type(error, &expected, None))]
        }
    }
}

fn alternatives(error: &ValidationError<'_>, fields: &[String], values: &[String]) -> Finding {
    let all: Vec<&String> = fields.iter().chain(values).collect();
    let list = suggest::list(&all).unwrap_or_default();
    Finding::error(
        Code::WrongType,
        format!("{} must say exactly one thing", path(error)),
        format!("write one of {list}"),
    )
}

fn bad_format(error: &ValidationError<'_>, name: &str) -> Finding {
    let text = error.instance().as_str().unwrap_or_default();
    let message = format::check(name, text).err().unwrap_or_default();
    let code = match name {
        "span" => Code::BadDuration,
        "cidr" | "address" => Code::BadAddress,
        "cron" => Code::BadCron,
        "time-zone" => Code::BadTimeZone,
        _ => Code::BadPattern,
    };
    let help = match name {
        "span" => "write a number with its unit: ms, s, m, h or d, such as 90s, 5m or 1h 30m",
        "cidr" => "write address and prefix length, such as 10.10.0.0/24 or fd00:10::/64",
        "address" => "write one address without a prefix length, such as 10.20.0.1",
        "cron" => {
            "write minute, hour, day of month, month and day of week; `30 2 * * 7` is every \
             Sunday at 02:30"
        }
        "time-zone" => "write an area and a place, such as Europe/Paris, or UTC",
        _ => "close every bracket; `*` stands for any characters and `?` for one",
    };
    Finding::error(code, format!("{}: {message}", path(error)), help)
}

fn out_of_range(error: &ValidationError<'_>, owner: &Value) -> Finding {
    let message = format!("{} is {}", path(error), plain(error.instance()));
    let help = match (&owner["minimum"], &owner["maximum"]) {
        (Value::Number(min), Value::Number(max)) => format!("write a number from {min} to {max}"),
        (Value::Number(min), _) => format!("write {min} or more"),
        (_, Value::Number(max)) => format!("write {max} or less"),
        _ => "write another number".into(),
    };
    Finding::error(Code::OutOfRange, message, help)
}

fn wrong_length(error: &ValidationError<'_>, owner: &Value) -> Finding {
    let (message, help) = match error.instance().as_ref() {
        Value::Array(items) if !items.is_empty() => (
            format!("{} has {} entries", path(error), items.len()),
            format!("write at most {}; a match picks many VMs at once", owner["maxItems"]),
        ),
        Value::Array(_) => (
            format!("{} is an empty list", path(error)),
            "write at least one entry, or leave the field out if it may be left out".to_owned(),
        ),
        Value::String(text) if text.is_empty() => {
            (format!("{} is an empty text", path(error)), "write at least one character".to_owned())
        }
        other => (
            format!("{} is too long: `{}`", path(error), plain(other)),
            format!("write at most {} characters", owner["maxLength"]),
        ),
    };
    Finding::error(Code::WrongLength, message, help)
}

fn bad_name(error: &ValidationError<'_>) -> Finding {
    Finding::error(
        Code::BadName,
        format!("{}: `{}` is no name", path(error), plain(error.instance())),
        "write 1 to 63 lower case letters, digits and hyphens, with no hyphen at either end",
    )
}

fn fallback(error: &ValidationError<'_>, keyword: &str) -> Finding {
    Finding::error(
        Code::WrongType,
        format!("{} does not fit the schema's `{keyword}`", path(error)),
        "compare it with an example in plans/examples/",
    )
}

fn what(value: &Value) -> String {
    match value {
        Value::Null => "empty".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a mapping".into(),
        Value::String(text) => format!("the text `{}`", shown(text)),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
    }
}

fn plain(value: &Value) -> String {
    shown(&value.as_str().map_or_else(|| value.to_string(), String::from))
}
