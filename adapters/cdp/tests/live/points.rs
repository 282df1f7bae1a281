//! Groups of which a point is sent now and then.

use std::fs::File;

use muster_contract::Mode;
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Span;

use crate::guest::{Guest, SIZE, written};
use crate::pair::{Pair, demote, now, promote, reverse, sync};

const DISK: &str = "db.vda.img";

#[tokio::test(flavor = "multi_thread")]
async fn points_of_a_running_guest_and_the_way_back() {
    let Some(mut pair) = Pair::new("incremental", "1h").await else { return };
    let live = pair.a.shown(DISK);
    File::create(&live).unwrap().set_len(SIZE).unwrap();
    let guest = Guest::start(&pair.a.daemon, &pair.boot, "db", &live, "raw").await;
    let mut had = Vec::new();
    for _ in 0..2 {
        guest.writes_after(guest.last() + 30).await;
        let (before, began) = (guest.last(), now());
        pair.a.done(sync(), Mode::Planned).await;
        let took = now().since(began);
        let state = pair.b.state().await;
        let point = state.points[0].id.clone();
        let held = written(&pair.b.root().join("points/erp").join(point.as_str()).join(DISK));
        eprintln!("acknowledged {before} before, the point {point} has {held}, after {took}");
        assert!(held >= before && state.lag.unwrap() < Span::secs(30));
        had.push((point, held));
    }
    pair.a.daemon.kill("db");
    pair.a.stop().await;

    // An earlier point, and then a later one: nothing of either is changed by it.
    let (b, (older, held)) = (&pair.b, had[0].clone());
    b.done(promote(Some(&older), true), Mode::Unplanned).await;
    assert_eq!(written(&b.shown(DISK)), held);
    assert_eq!(b.state().await.promoted_point, Some(older));
    b.done(promote(Some(&had[1].0), true), Mode::Unplanned).await;
    assert_eq!(written(&b.shown(DISK)), had[1].1);
    assert_eq!(b.state().await.role, ReplicaRole::FailedOver);
    let guest = Guest::start(&b.daemon, &pair.boot, "db", &b.shown(DISK), "raw").await;
    assert!(guest.last() > had[1].1);
    pair.b.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_last_is_moved_as_well() {
    let Some(mut pair) = Pair::new("incremental", "1h").await else { return };
    let (a, b) = (&pair.a, &pair.b);
    let live = a.shown(DISK);
    File::create(&live).unwrap().set_len(SIZE).unwrap();
    let guest = Guest::start(&a.daemon, &pair.boot, "db", &live, "raw").await;
    a.done(sync(), Mode::Planned).await;
    guest.writes_after(guest.last() + 20).await;
    guest.power_off(&a.daemon).await;
    a.done(demote(), Mode::Planned).await;
    b.done(promote(None, false), Mode::Planned).await;
    let there = written(&b.shown(DISK));
    eprintln!("acknowledged {}, moved {there}", guest.last());
    assert!(there >= guest.last());
    b.done(reverse(), Mode::Planned).await;
    assert_eq!(a.state().await.role, ReplicaRole::Target);
    b.done(sync(), Mode::Planned).await;
    b.done(demote(), Mode::Planned).await;
    a.done(promote(None, false), Mode::Planned).await;
    assert_eq!(written(&a.shown(DISK)), there);
    pair.a.stop().await;
    pair.b.stop().await;
}
