//! The whole way: test, planned, failback, unplanned, return.

use std::fs;

use muster_contract::{
    Mode, Mountable, Observation, Outcome, Query, StorageAdapter, StorageOp, VolumeAdapter,
};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Span;

use crate::lab::{GROUP, Pair, demote, held, promote, reverse, sync};

/// Bytes that are no zeros and differ by seed.
fn data(seed: u8) -> Vec<u8> {
    (0..300_000u32).map(|ix| (ix.wrapping_mul(2_654_435_761) >> 13) as u8 ^ seed).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_touches_only_its_clone() {
    let pair = Pair::with_group().await;
    let (a, b) = (&pair.a, &pair.b);
    fs::write(a.shown("db.raw"), data(1)).unwrap();
    a.done(sync()).await;
    let clone = || "test-7-erp".to_owned();
    let make = StorageOp::SnapshotForTest { group: GROUP.into(), clone: clone() };
    let drop_it = StorageOp::DropTest { group: GROUP.into(), clone: clone() };
    b.refused(make.clone()).await;
    assert!(!b.done_in(make.clone(), Mode::Test).await.already);
    assert!(b.done_in(make, Mode::Test).await.already);
    assert_eq!(b.state().await.role, ReplicaRole::InTest);
    // Points come in meanwhile.
    let before = b.state().await.points[0].id.clone();
    a.done(sync()).await;
    assert!(b.state().await.points[0].id > before);
    let mount = b.store.mount(Mountable::Clone(&clone()), true).await;
    assert!(matches!(mount, Outcome::Done(_)), "{mount:?}");
    let file = b.root().join("tests").join(clone()).join("db.raw");
    assert_eq!(fs::read(&file).unwrap(), data(1));
    fs::write(&file, "scribble").unwrap();
    let tag = Query::Leftovers("test-7".into());
    let left = StorageAdapter::query(&*b.store, &tag).await.unwrap().state;
    assert_eq!(left, Observation::Leftovers(vec![format!("clone/{}", clone())]));
    // Without the tag, and while somebody uses it, it stays.
    b.refused(drop_it.clone()).await;
    let open = held(&file, false);
    assert!(b.refused_in(drop_it.clone(), Mode::Cleanup).await.message.contains("still uses"));
    drop(open);
    assert!(!b.done_in(drop_it.clone(), Mode::Cleanup).await.already);
    assert!(b.done_in(drop_it, Mode::Cleanup).await.already);
    assert_eq!(b.state().await.role, ReplicaRole::Target);
    assert_eq!(fs::read(a.shown("db.raw")).unwrap(), data(1));
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_again() {
    let pair = Pair::with_group().await;
    let (a, b) = (&pair.a, &pair.b);
    fs::write(a.shown("db.raw"), data(1)).unwrap();
    a.done(sync()).await;
    assert!(b.state().await.lag.unwrap() < Span::secs(20));
    fs::write(a.shown("late.raw"), data(2)).unwrap();

    // Planned: the source first, and nothing before it.
    assert!(b.refused(promote(None, false)).await.message.contains("is writable"));
    a.done(demote()).await;
    assert!(a.done(demote()).await.already);
    assert!(a.done(sync()).await.already);
    let state = a.state().await;
    assert!(!state.writable && state.drained && state.in_sync && !state.mounted, "{state:#?}");
    assert!(!a.shown("late.raw").exists());
    b.done(promote(None, false)).await;
    // It was told at once.
    assert_eq!(a.state().await.role, ReplicaRole::RemoteFailedOver);
    assert!(b.done(promote(None, false)).await.already);
    let state = b.state().await;
    assert_eq!((state.role, state.writable), (ReplicaRole::FailedOver, true));
    assert!(state.mounted && state.generation > a.state().await.generation);
    assert_eq!(fs::read(b.shown("db.raw")).unwrap(), data(1));
    assert_eq!(fs::read(b.shown("late.raw")).unwrap(), data(2));

    fs::write(b.shown("db.raw"), data(3)).unwrap();
    b.done(reverse()).await;
    assert!(b.done(reverse()).await.already);
    assert_eq!(b.state().await.role, ReplicaRole::Source);
    assert_eq!(a.state().await.role, ReplicaRole::Target);
    b.done(sync()).await;

    // Failback: the same with the sites exchanged, on top of points that came from either.
    b.done(demote()).await;
    a.done(promote(None, false)).await;
    assert_eq!(fs::read(a.shown("db.raw")).unwrap(), data(3));
    assert_eq!(fs::read(a.shown("late.raw")).unwrap(), data(2));
    fs::write(a.shown("db.raw"), data(4)).unwrap();
    a.done(reverse()).await;
    a.done(sync()).await;
    let point = b.state().await.points[0].id.clone();
    let copy = b.root().join("points/erp").join(point.as_str()).join("db.raw");
    assert_eq!(fs::read(copy).unwrap(), data(4));
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_returns_learns_that_it_is_the_past() {
    let mut pair = Pair::with_group().await;
    fs::write(pair.a.shown("db.raw"), data(1)).unwrap();
    pair.a.done(sync()).await;
    let good = pair.b.state().await.points[0].id.clone();
    fs::write(pair.a.shown("db.raw"), data(2)).unwrap();
    pair.a.done(sync()).await;
    pair.a.stop().await;
    fs::write(pair.a.shown("db.raw"), data(9)).unwrap();

    let b = &pair.b;
    assert!(b.refused(promote(Some(&good), false)).await.message.contains("does not answer"));
    b.done_in(promote(Some(&good), true), Mode::Unplanned).await;
    assert_eq!(fs::read(b.shown("db.raw")).unwrap(), data(1));
    assert_eq!(b.state().await.promoted_point, Some(good));
    fs::write(b.shown("db.raw"), data(3)).unwrap();
    b.refused(reverse()).await;

    // Both are open now, and one of them does not know.
    let mut writer = Some(held(&pair.a.shown("db.raw"), true));
    pair.a.restart().await;
    let (a, b) = (&pair.a, &pair.b);
    let state = a.until("word of B", |s| s.role == ReplicaRole::RemoteFailedOver).await;
    assert!(!state.writable && !state.mounted, "{state:#?}");
    assert!(b.refused(reverse()).await.message.contains("open"));
    assert_eq!(b.state().await.role, ReplicaRole::FailedOver);
    writer.take();
    let mount = a.store.mount(Mountable::Group(&GROUP.into()), true).await;
    assert!(matches!(mount, Outcome::Refused(_)), "{mount:?}");
    assert!(a.refused(promote(None, false)).await.message.contains("is writable"));

    b.done(reverse()).await;
    b.done(sync()).await;
    let state = a.state().await;
    assert_eq!(state.role, ReplicaRole::Target);
    let points = a.root().join("points/erp");
    let newest = points.join(state.points[0].id.as_str()).join("db.raw");
    assert_eq!(fs::read(newest).unwrap(), data(3));
    // What only A had was kept, and is no recovery point.
    let mut kept: Vec<_> = fs::read_dir(&points)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("before-"))
        .collect();
    kept.sort();
    assert_eq!(fs::read(kept.pop().unwrap().join("db.raw")).unwrap(), data(9));
    assert!(!a.root().join("legs/erp").exists());
    pair.end().await;
}
