//! Requests that are wrong.

use std::fmt::Write as _;

use muster_tests::{Ask, Demo, DemoOptions, Method};
use serde_json::json;

use super::assert_unharmed;

/// Each with a name; what is refused is a snapshot, so that a change of any answer is seen.
fn wrong(demo: &Demo) -> Vec<(&'static str, Ask)> {
    let runs = || demo.ask(Method::POST, "/api/v1/runs");
    let get = |path: &str| demo.ask(Method::GET, path);
    let nobody = "00000000-0000-7000-8000-000000000000";
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    vec![
        ("an unknown path", get("/api/v1/nothing")),
        ("an unknown path outside the interface", get("/nothing")),
        ("a wrong method", demo.ask(Method::DELETE, "/api/v1/plans")),
        ("a method nobody knows", demo.ask(Method::from_bytes(b"BREW").unwrap(), "/api/v1/runs")),
        ("no token", get("/api/v1/plans").without("authorization")),
        ("a wrong token", get("/api/v1/plans").header("authorization", "Bearer muster_nobody")),
        ("a scheme nobody knows", get("/api/v1/plans").header("authorization", "Basic YTpi")),
        (
            "a session that is over",
            get("/api/v1/plans").without("authorization").header("cookie", "muster_session=over"),
        ),
        ("a plan that is not there", get("/api/v1/plans/nothing")),
        ("a plan's name that is none", get("/api/v1/plans/..%2F..%2Fetc")),
        ("a run that is not there", get(&format!("/api/v1/runs/{nobody}"))),
        ("a run's id that is none", get("/api/v1/runs/42")),
        ("a cursor that nobody gave out", get("/api/v1/runs?cursor=!!!")),
        ("a limit that is no number", get("/api/v1/runs?limit=many")),
        ("a parameter that nobody knows", get("/api/v1/runs?limits=1")),
        ("no body", runs()),
        ("a body that is no JSON", runs().body("application/json", "{")),
        ("a body that is not UTF-8", runs().body("application/json", vec![0xff, 0xfe])),
        ("a body as deep as a well", runs().body("application/json", deep)),
        ("a media type that nobody reads", runs().body("text/plain", "shop")),
        ("a start without a plan", runs().json(&json!({"kind": "test"}))),
        ("an unknown field", runs().json(&json!({"plan": "shop", "kind": "test", "fast": true}))),
        ("a number for a name", runs().json(&json!({"plan": 7, "kind": "test"}))),
        ("an unknown kind", runs().json(&json!({"plan": "shop", "kind": "jump"}))),
        ("a plan that nobody wrote", runs().json(&json!({"plan": "none", "kind": "test"}))),
        ("a list for an object", runs().json(&json!([]))),
        ("11 MiB", runs().body("application/json", vec![b' '; 11 << 20])),
        (
            "a change without the version it is of",
            demo.ask(Method::PUT, "/api/v1/documents/RecoveryPlan/shop")
                .body("application/yaml", "x"),
        ),
        (
            "an answer to nothing",
            demo.ask(Method::POST, &format!("/api/v1/runs/{nobody}/answer")).json(&json!({})),
        ),
        ("a header that is no token", runs().header("idempotency-key", "k".repeat(10_000))),
    ]
}

#[test]
fn every_wrong_request_gets_its_code() {
    let demo = Demo::start(DemoOptions { vms: 20, ..DemoOptions::default() });
    let mut said = String::new();
    for (name, ask) in wrong(&demo) {
        let answer = ask.send();
        assert!((400..500).contains(&answer.status), "{name}: {} {}", answer.status, answer.text);
        writeln!(said, "{name}: {}", answer.refusal()).unwrap();
    }
    insta::assert_snapshot!("requests-refused", said);
    assert_unharmed(&demo);
}

#[test]
fn a_key_starts_one_run() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    let start = |kind: &str| {
        let body = json!({"plan": "shop", "kind": kind});
        demo.ask(Method::POST, "/api/v1/runs").header("idempotency-key", "once").json(&body).send()
    };
    let (first, second) = (start("test"), start("test"));
    assert_eq!((first.status, &first.json()["id"]), (second.status, &second.json()["id"]));
    assert_eq!(demo.get("/api/v1/runs")["items"].as_array().unwrap().len(), 1);
    assert_eq!(start("planned").refusal(), "422 key-reused");
}
