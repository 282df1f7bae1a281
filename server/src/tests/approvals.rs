//! A failover that several persons must agree to.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Rig, refusal, refused};
use crate::auth::Role;
use crate::auth::tests::disable;

fn failover() -> Value {
    json!({"plan": "shop", "kind": "failover", "attest": "the power is cut"})
}

async fn approve(rig: &Rig, token: &str, asked: &Value) -> (StatusCode, Value) {
    let path = format!("/approvals/{}/approve", asked["id"].as_str().unwrap());
    rig.post_as(token, &path, json!({"digest": asked["digest"]})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_waits_for_as_many_other_persons_as_its_plan_says() {
    let mut rig = Rig::start().await;
    rig.change_plan("shop", |plan| plan["spec"]["on"]["failover"]["approvals"] = json!(2)).await;
    let bob = rig.user("bob", &[Role::Approver]).await;
    let eve = rig.user("eve", &[Role::Approver]).await;
    let ada = rig.user("ada", &[Role::Auditor]).await;
    rig.sim("break", json!({"what": "site", "name": "paris"})).await;

    let missing = refused(409, "approvals-missing");
    let (status, problem) = rig.post("/runs", failover()).await;
    assert_eq!(refusal((status, problem.clone())), missing, "{problem:#}");
    assert!(problem["detail"].as_str().unwrap().contains("has 0"), "{problem:#}");

    let (status, asked) = rig.post("/approvals", failover()).await;
    assert_eq!(status, StatusCode::CREATED, "{asked:#}");
    assert_eq!((&asked["state"], &asked["needed"]), (&json!("open"), &json!(2)));

    // Who asks, who may not, and who read another graph, approves nothing.
    let own = approve(&rig, &rig.token, &asked).await;
    assert_eq!(refusal(own), refused(403, "not-allowed"));
    assert_eq!(refusal(approve(&rig, &ada, &asked).await), refused(403, "not-allowed"));
    let mut other = asked.clone();
    other["digest"] = json!("0".repeat(64));
    assert_eq!(refusal(approve(&rig, &bob, &other).await), refused(409, "digest-differs"));
    assert_eq!(refusal(rig.post("/runs", failover()).await), missing);

    // The same person twice is one person.
    for _ in 0..2 {
        let (status, given) = approve(&rig, &bob, &asked).await;
        assert_eq!((status, &given["state"]), (StatusCode::OK, &json!("open")), "{given:#}");
    }
    let (_, problem) = rig.post("/runs", failover()).await;
    assert!(problem["detail"].as_str().unwrap().contains("has 1 (bob)"), "{problem:#}");

    let (_, given) = approve(&rig, &eve, &asked).await;
    assert_eq!(given["state"], "approved", "{given:#}");
    // Whoever starts it is none of the two.
    let sam = rig.user("sam", &[Role::RecoveryAdmin]).await;
    let (_, again) = rig.post_as(&sam, "/approvals", failover()).await;
    assert_eq!(again["digest"], asked["digest"], "nothing has changed");
    // Who may approve no longer, does not count.
    disable(&rig.app().auth, "eve", true).await.unwrap();
    assert_eq!(refusal(rig.post("/runs", failover()).await), missing);
    disable(&rig.app().auth, "eve", false).await.unwrap();

    let run = rig.begin(failover()).await;
    let row = rig.app().store.runs().get(run).await.unwrap().unwrap();
    assert_eq!(row.graph_digest, asked["digest"].as_str().unwrap(), "approved is executed");
    assert_eq!(row.summary["approvedBy"], json!(["bob", "eve"]));
    rig.ended(run).await;
    let (_, list) = rig.get("/approvals?plan=shop").await;
    let used = list["items"].as_array().unwrap().iter().find(|one| one["id"] == asked["id"]);
    let used = used.unwrap();
    assert_eq!((&used["state"], &used["run"]), (&json!("used"), &json!(run.to_string())));
    assert_eq!(refusal(approve(&rig, &sam, &asked).await), refused(409, "not-allowed-now"));
    let audit = rig.audit().await;
    for entry in ["admin run.approval.request", "bob run.approval.give", "eve run.approval.give"] {
        assert!(audit.contains(&entry.to_owned()), "{entry} of {audit:#?}");
    }
    rig.stop().await;
}

/// The starter's own word counts for nothing, whoever asked for the approval.
#[tokio::test(flavor = "multi_thread")]
async fn the_starter_is_not_the_second_pair_of_eyes() {
    let mut rig = Rig::start().await;
    rig.change_plan("shop", |plan| plan["spec"]["on"]["failover"]["approvals"] = json!(1)).await;
    let sam = rig.user("sam", &[Role::RecoveryAdmin]).await;
    rig.sim("break", json!({"what": "site", "name": "paris"})).await;
    let (_, asked) = rig.post("/approvals", failover()).await;
    let (status, given) = approve(&rig, &sam, &asked).await;
    assert_eq!((status, &given["state"]), (StatusCode::OK, &json!("approved")), "{given:#}");
    let own = rig.post_as(&sam, "/runs", failover()).await;
    assert_eq!(refusal(own), refused(409, "approvals-missing"));
    rig.begin(failover()).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_approval_is_not_asked_for() {
    let mut rig = Rig::start().await;
    let asked = rig.post("/approvals", failover()).await;
    assert_eq!(refusal(asked), refused(409, "not-allowed-now"));
    rig.stop().await;
}
