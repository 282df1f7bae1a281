//! Without evidence that the failed site cannot write, nothing starts.

use muster_tests::{Demo, DemoOptions};

/// A demo whose protected site and witness are both silent.
fn in_the_dark() -> Demo {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    demo.sim("break", "witness", "bordeaux");
    demo.sim("break", "site", "paris");
    demo
}

fn start(plan: &str) -> [&str; 6] {
    ["run", "start", plan, "--kind", "failover", "--wait"]
}

#[test]
fn no_witness_and_no_fence_is_a_refusal_that_names_what_would_do() {
    let demo = in_the_dark();
    let refused = demo.muster(&start("shop")).expect(3);
    insta::assert_snapshot!("evidence-refused", refused.stderr.trim());
    let runs = demo.get("/api/v1/runs");
    assert_eq!(runs["items"], serde_json::json!([]), "nothing was begun");
    demo.truth().assert_safe();
}

#[test]
fn a_person_s_word_goes_on_under_their_name() {
    let demo = in_the_dark();
    let mut args = start("shop").to_vec();
    args.extend(["--attest", "the power of the hall is off, seen by me", "--output", "json"]);
    let run = demo.muster(&args).expect(0).json();
    let id = run["id"].as_str().unwrap();
    let steps = demo.get(&format!("/api/v1/runs/{id}/steps?limit=1000"));
    let gate = steps["items"].as_array().unwrap().iter().find(|s| s["kind"] == "gate").unwrap();
    assert_eq!(gate["message"], "admin attests: the power of the hall is off, seen by me");
    let audit = demo.get("/api/v1/audit?limit=50");
    let recorded = audit["items"].as_array().unwrap().iter().any(|entry| {
        entry["actor"] == "admin" && entry["detail"].to_string().contains("seen by me")
    });
    assert!(recorded, "{audit:#}");
    demo.truth().assert_safe();

    demo.sim("heal", "witness", "bordeaux");
    demo.sim("heal", "site", "paris");
    demo.run("shop", "failover", &[]);
    demo.run("shop", "failback", &[]);
    demo.truth().assert_safe();
}

#[test]
fn a_plan_that_accepts_no_word_takes_none() {
    let demo = in_the_dark();
    let mut args = start("archive").to_vec();
    args.extend(["--attest", "I am sure"]);
    let refused = demo.muster(&args).expect(3);
    insta::assert_snapshot!("evidence-no-word", refused.stderr.trim());
}

#[test]
fn a_site_that_is_seen_alive_is_not_failed_over() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    let refused = demo.muster(&start("shop")).expect(3);
    insta::assert_snapshot!("evidence-alive", refused.stderr.trim());
}
