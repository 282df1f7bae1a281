//! After a restore nothing is done until somebody lets the server go on.

use std::time::Duration;

use axum::http::StatusCode;
use muster_contract::{Observation, Query};
use muster_engine::Sites;
use muster_plans::id::SiteName;
use serde_json::json;

use super::{Rig, refusal, refused};
use crate::auth::Role;

/// Without a lease in between only the orderly stop tells the backup from the database.
#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_stop_closes_the_store() {
    let mut rig = Rig::start().await;
    rig.stop().await;
    rig.launch().await;
    assert_eq!(rig.get("/server").await.1["onHold"], false, "a restart is no restore");
    // A start would renew the mark too, so there is none between the backup and the stop.
    let backup = rig.backup();
    rig.stop().await;
    rig.restore(backup);
    rig.launch().await;
    let (_, server) = rig.get("/server").await;
    assert_eq!((&server["onHold"], &server["incarnation"]), (&json!(true), &json!(2)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_holds_until_it_is_released() {
    let mut rig = Rig::start().await;
    let run = rig.begin(json!({"plan": "bank", "kind": "test"})).await;
    let step = rig.waits(run).await;
    let backup = rig.backup();
    rig.stop().await;
    rig.restore(backup);
    rig.launch().await;

    // Everything is shown.
    let (status, shown) = rig.get(&format!("/runs/{run}")).await;
    assert_eq!((status, shown["plan"].as_str()), (StatusCode::OK, Some("bank")));
    assert!(rig.page("/").await.contains("On hold."));
    // Nothing is started, continued or answered.
    let held = refused(409, "server-on-hold");
    let start = json!({"plan": "shop", "kind": "test"});
    assert_eq!(refusal(rig.post("/runs", start.clone()).await), held);
    for (verb, body) in [
        ("answer", json!({"step": step, "goOn": true})),
        ("rule", json!({"step": step, "verdict": "done", "reason": "seen"})),
        ("attest", json!({"site": "paris", "reason": "seen"})),
        ("cancel", json!({})),
        ("resume", json!({})),
    ] {
        let answer = rig.post(&format!("/runs/{run}/{verb}"), body).await;
        assert_eq!(refusal(answer), held, "{verb}");
    }
    // The reconciler comes round every half second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(rig.app().engine.runs().is_empty(), "a run was continued");
    rig.stop().await;
    rig.launch().await;
    assert_eq!(rig.get("/server").await.1["onHold"], true, "a restart releases nothing");

    // Who may, with a reason, lets it go on.
    let auditor = rig.user("ada", &[Role::Auditor, Role::RecoveryAdmin]).await;
    let release = "/server/hold/release";
    let reason = json!({"reason": "looked at both sites"});
    assert_eq!(
        refusal(rig.post_as(&auditor, release, reason.clone()).await),
        refused(403, "not-allowed")
    );
    let blank = rig.post(release, json!({"reason": " "})).await;
    assert_eq!(refusal(blank), refused(422, "reason-needed"));
    assert_eq!(rig.get("/server").await.1["onHold"], true);
    let (status, released) = rig.post(release, reason.clone()).await;
    assert_eq!(status, StatusCode::OK, "{released:#}");
    assert_eq!(released["server"]["onHold"], false);
    let knows = json!({"site": "lyon", "read": true, "message": "knows incarnation 2"});
    assert_eq!(released["sites"][0], knows);
    assert!(rig.audit().await.contains(&"admin server.hold.release".to_owned()));
    assert!(!rig.page("/").await.contains("On hold."));
    let again = rig.post(release, reason).await;
    assert_eq!(refusal(again), refused(409, "not-allowed-now"));

    // The run goes on where it was.
    let step = rig.waits(run).await;
    let go_on = json!({"step": step, "goOn": true});
    let mut answered = rig.post(&format!("/runs/{run}/answer"), go_on.clone()).await;
    while refusal(answered.clone()) == refused(409, "not-allowed-now") {
        // Read from its journal; the reconciler has not come round yet.
        tokio::time::sleep(Duration::from_millis(50)).await;
        answered = rig.post(&format!("/runs/{run}/answer"), go_on.clone()).await;
    }
    assert_eq!(answered.0, StatusCode::OK, "{:#}", answered.1);
    assert_eq!(rig.ended(run).await, "succeeded");
    rig.begin(start).await;
    rig.stop().await;
}

/// A site that does not answer is not passed over in silence, and is told when it returns.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_site_is_named_and_told_when_it_returns() {
    let mut rig = Rig::start().await;
    let backup = rig.backup();
    rig.stop().await;
    rig.restore(backup);
    rig.launch().await;
    let lyon = json!({"what": "site", "name": "lyon"});
    rig.sim("break", lyon.clone()).await;
    let release = "/server/hold/release";
    let silent = rig.post(release, json!({"reason": "looked"})).await;
    assert_eq!(refusal(silent), refused(409, "site-not-told"));
    assert_eq!(rig.get("/server").await.1["onHold"], true, "nothing was released");
    let (status, released) =
        rig.post(release, json!({"reason": "looked; lyon burned down", "without": ["lyon"]})).await;
    assert_eq!((status, &released["server"]["onHold"]), (StatusCode::OK, &json!(false)));
    // The round that sees it return tells it.
    rig.sim("heal", lyon).await;
    let adapter = rig.app().sites.adapter(&SiteName::from("lyon")).unwrap();
    let seen = adapter.query(&Query::Alive).await.unwrap().state;
    let Observation::Alive { high_water } = seen else { panic!("{seen:?}") };
    assert_eq!(high_water.incarnation, 2, "it was told of the new life");
    rig.stop().await;
}
