//! Walks a schema along a path, through its references.

use serde_json::Value;

/// The schema that holds the keyword at the end of a path: `/properties/spec/additionalProperties`
/// gives the schema of `spec`.
pub(super) fn owner<'a>(root: &'a Value, keyword_path: &str) -> Option<&'a Value> {
    let parent = keyword_path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let mut schema = resolved(root, root);
    for part in parent.split('/').skip(1) {
        if part == "$ref" {
            continue;
        }
        let part = part.replace("~1", "/").replace("~0", "~");
        let next = match schema {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            other => other.get(&part)?,
        };
        schema = resolved(root, next);
    }
    Some(schema)
}

/// Names of the fields that a schema knows, with those of its alternatives.
pub(super) fn fields(root: &Value, schema: &Value) -> Vec<String> {
    let schema = resolved(root, schema);
    let mut names: Vec<String> = schema["properties"]
        .as_object()
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default();
    for choice in ["oneOf", "anyOf"] {
        for branch in schema[choice].as_array().into_iter().flatten() {
            names.extend(fields(root, branch));
        }
    }
    names
}

/// Texts that a schema allows, through `const`, `enum` and alternatives.
pub(super) fn values(root: &Value, schema: &Value) -> Vec<String> {
    let schema = resolved(root, schema);
    let mut all: Vec<String> = Vec::new();
    all.extend(schema["const"].as_str().map(String::from));
    all.extend(schema["enum"].as_array().into_iter().flatten().filter_map(text));
    for choice in ["oneOf", "anyOf"] {
        for branch in schema[choice].as_array().into_iter().flatten() {
            all.extend(values(root, branch));
        }
    }
    all
}

/// The first example of a schema.
pub(super) fn example(schema: &Value) -> Option<&str> {
    schema["examples"].get(0)?.as_str()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(String::from)
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    // Our schemas have no circle of bare references; the bound keeps a mistake there finite.
    for _ in 0..16 {
        let Some(pointer) = schema.get("$ref").and_then(Value::as_str) else { break };
        let Some(next) = root.pointer(pointer.trim_start_matches('#')) else { break };
        schema = next;
    }
    schema
}
