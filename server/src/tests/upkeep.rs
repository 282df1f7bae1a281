//! What is done now and then.

use muster_plans::time::{Span, Time};
use muster_store::{Begin, RequestKey};

use super::Rig;
use crate::routes;
use crate::tasks::upkeep;

#[tokio::test(flavor = "multi_thread")]
async fn each_round_renews_the_mark_and_some_tidy() {
    let mut rig = Rig::start().await;
    let app = rig.app();
    let gate = routes::gate(&app.auth, None);
    let key = RequestKey {
        user: "admin".to_owned(),
        route: "POST /api/v1/runs".to_owned(),
        key: "yesterday".to_owned(),
    };
    let yesterday = Time(app.now().0 - i64::try_from(Span::mins(25 * 60).0).unwrap());
    app.store.requests().begin(&key, "hash", yesterday).await.unwrap();
    let life = rig.data().join("muster.db.life");
    let before = std::fs::read(&life).unwrap();
    upkeep::round(app, &gate, 1).await;
    assert_ne!(std::fs::read(&life).unwrap(), before, "the mark was not renewed");
    let known = app.store.requests().begin(&key, "hash", yesterday).await.unwrap();
    assert_eq!(known, Begin::InFlight, "not every round tidies");
    upkeep::round(app, &gate, 10).await;
    let known = app.store.requests().begin(&key, "hash", yesterday).await.unwrap();
    assert_eq!(known, Begin::New, "the old request is still there");
    rig.stop().await;
}
