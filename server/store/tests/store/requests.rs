//! A request that is sent twice is done once.

use muster_plans::time::Span;
use muster_store::{Begin, RequestKey, StoredResponse};

use crate::Factory;
use crate::make::{NOW, create, run};

fn key(user: &str) -> RequestKey {
    RequestKey {
        user: user.to_owned(),
        route: String::from("POST /api/v1/runs"),
        key: String::from("k1"),
    }
}

pub(crate) async fn a_request_is_done_once(db: impl Factory) {
    let store = db.open().await;
    let (requests, alice) = (store.requests(), key("alice"));
    assert_eq!(requests.begin(&alice, "h1", NOW).await.unwrap(), Begin::New);
    assert_eq!(requests.begin(&alice, "h1", NOW).await.unwrap(), Begin::InFlight);
    assert_eq!(requests.begin(&alice, "h2", NOW).await.unwrap(), Begin::OtherRequest);
    assert_eq!(requests.begin(&key("bob"), "h2", NOW).await.unwrap(), Begin::New);

    let response = StoredResponse {
        status: 201,
        headers: vec![(String::from("location"), String::from("/api/v1/runs/1"))],
        body: String::from("{}"),
    };
    requests.answer(&alice, &response).await.unwrap();
    assert_eq!(requests.begin(&alice, "h1", NOW).await.unwrap(), Begin::Answered(response));
    assert_eq!(requests.begin(&alice, "h2", NOW).await.unwrap(), Begin::OtherRequest);

    requests.forget(&key("bob")).await.unwrap();
    assert_eq!(requests.begin(&key("bob"), "h3", NOW).await.unwrap(), Begin::New);
    assert_eq!(requests.purge(NOW).await.unwrap(), 0);
    assert_eq!(requests.purge(NOW + Span(1)).await.unwrap(), 2);
}

pub(crate) async fn what_was_done_is_known_after_a_crash(db: impl Factory) {
    let store = db.open().await;
    let (alice, bob) = (key("alice"), key("bob"));
    for who in [&alice, &bob] {
        store.requests().begin(who, "h", NOW).await.unwrap();
    }
    let mut new = create(run(1), &[]);
    new.request = Some((alice.clone(), String::from("/api/v1/runs/1")));
    store.runs().create(new).await.unwrap();

    // The server is stopped before it answers either of them, and starts again.
    assert_eq!(store.requests().forget_abandoned().await.unwrap(), 1);
    let done = Begin::Done(String::from("/api/v1/runs/1"));
    assert_eq!(store.requests().begin(&alice, "h", NOW).await.unwrap(), done);
    assert_eq!(store.requests().begin(&bob, "h", NOW).await.unwrap(), Begin::New);
    store.requests().forget(&alice).await.unwrap();
    assert_eq!(store.requests().begin(&alice, "h", NOW).await.unwrap(), done, "it had an effect");
}
