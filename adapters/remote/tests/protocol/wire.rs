//! What the server side accepts and how it says no.

use crate::common::{Scripted, bubble, context};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use muster_adapter_remote::serve::{ServeOptions, router};
use muster_adapter_remote::wire::OperationRequest;
use serde_json::{Value, json};
use tower::ServiceExt;

/// Status, media type, and body.
async fn asked(request: Request<Body>) -> (StatusCode, String, Value) {
    let router = router(Scripted::new("paris"), ServeOptions::default());
    let response = router.oneshot(request).await.unwrap();
    let media = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, media, serde_json::from_slice(&body).unwrap())
}

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

async fn code_of(request: Request<Body>) -> (u16, String) {
    let (status, media, body) = asked(request).await;
    assert_eq!(media, "application/problem+json");
    assert_eq!(body["status"], status.as_u16());
    assert_eq!(
        body["type"],
        format!("urn:muster:adapter-problem:{}", body["code"].as_str().unwrap())
    );
    (status.as_u16(), body["code"].as_str().unwrap().to_owned())
}

fn operation() -> Value {
    let request = OperationRequest { context: context(1), operation: bubble("b-1") };
    serde_json::to_value(request).unwrap()
}

#[tokio::test]
async fn an_operation_looks_like_this() {
    let run = "018f3c5a-0000-7000-8000-000000000001";
    let wanted = json!({
        "context": {
            "op_id": format!("{run}/1/0"),
            "token": {"incarnation": 1, "epoch": 1, "seq": 1},
            "domain": {"site": "paris", "group": "erp"},
            "deadline": 1_700_000_060_000_i64,
            "dry_run": false,
            "mode": "test",
            "run_tag": "t-1",
        },
        "operation": {"hypervisor": {"create-bubble": {"name": "b-1"}}},
    });
    assert_eq!(operation(), wanted);
    let (status, media, body) = asked(post("/adapter/v1/operations", wanted.to_string())).await;
    assert_eq!((status, media.as_str()), (StatusCode::OK, "application/json"));
    assert_eq!(body, json!({"done": {"already": false, "at": null}}));
}

#[tokio::test]
async fn refusals_have_stable_codes() {
    let path = "/adapter/v1/operations";
    let mut extra = operation();
    extra["context"]["priority"] = json!(1);
    extra["operation"]["hypervisor"]["create-bubble"]["vlan"] = json!(12);
    let huge = format!("{}{}", operation(), " ".repeat(1 << 20));
    let text = Request::post(path).body(Body::from(operation().to_string())).unwrap();
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let mut codes = Vec::new();
    for request in [
        post(path, "{"),
        post(path, "[".repeat(100_000)),
        post(path, extra.to_string()),
        post(path, huge),
        text,
        get(path),
        get("/adapter/v1/everything"),
        get("/adapter/v1/operations/no-uuid/1/0"),
        post("/adapter/v1/query", r#"{"leftovers": "t-1"}"#),
    ] {
        codes.push(code_of(request).await);
    }
    let codes: Vec<_> = codes.iter().map(|(status, code)| (*status, code.as_str())).collect();
    assert_eq!(
        codes,
        [
            (400, "protocol.malformed"),
            (400, "protocol.malformed"),
            (400, "protocol.unknown-field"),
            (413, "protocol.too-large"),
            (415, "protocol.media-type"),
            (405, "protocol.method"),
            (404, "protocol.no-such-path"),
            (400, "protocol.operation-id"),
            (501, "adapter.unsupported"),
        ]
    );
}

/// Path and body of every example that is sent.
fn examples(text: &str) -> Vec<(String, String)> {
    let sent = text.split("$ curl -s $A").skip(1).filter_map(|rest| {
        let command = rest.split("\n$ ").next()?;
        let (path, after) = command.split_once(' ')?;
        let body = after.split_once("-d '")?.1.split_once('\'')?.0;
        Some((format!("/adapter/v1{path}"), body.to_owned()))
    });
    sent.collect()
}

#[tokio::test]
async fn the_examples_for_people_are_understood() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let examples = examples(&std::fs::read_to_string(path).unwrap());
    let paths: Vec<_> = examples.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/adapter/v1/operations", "/adapter/v1/query", "/adapter/v1/fence"]);
    for (path, body) in examples {
        let (status, _, answer) = asked(post(&path, body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    }
}
