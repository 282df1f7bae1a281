//! After a restore nothing is done until somebody lets the server go on.

use std::time::Duration;

use axum::http::StatusCode;
use muster_contract::{Observation, Query};
use muster_engine::{Ending, Sites};
use muster_plans::id::{PlanName, SiteName};
use muster_store::Finish;
use serde_json::json;

use super::{Rig, refusal, refused};
use crate::auth::Role;
use crate::ops::Standing;

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
    let wrong = json!({"reason": "looked; lyon burned down", "without": ["paris"]});
    assert_eq!(refusal(rig.post(release, wrong).await), refused(409, "site-not-told"));
    // The same by the form of the page.
    let url = format!("{}/server/hold/release", rig.server.as_ref().unwrap().url);
    let form = rig.http.post(url).bearer_auth(&rig.token);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("reason=lyon+burned+down&without=lyon%2C").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    assert_eq!(rig.get("/server").await.1["onHold"], false);
    // The round that sees it return tells it.
    rig.sim("heal", lyon).await;
    let adapter = rig.app().sites.adapter(&SiteName::from("lyon")).unwrap();
    let seen = adapter.query(&Query::Alive).await.unwrap().state;
    let Observation::Alive { high_water } = seen else { panic!("{seen:?}") };
    assert_eq!(high_water.incarnation, 2, "it was told of the new life");
    rig.stop().await;
}

/// The backup is of before a failover: what it says contradicts the storage, which is right.
#[tokio::test(flavor = "multi_thread")]
async fn the_storage_is_right_where_the_database_is_older() {
    given_up(false).await;
}

/// Nobody may take up a run whose end was taken in, and yet it is given up.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_had_halted_is_given_up_too() {
    given_up(true).await;
}

async fn given_up(halted: bool) {
    let mut rig = Rig::start().await;
    let moved = rig.begin(json!({"plan": "archive", "kind": "planned"})).await;
    let backup = rig.backup();
    assert_eq!(rig.ended(moved).await, "succeeded");
    let before = rig.standing("archive").await;
    let turned = rig.begin(json!({"plan": "archive", "kind": "reprotect"})).await;
    assert_eq!(rig.ended(turned).await, "succeeded");
    rig.stop().await;
    rig.restore(backup);
    rig.launch().await;
    rig.settled().await;
    if halted {
        let row = rig.app().store.runs().get(moved).await.unwrap().unwrap();
        let end = Finish {
            run: moved,
            ending: Ending::Halted,
            at: row.created_at,
            state: "halted".to_owned(),
            summary: row.summary,
            release_groups: false,
            plan_state: None,
            chain: None,
            audit: Vec::new(),
        };
        rig.app().store.runs().finish(end).await.unwrap();
    }

    let (_, server) = rig.get("/server").await;
    let told = &server["contradictions"];
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{server:#}");
    assert_eq!((&told[0]["plan"], &told[0]["run"]), (&json!("archive"), &json!(moved.to_string())));
    assert!(rig.page("/").await.contains("The sites hold what the database does not know of."));
    let (status, released) =
        rig.post("/server/hold/release", json!({"reason": "looked at both"})).await;
    assert_eq!(status, StatusCode::OK, "{released:#}");
    assert_eq!(released["contradictions"], *told);
    assert_eq!(released["server"]["contradictions"], json!(null), "nothing is left of them");
    let row = rig.app().store.runs().get(moved).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.active), ("abandoned", false));
    let now = rig.standing("archive").await;
    assert_eq!((now.active, now.state.phase), (None, muster_plans::state::Phase::Idle));
    assert_ne!(
        now.state.direction, before.state.direction,
        "it was turned by a run that is forgotten"
    );
    assert!(rig.audit().await.contains(&"admin plan.rebuild".to_owned()));
    assert!(rig.page(&format!("/runs/{moved}")).await.contains("given up"));
    let resumed = rig.post(&format!("/runs/{moved}/resume"), json!({})).await;
    assert_eq!(refusal(resumed), refused(409, "not-allowed-now"));
    // The way back is open.
    let back = rig.begin(json!({"plan": "archive", "kind": "planned"})).await;
    assert_eq!(rig.ended(back).await, "succeeded");
    rig.stop().await;
}

