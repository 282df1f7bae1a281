//! A recovery becomes final.

use axum::http::StatusCode;
use muster_plans::id::PlanName;
use muster_plans::state::Phase;
use muster_plans::time::Time;
use serde_json::json;

use super::{Rig, refusal, refused};
use crate::ops;

async fn recovered(rig: &Rig) {
    let start = json!({"plan": "shop", "kind": "planned", "noLive": true});
    let run = rig.begin(start).await;
    let word = rig.ended(run).await;
    assert!(word.starts_with("succeeded"), "{word}");
    let standing = rig.standing("shop").await;
    assert_eq!(standing.state.phase, Phase::CommitHeld);
    assert!(standing.commit_at.is_some_and(|at| at > rig.app().now()));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_ends_the_window() {
    let mut rig = Rig::start().await;
    let commit = "/plans/shop/commit";
    let nothing = rig.post(commit, json!({})).await;
    assert_eq!(refusal(nothing), refused(409, "not-allowed-now"));
    let nowhere = rig.post("/plans/nowhere/commit", json!({})).await;
    assert_eq!(refusal(nowhere), refused(404, "not-found"));
    recovered(&rig).await;
    let (_, plan) = rig.get("/plans/shop").await;
    assert_eq!(plan["commit"]["allowed"], true, "{plan:#}");
    assert!(rig.page("/plans/shop").await.contains("action=\"/plans/shop/commit\""));
    let (status, plan) = rig.post(commit, json!({"reason": "all is well"})).await;
    assert_eq!((status, &plan["phase"]), (StatusCode::OK, &json!("recovered")), "{plan:#}");
    assert_eq!(plan["commitAt"], json!(null));
    assert!(rig.audit().await.contains(&"admin plan.commit".to_owned()));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_ends_the_window() {
    let mut rig = Rig::start().await;
    recovered(&rig).await;
    ops::commit_due(rig.app()).await.unwrap();
    let standing = rig.standing("shop").await;
    assert_eq!(standing.state.phase, Phase::CommitHeld, "its time has not come");
    let due = ops::Standing { commit_at: Some(Time(rig.app().now().0 - 1)), ..standing };
    let change = due.change(&PlanName::from("shop"));
    rig.app().store.plan_states().put(&change).await.unwrap();
    // The reconciler comes round by itself.
    while rig.standing("shop").await.state.phase != Phase::Recovered {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(rig.standing("shop").await.commit_at, None);
    assert!(rig.audit().await.contains(&"muster plan.commit".to_owned()));
    rig.stop().await;
}
