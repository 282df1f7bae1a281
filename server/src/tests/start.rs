//! What a start insists on.

use axum::http::StatusCode;
use serde_json::json;

use super::{Rig, refusal, refused};
use crate::api::dto::{StartKind, StartRun};
use crate::auth::{Privilege, Privileges};
use crate::http::Code;
use crate::ops::{self, Asker};

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_comes_with_the_start_takes_its_own_privilege() {
    let mut rig = Rig::start().await;
    rig.sim("break", json!({"what": "site", "name": "paris"})).await;
    let attest = Some("the power is cut".to_owned());
    let wish = StartRun { attest, ..StartRun::of("shop", StartKind::Failover) };
    let mut asker = Asker {
        by: "bob".to_owned(),
        privileges: Privileges::of(&[Privilege::RunFailover]),
        ..Asker::default()
    };
    let refused = ops::start(rig.app(), &asker, &wish).await.unwrap_err();
    assert_eq!(refused.code, Code::NotAllowed, "{refused}");
    assert!(refused.detail.contains("run.attest"), "{refused}");
    assert_eq!(rig.get("/runs").await.1["items"], json!([]));
    asker.privileges = Privileges::of(&[Privilege::RunFailover, Privilege::RunAttest]);
    let run = ops::start(rig.app(), &asker, &wish).await.unwrap();
    rig.ended(run.id).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_graph_than_the_expected_one_is_not_started() {
    let mut rig = Rig::start().await;
    let (_, graph) = rig.get("/plans/bank/graph?kind=test").await;
    let digest = graph["digest"].as_str().unwrap().to_owned();
    let old = "0".repeat(64);
    let start = |digest: &str| json!({"plan": "bank", "kind": "test", "expectedDigest": digest});
    let (status, problem) = rig.post("/runs", start(&old)).await;
    assert_eq!(refusal((status, problem.clone())), refused(409, "digest-differs"));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(&old) && detail.contains(&digest), "{detail}");
    assert_eq!(rig.get("/runs").await.1["items"], json!([]));
    let (status, run) = rig.post("/runs", start(&digest)).await;
    assert_eq!(status, StatusCode::CREATED, "{run:#}");
    rig.stop().await;
}

/// What people read stays what it is while nothing but time goes by: an approval, or a digest in a
/// script, counts for more than a moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_does_not_change_by_itself() {
    let mut rig = Rig::start().await;
    for path in [
        "/plans/bank/graph?kind=failover",
        "/plans/shop/graph?kind=failover&forced=true",
        "/plans/bank/graph?kind=test",
        "/plans/shop/graph?kind=planned",
    ] {
        let (_, first) = rig.get(path).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        crate::tasks::inventory::round(rig.app()).await;
        let (_, second) = rig.get(path).await;
        assert_eq!(first["digest"].as_str().map(str::len), Some(64), "{first:#}");
        assert_eq!(first["digest"], second["digest"], "{path}");
    }
    rig.stop().await;
}

/// A report from before may be of a copy that was replaced since, above all after a restore.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_is_not_started_to_a_site_that_cannot_be_looked_at() {
    let mut rig = Rig::start().await;
    rig.sim("break", json!({"what": "site", "name": "paris"})).await;
    rig.sim("break", json!({"what": "server-link", "name": "lyon"})).await;
    let attest = Some("the power is cut".to_owned());
    let wish = StartRun { attest, ..StartRun::of("shop", StartKind::Failover) };
    let asker = Asker {
        by: "bob".to_owned(),
        privileges: Privileges::of(&[Privilege::RunFailover, Privilege::RunAttest]),
        ..Asker::default()
    };
    let refused = ops::start(rig.app(), &asker, &wish).await.unwrap_err();
    assert_eq!(refused.code, Code::PlanNotReady, "{refused}");
    assert!(refused.detail.contains("lyon does not answer"), "{refused}");
    rig.sim("heal", json!({"what": "server-link", "name": "lyon"})).await;
    let run = ops::start(rig.app(), &asker, &wish).await.unwrap();
    rig.ended(run.id).await;
    rig.stop().await;
}

/// A VM that has moved between what one site says now and what the other one said earlier is registered
/// nowhere: its storage would not be turned round, and nobody would be told.
#[tokio::test(flavor = "multi_thread")]
async fn production_is_moved_only_between_sites_that_can_both_be_looked_at() {
    let mut rig = Rig::start().await;
    for site in ["paris", "lyon"] {
        rig.sim("break", json!({"what": "server-link", "name": site})).await;
        let (status, problem) = rig.post("/runs", json!({"plan": "shop", "kind": "planned"})).await;
        assert_eq!(refusal((status, problem.clone())), refused(409, "plan-not-ready"));
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("{site} does not answer")), "{detail}");
        let (_, ready) = rig.get("/plans/shop/readiness?kind=planned").await;
        assert_eq!(ready["ready"], false, "{ready:#}");
        rig.sim("heal", json!({"what": "server-link", "name": site})).await;
    }
    let (status, run) = rig.post("/runs", json!({"plan": "shop", "kind": "planned"})).await;
    assert_eq!(status, StatusCode::CREATED, "{run:#}");
    rig.stop().await;
}
