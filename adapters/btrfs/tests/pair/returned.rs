//! A site that comes back after it was away, and does not know what happened meanwhile.

use std::fs;

use muster_contract::{ErrorClass, FencingOp, Mode, Mountable, Outcome, VolumeAdapter};
use muster_plans::inventory::ReplicaRole;

use crate::lab::{GROUP, Pair, Side, promote, sync};

/// A pair whose group has data at both sites, both of them stopped.
async fn away() -> Option<Pair> {
    let mut pair = Pair::with_group().await?;
    fs::write(pair.a.shown("db.raw"), "x").unwrap();
    pair.a.done(sync()).await;
    pair.a.stop().await;
    pair.b.stop().await;
    Some(pair)
}

/// Whether a hypervisor of the site may start a VM that writes, and whether anybody can.
async fn lets_write(side: &Side) -> (bool, bool) {
    let disk = side.root().join("legs").join(GROUP).join("db.raw");
    let opened = fs::OpenOptions::new().append(true).open(disk).is_ok();
    (side.store.writable(&"erp/db.raw".into()).await.unwrap(), opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_site_stays_closed_until_it_has_heard_who_was_promoted() {
    let Some(mut pair) = away().await else { return };
    pair.b.done_in(promote(None, true), Mode::Unplanned).await;
    pair.a.restart().await;
    assert_eq!(lets_write(&pair.a).await, (false, false));
    assert!(!pair.a.state().await.writable);
    let refused = pair.a.refused(promote(None, false)).await;
    assert!(refused.message.contains("needs evidence"), "{refused:?}");
    let home = pair.a.store.home(&"erp/db.raw".into(), muster_plans::id::VmId(uuid::Uuid::nil()));
    let error = pair.a.store.write(&home, "x").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Precondition);
    assert!(error.message.contains("until lyon was heard"), "{error}");
    pair.b.restart().await;
    pair.a.until("word of B", |state| state.role == ReplicaRole::RemoteFailedOver).await;
    assert_eq!(lets_write(&pair.a).await, (false, false));
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_site_goes_on_when_it_hears_that_nobody_was_promoted() {
    let Some(mut pair) = away().await else { return };
    pair.a.restart().await;
    assert_eq!(lets_write(&pair.a).await, (false, false));
    assert!(pair.a.state().await.mounted, "hosts go on seeing it");
    let group = GROUP.into();
    let off = pair.a.store.mount(Mountable::Group(&group), false).await;
    assert!(matches!(off, Outcome::Done(_)), "{off:?}");
    let on = pair.a.store.mount(Mountable::Group(&group), true).await;
    assert!(matches!(on, Outcome::Refused(ref why) if why.message.contains("lyon")), "{on:?}");
    pair.b.restart().await;
    pair.a.until("word of B", |state| state.writable).await;
    assert_eq!(lets_write(&pair.a).await, (true, true));
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_that_a_failover_went_to_needs_nobody_after_its_own_restart() {
    let Some(mut pair) = away().await else { return };
    let fence = FencingOp::FenceSite { site: "paris".into() };
    pair.b.fencing(fence, Mode::Unplanned).await;
    pair.b.done_in(promote(None, true), Mode::Unplanned).await;
    pair.b.restart().await;
    assert_eq!(lets_write(&pair.b).await, (true, true));
    assert!(pair.b.state().await.mounted);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_or_a_run_opens_a_site_that_is_left_alone() {
    let Some(mut pair) = away().await else { return };
    pair.a.restart().await;
    assert_eq!(lets_write(&pair.a).await, (false, false));
    let word = pair.a.root().join("state/peer-is-gone");
    fs::write(&word, "").unwrap();
    pair.a.until("a person's word", |state| state.writable).await;
    assert_eq!(lets_write(&pair.a).await, (true, true));
    // It is still there at the next restart, and is over when the other site is heard after all.
    pair.a.restart().await;
    pair.a.until("a person's word", |state| state.writable).await;
    pair.b.restart().await;
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if !word.exists() {
            break;
        }
    }
    assert!(!word.exists());

    pair.b.stop().await;
    pair.a.restart().await;
    assert_eq!(lets_write(&pair.a).await, (false, false));
    let before = pair.a.state().await.generation;
    pair.a.done_in(promote(None, true), Mode::Unplanned).await;
    assert_eq!(lets_write(&pair.a).await, (true, true));
    let state = pair.a.state().await;
    assert!(state.generation > before && state.role == ReplicaRole::Source && state.mounted);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vm_that_runs_is_left_alone_when_only_the_agent_restarts() {
    let Some(mut pair) = away().await else { return };
    let vm = fs::OpenOptions::new().append(true).open(pair.a.shown("db.raw")).unwrap();
    pair.a.restart().await;
    // Its disk takes writes, which is what is said of it; nobody is told to begin.
    assert!(pair.a.state().await.writable && pair.a.state().await.mounted);
    assert!(!pair.a.store.writable(&"erp/db.raw".into()).await.unwrap());
    pair.b.restart().await;
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if pair.a.store.writable(&"erp/db.raw".into()).await.unwrap() {
            break;
        }
    }
    assert_eq!(lets_write(&pair.a).await, (true, true));
    drop(vm);
    pair.end().await;
}
