//! The published description of the protocol, made from the table of endpoints and from the types
//! that serde reads.

use muster_contract::{
    Capabilities, Observed, OpStatus, Outcome, PROTOCOL_VERSION, Query, Receipt, Token,
};
use muster_plans::inventory::SiteInventory;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::problem::{Code, Problem};
use crate::serve::{Body, Endpoint, endpoints};
use crate::wire::{FenceRequest, Health, OperationRequest, ROOT, Surroundings};

const ABOUT: &str = "What a site agent answers, whatever product stands behind it. JSON over HTTP; \
    times are milliseconds since 1970-01-01T00:00:00Z, spans are milliseconds. Requests are read \
    strictly: a field that the agent does not know is refused with `protocol.unknown-field`. \
    Answers are read leniently: an agent may add fields. Errors are problem details (RFC 9457) \
    with a stable `code`; an error, a timeout or a broken connection on `execute`, `cancel` or \
    `raiseFence` says nothing of whether the operation had its effect.";

/// The OpenAPI 3.1 document of the adapter protocol.
pub fn openapi() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let path = format!("{ROOT}{}", endpoint.path);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[endpoint.method] = operation(&endpoint, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Muster adapter protocol",
            "version": PROTOCOL_VERSION.to_string(),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {"Problem": {
                "description": format!("An error. `code` is one of: {}.", codes()),
                "content": {"application/problem+json": {"schema": problem}},
            }},
            "schemas": schemas.take_definitions(true),
        },
    })
}

fn codes() -> String {
    let codes = Code::ALL.map(|code| {
        let (text, status, _) = code.parts();
        format!("`{text}` ({})", status.as_u16())
    });
    codes.join(", ")
}

fn operation(endpoint: &Endpoint, schemas: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": endpoint.summary,
        "description": endpoint.description,
    });
    let names: Vec<&str> = endpoint.path.split('/').filter_map(parameter_name).collect();
    if !names.is_empty() {
        operation["parameters"] = names.into_iter().map(parameter).collect();
    }
    if let Some(body) = endpoint.request {
        let content = json!({"application/json": {"schema": schema(body, schemas)}});
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation["responses"] = json!({
        "200": {
            "description": "The answer.",
            "content": {"application/json": {"schema": schema(endpoint.response, schemas)}},
        },
        "default": {"$ref": "#/components/responses/Problem"},
    });
    if endpoint.id == "health" {
        operation["security"] = json!([]);
    }
    operation
}

fn parameter_name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn parameter(name: &str) -> Value {
    let (description, schema) = match name {
        "run" => ("The run.", json!({"type": "string", "format": "uuid"})),
        "step" => {
            ("Index of the step.", json!({"type": "integer", "format": "uint32", "minimum": 0}))
        }
        _ => (
            "The attempt, from 0; with a leading `u` for an undo.",
            json!({"type": "string", "pattern": "^u?[0-9]+$"}),
        ),
    };
    json!({
        "name": name, "in": "path", "required": true, "description": description, "schema": schema,
    })
}

fn schema(body: Body, schemas: &mut SchemaGenerator) -> Schema {
    match body {
        Body::Capabilities => schemas.subschema_for::<Capabilities>(),
        Body::SiteInventory => schemas.subschema_for::<SiteInventory>(),
        Body::Surroundings => schemas.subschema_for::<Surroundings>(),
        Body::OperationRequest => schemas.subschema_for::<OperationRequest>(),
        Body::OutcomeReceipt => schemas.subschema_for::<Outcome<Receipt>>(),
        Body::OutcomeNothing => schemas.subschema_for::<Outcome<()>>(),
        Body::OutcomeToken => schemas.subschema_for::<Outcome<Token>>(),
        Body::OpStatus => schemas.subschema_for::<OpStatus>(),
        Body::Query => schemas.subschema_for::<Query>(),
        Body::Observed => schemas.subschema_for::<Observed>(),
        Body::FenceRequest => schemas.subschema_for::<FenceRequest>(),
        Body::Health => schemas.subschema_for::<Health>(),
    }
}
