//! What goes in on one side comes out on the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::common::{NOON, Scripted, bubble, context, listen, op_id, remote, remote_with};
use muster_adapter_remote::client::Now;
use muster_adapter_remote::serve::{ServeOptions, router, router_many};
use muster_contract::{
    AdapterError, ErrorClass, FenceDomain, Observation, OpStatus, Outcome, Query, Receipt,
    SiteAdapter, Token,
};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};

fn open() -> ServeOptions {
    ServeOptions::default()
}

#[tokio::test]
async fn every_question_is_answered_as_in_process() {
    let site = Scripted::new("paris");
    let (address, _tasks) = listen(router(site.clone(), open())).await;
    let remote = remote(&address);
    assert_eq!(remote.capabilities().await, site.capabilities().await);
    assert_eq!(remote.inventory().await, site.inventory().await);
    assert_eq!(remote.surroundings().await, site.surroundings().await);
    for query in [Query::Bubble("b-1".into()), Query::Alive, Query::Leftovers("t-1".into())] {
        assert_eq!(remote.query(&query).await, site.query(&query).await);
    }
    assert_eq!(remote.operation(&op_id(7)).await, Ok(OpStatus::NotKnown));
}

#[tokio::test]
async fn every_outcome_comes_back_as_it_was() {
    let site = Scripted::new("paris");
    let (address, _tasks) = listen(router(site.clone(), open())).await;
    let remote = remote(&address);
    let receipt =
        Receipt { already: true, at: Some(Time(5)), note: Some("stun 180 ms".to_owned()) };
    let outcomes = [
        Outcome::Done(receipt),
        Outcome::refused(ErrorClass::Capacity, "there is no room"),
        Outcome::unknown("the array did not answer"),
    ];
    for (step, outcome) in (0..).zip(outcomes) {
        *site.outcome.lock().unwrap() = Some(outcome.clone());
        assert_eq!(remote.execute(&context(step), &bubble("b-1")).await, outcome);
        assert_eq!(remote.operation(&op_id(step)).await, Ok(OpStatus::Ended(outcome)));
    }
    let query = Query::Bubble("b-1".into());
    let seen = remote.query(&query).await.unwrap().state;
    assert!(matches!(seen, Observation::Bubble(Some(_))), "{seen:?}");
}

#[tokio::test]
async fn a_deadline_counts_from_when_the_operation_came_in() {
    let site = Scripted::new("paris");
    let fast: Now = Arc::new(|| NOON + Span::mins(60));
    for now in [None, Some(fast)] {
        let options = ServeOptions { now, ..open() };
        let (address, _tasks) = listen(router(site.clone(), options)).await;
        remote(&address).execute(&context(1), &bubble("b-1")).await;
    }
    // The site's clock is an hour ahead of the caller's, who leaves a minute.
    let minute = Span::secs(60);
    let expected = [NOON + minute, NOON + Span::mins(60) + minute];
    assert_eq!(*site.deadlines.lock().unwrap(), expected);
}

#[tokio::test]
async fn cancel_and_fence_reach_the_adapter() {
    let site = Scripted::new("paris");
    let (address, _tasks) = listen(router(site.clone(), open())).await;
    let remote = remote(&address);
    let undo = muster_contract::OpId { undo: true, ..op_id(3) };
    assert_eq!(remote.cancel(&undo).await, Outcome::Done(()));
    assert_eq!(site.cancelled.lock().unwrap().iter().collect::<Vec<_>>(), [&undo]);
    let domain = FenceDomain { site: "paris".into(), group: None };
    let token = Token { incarnation: 1, epoch: 2, seq: 3 };
    let floor = Token { seq: 4, ..token };
    assert_eq!(remote.raise_fence(&domain, token).await, Outcome::Done(floor));
}

#[tokio::test]
async fn errors_keep_their_class() {
    let site = Scripted::new("paris");
    let (address, _tasks) = listen(router(site.clone(), open())).await;
    let remote = remote(&address);
    for class in [
        ErrorClass::Retry,
        ErrorClass::Auth,
        ErrorClass::NotFound,
        ErrorClass::Precondition,
        ErrorClass::Capacity,
        ErrorClass::Unsupported,
        ErrorClass::Bug,
    ] {
        let error = AdapterError::new(class, "as the array says");
        *site.error.lock().unwrap() = Some(error.clone());
        assert_eq!(remote.inventory().await, Err(error));
    }
}

#[tokio::test]
async fn many_sites_live_behind_one_address() {
    let (paris, lyon) = (Scripted::new("paris"), Scripted::new("lyon"));
    let sites: BTreeMap<SiteName, Arc<dyn SiteAdapter>> =
        BTreeMap::from([("paris".into(), paris as Arc<dyn SiteAdapter>), ("lyon".into(), lyon)]);
    let (address, _tasks) = listen(router_many(sites, open())).await;
    let there = remote(&format!("{address}/sites/paris/"));
    assert_eq!(there.capabilities().await.unwrap().site.as_str(), "paris");
    let other = remote(&format!("{address}/sites/lyon")).capabilities().await.unwrap_err();
    assert_eq!(other.class, ErrorClass::Bug);
    assert_eq!(other.message, "the agent of site `paris` answers as `lyon`");
    let none = remote(&format!("{address}/sites/oslo")).inventory().await.unwrap_err();
    assert_eq!(none.class, ErrorClass::NotFound);
    let nowhere = remote(&format!("{address}/elsewhere")).inventory().await.unwrap_err();
    assert_eq!(nowhere.class, ErrorClass::Bug);
}

#[tokio::test]
async fn without_the_token_nothing_is_said_or_done() {
    let site = Scripted::new("paris");
    let options = ServeOptions { token: Some("s3cret".to_owned()), now: None };
    let (address, _tasks) = listen(router(site.clone(), options)).await;
    for token in [None, Some("s3cres"), Some("s3cret2"), Some("")] {
        let remote = remote_with(&address, |options| options.token = token.map(str::to_owned));
        let error = remote.capabilities().await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Auth);
        // The first request of this operation may have come through with the right token.
        let outcome = remote.execute(&context(1), &bubble("b-1")).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    }
    assert_eq!(site.effects.load(Ordering::SeqCst), 0);
    let remote = remote_with(&address, |options| options.token = Some("s3cret".to_owned()));
    assert!(remote.capabilities().await.is_ok());
}

#[tokio::test]
async fn sixty_four_at_once_keep_their_answers_apart() {
    let site = Scripted::new("paris");
    let (address, _tasks) = listen(router(site.clone(), open())).await;
    let remote = remote(&address);
    let all = (0..64).map(|step| {
        let remote = &remote;
        async move { remote.execute(&context(step), &bubble(&format!("b-{step}"))).await }
    });
    let outcomes = futures_util::future::join_all(all).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done(Receipt::default())));
    assert_eq!(site.bubbles.lock().unwrap().len(), 64);
    assert_eq!(site.effects.load(Ordering::SeqCst), 64);
}
