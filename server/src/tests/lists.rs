//! Lists show real numbers, and are cheap.

use serde_json::json;

use super::Rig;
use crate::landscape::Landscape;
use crate::ops;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_over_keeps_its_counts() {
    let mut rig = Rig::start().await;
    let run = rig.begin(json!({"plan": "shop", "kind": "test"})).await;
    assert_eq!(rig.ended(run).await, "succeeded");
    rig.stop().await;
    rig.launch().await;
    assert!(rig.app().engine.view(run).is_none(), "nobody executes it any more");
    let (_, whole) = rig.get(&format!("/runs/{run}")).await;
    let (_, list) = rig.get("/runs").await;
    assert_eq!(list["items"][0]["phases"], whole["phases"]);
    let steps: u64 = whole["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| {
            assert_eq!(phase["done"], phase["total"], "{phase}");
            phase["total"].as_u64().unwrap()
        })
        .sum();
    assert!(steps > 10, "{whole:#}");
    assert!(rig.page("/runs").await.contains(&format!(">{steps}/{steps}<")));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_compiled_once_while_nothing_changes() {
    let mut rig = Rig::start().await;
    let app = rig.app();
    let before = app.outlooks.compiled();
    assert!(rig.page("/").await.contains("Time to recover"));
    assert!(app.outlooks.compiled() > before, "the overview asks somebody else");

    let landscape = app.current.get();
    let (plan, standing) = ("shop".into(), rig.standing("shop").await);
    let look = |landscape: Landscape| {
        let (plan, standing) = (&plan, &standing);
        async move {
            let outlook = ops::outlook(app, &landscape, plan, standing).await.unwrap();
            assert!(outlook.forecast.makespan_ms > 0);
            app.outlooks.compiled()
        }
    };
    let later = |generation: u64, digest: &str| Landscape {
        generation,
        digest: digest.to_owned(),
        ..Landscape::clone(&landscape)
    };
    let first = look(later(100, "a")).await;
    assert_eq!(look(later(100, "a")).await, first);
    assert_eq!(look(later(101, "a")).await, first + 1, "the inventory changed");
    assert_eq!(look(later(101, "b")).await, first + 2, "the documents changed");
    assert_eq!(look(later(101, "b")).await, first + 2);
    rig.stop().await;
}
