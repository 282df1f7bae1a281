//! Of two servers one executes a run, and the later one is always the higher one.

use muster_engine::{AppendError, Ending, Fence, Journal, Leases};
use muster_plans::time::Span;

use crate::Factory;
use crate::make::{NOW, TTL, create, entry, id, owner, records, run, taken};
use crate::runs::finish;

pub(crate) async fn one_owner_at_a_time(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    let almost = NOW + Span(TTL.0 - 1);
    for who in ["one", "two"] {
        assert_eq!(store.acquire(id(1), &owner(who), almost, TTL).await.unwrap(), None, "{who}");
    }
    assert!(store.renew(id(1), &fence, almost, TTL).await.unwrap());
    assert_eq!(store.acquire(id(1), &owner("two"), NOW + TTL, TTL).await.unwrap(), None);
}

pub(crate) async fn a_later_owner_has_a_higher_epoch(db: impl Factory) {
    let store = db.open().await;
    let first = taken(&store, 1).await;
    let second = store.acquire(id(1), &owner("two"), NOW + TTL, TTL).await.unwrap().unwrap();
    let expected = Fence { owner: owner("two"), epoch: first.epoch + 1, ..first.clone() };
    assert_eq!(second, expected);
    assert!(!store.renew(id(1), &first, NOW + TTL, TTL).await.unwrap());
    store.release(id(1), &first).await.unwrap();
    assert!(store.renew(id(1), &second, NOW + TTL, TTL).await.unwrap());
}

pub(crate) async fn of_two_runs_the_later_one_is_higher(db: impl Factory) {
    let store = db.open().await;
    let mut epochs = Vec::new();
    for n in 0..5 {
        epochs.push(taken(&store, n).await.epoch);
    }
    assert_eq!(epochs, [1, 2, 3, 4, 5]);
}

pub(crate) async fn a_run_given_back_cannot_be_written(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    store.release(id(1), &fence).await.unwrap();
    let answers = store.append(vec![entry(1, &fence, records(0, 1))]).await.unwrap();
    assert_eq!(answers, [Err(AppendError::FencedOff)]);
    let again = store.acquire(id(1), &owner("one"), NOW, TTL).await.unwrap().unwrap();
    assert!(again.epoch > fence.epoch);
}

pub(crate) async fn a_lease_that_ran_out_is_kept_until_somebody_takes_it(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    let late = NOW + TTL + TTL;
    assert!(store.renew(id(1), &fence, late, TTL).await.unwrap());
    assert_eq!(store.acquire(id(1), &owner("two"), late, TTL).await.unwrap(), None);
}

pub(crate) async fn a_run_that_does_not_exist_cannot_be_taken(db: impl Factory) {
    let store = db.open().await;
    store.runs().create(create(run(1), &[])).await.unwrap();
    assert!(store.acquire(id(2), &owner("one"), NOW, TTL).await.is_err());
    assert!(store.acquire(id(1), &owner("one"), NOW, TTL).await.unwrap().is_some());
}

pub(crate) async fn a_run_whose_end_was_taken_in_cannot_be_taken(db: impl Factory) {
    let store = db.open().await;
    store.runs().create(create(run(1), &[])).await.unwrap();
    store.runs().finish(finish(1, Ending::Halted, false)).await.unwrap();
    assert_eq!(store.acquire(id(1), &owner("one"), NOW, TTL).await.unwrap(), None);
    store.runs().reopen(id(1), "running", None, Vec::new()).await.unwrap();
    assert!(store.acquire(id(1), &owner("one"), NOW, TTL).await.unwrap().is_some());
}

pub(crate) async fn a_lease_is_ended_only_as_it_was_seen(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    let seen = store.held(id(1)).await.unwrap().unwrap();
    assert_eq!((&seen.fence, seen.until), (&fence, NOW + TTL));
    assert!(store.renew(id(1), &fence, NOW + TTL, TTL).await.unwrap());
    assert!(!store.end(id(1), &seen).await.unwrap(), "it was renewed meanwhile");
    assert_eq!(store.acquire(id(1), &owner("two"), NOW + TTL, TTL).await.unwrap(), None);
    let seen = store.held(id(1)).await.unwrap().unwrap();
    assert!(store.end(id(1), &seen).await.unwrap());
    assert_eq!(store.held(id(1)).await.unwrap(), None);
    assert!(!store.renew(id(1), &fence, NOW + TTL, TTL).await.unwrap());
    let answers = store.append(vec![entry(1, &fence, records(0, 1))]).await.unwrap();
    assert_eq!(answers, [Err(AppendError::FencedOff)]);
    assert!(store.acquire(id(1), &owner("two"), NOW, TTL).await.unwrap().is_some());
}
