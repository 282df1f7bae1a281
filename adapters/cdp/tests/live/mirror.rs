//! Groups that are mirrored.

use std::fs::File;
use std::time::Duration;

use muster_contract::{
    FenceState, FencingAdapter, FencingOp, Mode, Observation, Outcome, StorageOp,
};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Span;

use crate::guest::{Guest, SIZE, written};
use crate::pair::{GROUP, Pair, context, demote, now, promote, reverse, sync};

const DISK: &str = "db.vda.img";

async fn guest(pair: &Pair) -> Guest {
    let live = pair.a.shown(DISK);
    File::create(&live).unwrap().set_len(SIZE).unwrap();
    std::fs::write(pair.a.shown("home.xml"), "<domain/>").unwrap();
    let guest = Guest::start(&pair.a.daemon, &pair.boot, "db", &live, "raw").await;
    pair.a.until("the mirror", |state| state.in_sync).await;
    guest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_lost_and_nothing_acknowledged_is() {
    let Some(mut pair) = Pair::new("sync", "1h").await else { return };
    let guest = guest(&pair).await;
    let state = pair.b.until("the mirror", |state| state.in_sync).await;
    assert_eq!(state.points[0].id.as_str(), "current");
    assert!(pair.a.done(sync(), Mode::Planned).await.already);
    let n = guest.last();
    guest.writes_after(n + 60).await;
    assert!(pair.b.refused(promote(None, false), Mode::Planned).await.message.contains("writable"));
    // The whole site: guest and agent.
    pair.a.daemon.kill("db");
    let acknowledged = guest.last();
    pair.a.stop().await;

    let asked = promote(Some(&"current".into()), true);
    pair.b.done(asked, Mode::Unplanned).await;
    let state = pair.b.state().await;
    assert!(state.writable && state.mounted && state.role == ReplicaRole::FailedOver);
    let copied = written(&pair.b.shown(DISK));
    eprintln!("acknowledged {acknowledged}, recovered {copied}");
    assert!(copied >= acknowledged, "{acknowledged} acknowledged, {copied} recovered");
    assert_eq!(std::fs::read_to_string(pair.b.shown("home.xml")).unwrap(), "<domain/>");
    Guest::start(&pair.b.daemon, &pair.boot, "db", &pair.b.shown(DISK), "raw").await;
    pair.b.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_move_there_and_back() {
    let Some(mut pair) = Pair::new("sync", "1h").await else { return };
    let (a, b) = (&pair.a, &pair.b);
    let guest = guest(&pair).await;
    b.until("the mirror", |state| state.in_sync).await;
    guest.writes_after(guest.last() + 20).await;
    assert!(a.refused(demote(), Mode::Planned).await.message.contains("db runs on"));

    // A test meanwhile.
    let clone = || "test-7-erp".to_owned();
    let make = StorageOp::SnapshotForTest { group: GROUP.into(), clone: clone() };
    let before = guest.last();
    b.done(make, Mode::Test).await;
    let copy = b.root().join("clones").join(clone()).join(DISK);
    assert!(written(&copy) >= before);
    assert_eq!(b.state().await.role, ReplicaRole::InTest);
    let drop_it = StorageOp::DropTest { group: GROUP.into(), clone: clone() };
    b.done(drop_it, Mode::Cleanup).await;
    guest.writes_after(guest.last() + 5).await;

    guest.power_off(&a.daemon).await;
    let last = guest.last();
    a.done(demote(), Mode::Planned).await;
    assert!(a.done(demote(), Mode::Planned).await.already);
    let state = a.state().await;
    assert!(!state.writable && state.drained && state.in_sync && !state.mounted, "{state:#?}");
    b.done(promote(None, false), Mode::Planned).await;
    let there = written(&b.shown(DISK));
    eprintln!("acknowledged {last}, moved {there}");
    assert!(there >= last);
    assert_eq!(a.state().await.role, ReplicaRole::RemoteFailedOver);

    let guest = Guest::start(&b.daemon, &pair.boot, "db", &b.shown(DISK), "raw").await;
    b.done(reverse(), Mode::Planned).await;
    assert!(b.done(reverse(), Mode::Planned).await.already);
    b.until("the mirror back", |state| state.in_sync).await;
    guest.writes_after(guest.last() + 20).await;
    guest.power_off(&b.daemon).await;
    let last = guest.last();
    b.done(demote(), Mode::Planned).await;
    a.done(promote(None, false), Mode::Planned).await;
    assert!(written(&a.shown(DISK)) >= last);
    pair.a.stop().await;
    pair.b.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_silent_stops_guests_only_for_a_while() {
    let Some(mut pair) = Pair::new("sync", "1h").await else { return };
    let guest = guest(&pair).await;
    pair.b.until("the mirror", |state| state.in_sync).await;
    pair.b.stop().await;
    let n = guest.last();
    guest.writes_after(n + 20).await;
    let state = pair.a.until("its end", |state| !state.in_sync).await;
    assert!(state.writable && state.lag.is_some(), "{state:#?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let out = pair.a.outcome(demote(), Mode::Planned).await;
    assert!(matches!(out, Outcome::Refused(_)), "{out:?}");
    pair.a.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_cut_and_mended() {
    let Some(mut pair) = Pair::new("sync", "1h").await else { return };
    let guest = guest(&pair).await;
    let (a, b) = (&pair.a, &pair.b);
    b.until("the mirror", |state| state.in_sync).await;
    guest.writes_after(guest.last() + 20).await;
    pair.link.cut(true);
    // What was on its way may still be acknowledged.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (cut_at, n) = (now(), guest.last());
    guest.writes_after(n + 20).await;
    let stood = now().since(cut_at);
    eprintln!("cut at {n}; the guest went on after {stood}");
    // It did stand: each write waits for the other site.
    assert!(stood > Span::secs(1), "{stood}");
    assert!(stood < Span::secs(12), "patience is 3 s, and it was {stood}");
    a.until("its end", |state| !state.in_sync).await;
    let state = b.until("its end", |state| !state.in_sync).await;
    assert!(state.lag.is_some_and(|lag| lag > Span::ZERO), "{state:#?}");
    assert_eq!(state.points[0].id.as_str(), "current");

    pair.link.cut(false);
    a.until("the mirror again", |state| state.in_sync).await;
    let state = b.until("the mirror again", |state| state.in_sync).await;
    // What was whole when the link was cut is a point of its own, with all that was acknowledged by then.
    let kept = b.root().join("points/erp").join(state.points[1].id.as_str()).join(DISK);
    let held = written(&kept);
    eprintln!("the point of the cut holds {held}");
    assert!(held >= n && held < guest.last());
    guest.writes_after(guest.last() + 20).await;
    a.daemon.kill("db");
    let acknowledged = guest.last();
    pair.a.stop().await;
    pair.b.done(promote(None, true), Mode::Unplanned).await;
    let copied = written(&pair.b.shown(DISK));
    eprintln!("acknowledged {acknowledged}, recovered {copied}");
    assert!(copied >= acknowledged);
    pair.b.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_guests_of_a_group_and_a_fence() {
    let Some(mut pair) = Pair::new("sync", "1h").await else { return };
    let first = guest(&pair).await;
    let live = pair.a.shown("web.vda.img");
    File::create(&live).unwrap().set_len(SIZE).unwrap();
    let second = Guest::start(&pair.a.daemon, &pair.boot, "web", &live, "raw").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    pair.a.until("both mirrors", |state| state.in_sync).await;
    pair.b.until("both mirrors", |state| state.in_sync).await;
    second.writes_after(second.last() + 20).await;
    let before = (first.last(), second.last());

    // Kept out, nothing more comes in, though the guests go on.
    let fence = FencingOp::FenceSite { site: "paris".into() };
    let ctx = context(&pair.b.name, Mode::Unplanned);
    let raised = FencingAdapter::apply(&*pair.b.store, &ctx, &fence);
    assert!(matches!(raised.await, Outcome::Done(_)));
    let point = pair.b.state().await.points[0].id.clone();
    let folder = pair.b.root().join("points/erp").join(point.as_str());
    let held = (written(&folder.join(DISK)), written(&folder.join("web.vda.img")));
    assert!(held.0 >= before.0 && held.1 >= before.1, "{before:?} acknowledged, {held:?} held");
    first.writes_after(first.last() + 20).await;
    pair.a.until("word of the fence", |state| !state.writable).await;
    assert_eq!((written(&folder.join(DISK)), written(&folder.join("web.vda.img"))), held);
    let query = muster_contract::Query::Fence("paris".into());
    let state = FencingAdapter::query(&*pair.b.store, &query).await.unwrap().state;
    assert_eq!(state, Observation::Fence(FenceState::Asked), "its guests run");
    first.power_off(&pair.a.daemon).await;
    second.power_off(&pair.a.daemon).await;
    let state = FencingAdapter::query(&*pair.b.store, &query).await.unwrap().state;
    assert_eq!(state, Observation::Fence(FenceState::Fenced));
    pair.a.stop().await;
    pair.b.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_restarted_and_guests_never() {
    let Some(mut pair) = Pair::new("sync", "1h").await else { return };
    let guest = guest(&pair).await;
    pair.b.until("the mirror", |state| state.in_sync).await;
    // What no guest has open follows, whole.
    std::fs::write(pair.a.shown("home.xml"), "<domain>2</domain>").unwrap();
    let home = pair.b.root().join("mirrors/erp/home.xml");
    for _ in 0..100 {
        if std::fs::read_to_string(&home).unwrap() == "<domain>2</domain>" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(std::fs::read_to_string(&home).unwrap(), "<domain>2</domain>");

    pair.a.restart().await;
    assert!(pair.a.state().await.mounted, "a guest runs on it");
    pair.a.until("the mirror after a restart", |state| state.in_sync && state.writable).await;
    pair.b.restart().await;
    // What was whole before is a point, and the mirror begins again beside it.
    assert!(pair.b.state().await.points.len() >= 2);
    let n = guest.last();
    pair.b.until("the mirror after both", |state| state.in_sync).await;
    guest.writes_after(n + 20).await;
    pair.a.daemon.kill("db");
    let acknowledged = guest.last();
    pair.a.stop().await;
    pair.b.done(promote(None, true), Mode::Unplanned).await;
    let copied = written(&pair.b.shown(DISK));
    eprintln!("acknowledged {acknowledged}, recovered {copied}");
    assert!(copied >= acknowledged);
    assert_eq!(std::fs::read_to_string(pair.b.shown("home.xml")).unwrap(), "<domain>2</domain>");
    pair.b.stop().await;
}
