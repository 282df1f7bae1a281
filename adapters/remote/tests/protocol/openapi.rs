//! The published document: current, closed in itself, and true of the server.

use std::path::Path;

use crate::common::Scripted;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use muster_adapter_remote::openapi;
use muster_adapter_remote::serve::{ServeOptions, router};
use serde_json::Value;
use tower::ServiceExt;

#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.json");
    let made = format!("{:#}\n", openapi());
    if std::env::var_os("MUSTER_UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "adapters/openapi.json is not what the code says; run \
                `MUSTER_UPDATE=1 cargo test -p muster-adapter-remote --test protocol`";
    assert!(committed == made, "{hint}");
}

/// Calls for every value below one.
fn walk<'a>(value: &'a Value, see: &mut impl FnMut(&'a Value)) {
    see(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Value::Object(fields) => fields.values().for_each(|field| walk(field, see)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = openapi();
    let mut targets = Vec::new();
    walk(&document, &mut |value| targets.extend(value.get("$ref").and_then(Value::as_str)));
    for target in &targets {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let target = format!("#/components/schemas/{name}");
        assert!(targets.contains(&target.as_str()), "{name} is not used");
    }
    assert!(targets.len() > 100, "{}", targets.len());
}

/// A path with something in its parameters.
fn filled(path: &str) -> String {
    path.replace("{run}", "018f3c5a-0000-7000-8000-000000000001")
        .replace("{step}", "1")
        .replace("{attempt}", "u0")
}

#[tokio::test]
async fn every_documented_path_is_served() {
    let document = openapi();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(filled(path))
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from("{}"))
                .unwrap();
            let router = router(Scripted::new("paris"), ServeOptions::default());
            let status = router.oneshot(request).await.unwrap().status();
            // A body of `{}` is no operation, which is another answer than no such path.
            assert!(
                [StatusCode::OK, StatusCode::BAD_REQUEST].contains(&status),
                "{path}: {status}"
            );
        }
    }
}

#[test]
fn every_operation_kind_is_described() {
    let document = openapi();
    let text = document["components"]["schemas"].to_string();
    for kind in muster_contract::OperationKind::ALL {
        let name = serde_json::to_string(&kind).unwrap();
        assert!(text.contains(&name), "{name}");
    }
}