/// No restore, and still the plan stands where its storage does not: as where a site was away when a hold
/// was released.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_set_against_its_storage_whenever_somebody_asks() {
    let mut rig = Rig::start().await;
    let archive = PlanName::from("archive");
    let before = rig.standing("archive").await;
    for kind in ["planned", "reprotect"] {
        let run = rig.begin(json!({"plan": "archive", "kind": kind})).await;
        assert_eq!(rig.ended(run).await, "succeeded");
    }
    let after = rig.standing("archive").await;
    let path = "/plans/archive/rebuild";
    let reason = json!({"reason": "looked at both arrays"});
    let (status, agreed) = rig.post(path, reason.clone()).await;
    assert_eq!((status, &agreed["contradictions"]), (StatusCode::OK, &json!([])), "{agreed:#}");
    assert_eq!(rig.standing("archive").await.version, after.version, "nothing was changed");
    // The plan forgets both runs.
    let forgotten = Standing { version: after.version, ..before.clone() };
    rig.app().store.plan_states().put(&forgotten.change(&archive)).await.unwrap();
    let wrong = rig.standing("archive").await;
    assert_eq!(wrong.state, before.state);

    let auditor = rig.user("ada", &[Role::Auditor, Role::RecoveryAdmin]).await;
    let denied = rig.post_as(&auditor, path, reason.clone()).await;
    assert_eq!(refusal(denied), refused(403, "not-allowed"));
    let blank = rig.post(path, json!({"reason": " "})).await;
    assert_eq!(refusal(blank), refused(422, "reason-needed"));
    let nobody = rig.post("/plans/nothing/rebuild", reason.clone()).await;
    assert_eq!(refusal(nobody), refused(404, "not-found"));

    let dry = json!({"reason": "to see", "dryRun": true});
    let (_, would) = rig.post(path, dry).await;
    assert_eq!(would["contradictions"][0]["then"], "the plan is then: at rest, direction reversed");
    assert_eq!(rig.standing("archive").await.version, wrong.version, "a dry run changes nothing");
    let page = rig.page("/plans/archive").await;
    assert!(page.contains("The storage says otherwise"), "{page}");
    assert!(page.contains("Take the storage's word"), "{page}");
    let (status, done) = rig.post(path, reason.clone()).await;
    assert_eq!((status, &done["contradictions"]), (StatusCode::OK, &would["contradictions"]));
    assert_eq!(rig.standing("archive").await.state, after.state);
    assert!(rig.audit().await.contains(&"admin plan.rebuild".to_owned()));
    assert!(!rig.page("/plans/archive").await.contains("The storage says otherwise"));
    // The way back is open, and while it is under way nobody sets anything.
    let test = rig.begin(json!({"plan": "bank", "kind": "test"})).await;
    rig.waits(test).await;
    let busy = rig.post("/plans/bank/rebuild", reason).await;
    assert_eq!(refusal(busy), refused(409, "not-allowed-now"));
    let back = rig.begin(json!({"plan": "archive", "kind": "planned"})).await;
    assert_eq!(rig.ended(back).await, "succeeded");
    rig.stop().await;
}

/// A database that was put back together with the mark beside it looks whole. The sites know better.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_has_seen_more_than_the_journal_holds_the_server() {
    let mut rig = Rig::start().await;
    let test = rig.begin(json!({"plan": "shop", "kind": "test"})).await;
    assert_eq!(rig.ended(test).await, "succeeded");
    rig.stop().await;
    let mut backup = rig.backup();
    let mark = rig.data().join("muster.db.life");
    backup.push((mark.clone(), std::fs::read(&mark).unwrap()));
    rig.launch().await;
    assert_eq!(rig.get("/server").await.1["onHold"], false, "nothing is lost yet");
    let cleanup = rig.begin(json!({"plan": "shop", "kind": "cleanup"})).await;
    assert_eq!(rig.ended(cleanup).await, "succeeded");
    rig.stop().await;
    rig.restore(backup);
    rig.launch().await;
    rig.settled().await;
    let (_, server) = rig.get("/server").await;
    assert_eq!((&server["onHold"], &server["incarnation"]), (&json!(true), &json!(2)));
    assert!(rig.audit().await.contains(&"muster server.hold".to_owned()));
    let reason = json!({"reason": "the cleanup is done"});
    assert_eq!(rig.post("/server/hold/release", reason).await.0, StatusCode::OK);
    let again = rig.begin(json!({"plan": "shop", "kind": "cleanup"})).await;
    assert_eq!(rig.ended(again).await, "succeeded", "a new life, with tokens above the old one");
    rig.stop().await;
}
