//! Makes the schemas.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::document::{
    API_VERSION, BackendSpec, GroupSpec, InventoryMappingSpec, Kind, Metadata, PlanSpec,
    PolicySpec, ScheduleSpec, SiteSpec,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of one kind.
pub(super) fn schema_of(kind: Kind) -> Value {
    let mut generator = generator();
    let Value::Object(body) = body(kind, &mut generator) else { return Value::Null };
    let mut schema = Map::new();
    schema.insert("$schema".into(), DIALECT.into());
    schema.extend(body);
    schema.insert("$defs".into(), Value::Object(generator.take_definitions(true)));
    tidied(Value::Object(schema))
}

/// One schema that takes any kind, for `# yaml-language-server: $schema=muster.json`.
pub(super) fn combined() -> Value {
    let mut generator = generator();
    let bodies: Vec<(Kind, Value)> =
        Kind::ALL.into_iter().map(|kind| (kind, body(kind, &mut generator))).collect();
    let choices: Vec<Value> = Kind::ALL
        .into_iter()
        .map(|kind| {
            json!({
                "if": {"properties": {"kind": {"const": kind.as_str()}}, "required": ["kind"]},
                "then": {"$ref": format!("#/$defs/{kind}Document")},
            })
        })
        .collect();
    let mut defs = generator.take_definitions(true);
    for (kind, body) in bodies {
        defs.insert(format!("{kind}Document"), body);
    }
    let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
    tidied(json!({
        "$schema": DIALECT,
        "title": "Muster document",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {"apiVersion": {"const": API_VERSION}, "kind": {"enum": names}},
        "allOf": choices,
        "$defs": defs,
    }))
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_deserialize().into_generator()
}

fn body(kind: Kind, generator: &mut SchemaGenerator) -> Value {
    let metadata = generator.subschema_for::<Metadata>();
    let (spec, about) = match kind {
        Kind::Site => (generator.subschema_for::<SiteSpec>(), "A failure domain."),
        Kind::Backend => (generator.subschema_for::<BackendSpec>(), "An adapter instance."),
        Kind::StoragePolicy => (generator.subschema_for::<PolicySpec>(), "A storage policy."),
        Kind::InventoryMapping => (
            generator.subschema_for::<InventoryMappingSpec>(),
            "What maps to what between two sites.",
        ),
        Kind::ProtectionGroup => {
            (generator.subschema_for::<GroupSpec>(), "VMs that are protected together.")
        }
        Kind::RecoveryPlan => {
            (generator.subschema_for::<PlanSpec>(), "The recovery of protection groups.")
        }
        Kind::Schedule => {
            (generator.subschema_for::<ScheduleSpec>(), "When a plan is tested by itself.")
        }
    };
    json!({
        "title": kind.as_str(),
        "description": about,
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "Version of the plan language."},
            "kind": {"const": kind.as_str(), "description": "What the document is about."},
            "metadata": metadata,
            "spec": spec,
        },
        "additionalProperties": false,
    })
}

/// Takes `null` out: a field is left out or has a value. An empty one is mostly a mistake, and a
/// choice between a type and null makes for poor messages and poor completion.
fn tidied(schema: Value) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(tidied).collect(),
        Value::Object(fields) => Value::Object(without_null(fields)),
        other => other,
    }
}

fn without_null(fields: Map<String, Value>) -> Map<String, Value> {
    let null = json!({"type": "null"});
    let mut kept = Map::new();
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("default", Value::Null) => {}
            ("type", Value::Array(types)) => {
                let mut types: Vec<Value> = types.into_iter().filter(|t| t != "null").collect();
                let one = types.len() == 1;
                let value = if one { types.remove(0) } else { types.into() };
                kept.insert(key, value);
            }
            ("anyOf", Value::Array(choices)) if choices.contains(&null) => {
                let rest: Vec<Value> = choices.into_iter().filter(|c| c != &null).collect();
                match <[Value; 1]>::try_from(rest) {
                    Ok([Value::Object(only)]) => kept.extend(without_null(only)),
                    Ok([other]) => drop(kept.insert(key, json!([other]))),
                    Err(rest) => drop(kept.insert(key, tidied(rest.into()))),
                }
            }
            (_, value) => drop(kept.insert(key, tidied(value))),
        }
    }
    kept
}
