//! Two clusters that mirror each other: a planned migration and back to protection, a test, an unplanned failover
//! and the way back from two primaries, a fence.

use muster_contract::{
    FenceState, FencingOp, Mode, Outcome, StorageAdapter, StorageOp, VolumeAdapter,
};
use muster_plans::id::VmId;
use muster_plans::inventory::{ReplicaRole, SiteInventory};
use muster_plans::time::Time;

use crate::lab::*;

fn site(name: &str, peer: &str, conf: &str, peer_conf: &str, mode: &str) -> Site {
    let pool = serde_json::json!({"pool": "rbd", "container": format!("{name}-rbd"), "mode": mode,
        "intervalSeconds": 300});
    let config =
        serde_json::json!({"conf": conf, "peer": peer, "peerConf": peer_conf, "pools": [pool]});
    Site::open(name, config)
}

#[tokio::test]
async fn images_mirrored_by_snapshot() {
    walk("mirror-snapshot").await;
}

#[tokio::test]
async fn images_mirrored_by_journal() {
    walk("mirror-journal").await;
}

async fn walk(mode: &str) {
    let wanted = std::env::var("MUSTER_CEPH_MODE").unwrap_or_else(|_| mode.to_owned());
    let (Some(a), Some(b)) = (named("MUSTER_CEPH_A"), named("MUSTER_CEPH_B")) else { return };
    if wanted != mode {
        return;
    }
    for image in ["db", "web"] {
        let spec = format!("rbd/{image}");
        run(&a, &["rbd", "create", "--size", "16M", &spec]);
        run(&a, &["rbd", "image-meta", "set", &spec, "muster.group", GROUP]);
        run(&a, &["rbd", "mirror", "image", "enable", &spec, mode.trim_start_matches("mirror-")]);
    }
    let paris = site("paris", "lyon", &a, &b, mode);
    let lyon = site("lyon", "paris", &b, &a, mode);
    let state = paris.look().await;
    assert_eq!((state.role, state.writable, state.generation), (ReplicaRole::Source, true, 0));
    // The copy may be marked with the next snapshot only.
    while StorageAdapter::query(&*lyon.ceph, &muster_contract::Query::Group(GROUP.into()))
        .await
        .is_ok_and(|seen| seen.state == muster_contract::Observation::Group(None))
    {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    home(&paris).await;
    paris.done(Mode::Planned, &sync()).await;
    lyon.until("the home is there", |state| !state.writable).await;
    migrate(&paris, &lyon, &a).await;
    test(&paris, &lyon).await;
    fail_over(&paris, &lyon, &b).await;
    fence(&paris).await;
}

fn vm() -> VmId {
    VmId(uuid::Uuid::from_u128(42))
}

async fn home(paris: &Site) {
    let home = paris.ceph.home(&format!("{GROUP}/db").as_str().into(), vm());
    assert_eq!(paris.ceph.read(&home, None).await.unwrap(), None);
    for text in ["<domain>1</domain>", "<domain>2</domain>"] {
        paris.ceph.write(&home, text).await.unwrap();
        assert_eq!(paris.ceph.read(&home, None).await.unwrap().as_deref(), Some(text));
    }
}

/// To lyon as planned, then protected the other way round.
async fn migrate(paris: &Site, lyon: &Site, a: &str) {
    assert!(lyon.refused(Mode::Planned, &promote(false, 0)).await.contains("is writable"));
    {
        let _writer = Writer::start(a, "rbd/db");
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert!(paris.refused(Mode::Planned, &demote()).await.contains("open"));
    }
    paris.done(Mode::Planned, &demote()).await;
    assert!(paris.done(Mode::Planned, &demote()).await.already);
    let state = paris.look().await;
    assert!(state.drained && !state.writable && state.role == ReplicaRole::Source, "{state:?}");
    lyon.done(Mode::Planned, &promote(false, 4)).await;
    let state = lyon.look().await;
    assert_eq!((state.role, state.writable, state.generation), (ReplicaRole::FailedOver, true, 5));
    assert!(lyon.done(Mode::Planned, &promote(false, 4)).await.already);
    paris.until("paris has heard", |s| s.role == ReplicaRole::RemoteFailedOver).await;
    assert!(paris.refused(Mode::Planned, &promote(false, 0)).await.contains("is writable"));
    lyon.done(Mode::Planned, &reverse()).await;
    assert!(lyon.done(Mode::Planned, &reverse()).await.already);
    let state = lyon.look().await;
    assert_eq!(state.role, ReplicaRole::Source);
    lyon.done(Mode::Planned, &sync()).await;
    let state = paris.until("paris is a target", |s| s.role == ReplicaRole::Target).await;
    assert_eq!(state.generation, 5);
    let home = lyon.ceph.home(&format!("{GROUP}/db").as_str().into(), vm());
    assert_eq!(lyon.ceph.read(&home, None).await.unwrap().as_deref(), Some("<domain>2</domain>"));
    let mut all = SiteInventory::empty(paris.name.clone(), Time(0));
    paris.ceph.inventory(&mut all).await.unwrap();
    eprintln!("{:#?}", (&all.groups, &all.containers));
    assert_eq!((all.groups.len(), all.volumes.len()), (1, 3));
}

/// A test at the copy.
async fn test(paris: &Site, lyon: &Site) {
    let make = StorageOp::SnapshotForTest { group: GROUP.into(), clone: "t7".into() };
    let drop = StorageOp::DropTest { group: GROUP.into(), clone: "t7".into() };
    paris.done(Mode::Test, &make).await;
    assert!(paris.done(Mode::Test, &make).await.already);
    assert_eq!(paris.look().await.role, ReplicaRole::InTest);
    let home = paris.ceph.home(&format!("{GROUP}/db").as_str().into(), vm());
    let text = paris.ceph.read(&home, Some("t7")).await.unwrap();
    assert_eq!(text.as_deref(), Some("<domain>2</domain>"));
    let bound = paris.ceph.bind(&format!("{GROUP}/db").as_str().into(), Some("t7")).await.unwrap();
    assert_eq!(bound.place, muster_contract::Place::Rbd("rbd/clone-t7-db".to_owned()));
    assert!(paris.ceph.volume_at(&bound.place).await.unwrap().is_none());
    assert!(paris.refused(Mode::Test, &demote()).await.contains("production"));
    let other = muster_contract::OpContext {
        run_tag: Some("other".into()),
        ..paris.context(Mode::Cleanup)
    };
    let outcome = StorageAdapter::apply(&*paris.ceph, &other, &drop).await;
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    paris.done(Mode::Cleanup, &drop).await;
    assert!(paris.done(Mode::Cleanup, &drop).await.already);
    let _ = lyon;
}

/// Lyon is said to be dead; then it comes back as a second primary.
async fn fail_over(paris: &Site, lyon: &Site, b: &str) {
    let before = paris.until("a point", |state| !state.points.is_empty()).await;
    let point = before.points[0].id.clone();
    let forced = StorageOp::Promote {
        group: GROUP.into(),
        point: Some(point.clone()),
        forced: true,
        above: before.generation,
    };
    paris.done(Mode::Unplanned, &forced).await;
    let state = paris.look().await;
    assert_eq!((state.role, state.writable), (ReplicaRole::FailedOver, true));
    assert_eq!((state.generation, state.promoted_point), (6, Some(point)));
    assert!(lyon.look().await.writable, "nobody has told it");
    assert!(paris.refused(Mode::Unplanned, &reverse()).await.contains("unplanned"));
    {
        let _writer = Writer::start(b, "rbd/web");
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert!(paris.refused(Mode::Planned, &reverse()).await.contains("open"));
    }
    let receipt = paris.done(Mode::Planned, &reverse()).await;
    assert!(receipt.note.is_some_and(|note| note.contains("3 images of lyon begin anew")));
    lyon.until("lyon is a target", |s| s.role == ReplicaRole::Target && s.generation == 6).await;
    paris.until("lyon receives", |s| s.lag.is_some()).await;
    paris.done(Mode::Planned, &sync()).await;
    let images = run(b, &["rbd", "ls", "rbd"]);
    assert_eq!(images.lines().filter(|image| image.starts_with("before-")).count(), 3, "{images}");
    let mut all = SiteInventory::empty(lyon.name.clone(), Time(0));
    lyon.ceph.inventory(&mut all).await.unwrap();
    assert_eq!(all.volumes.len(), 3);
}

async fn fence(paris: &Site) {
    let up = FencingOp::FenceSite { site: "lyon".into() };
    let down = FencingOp::UnfenceSite { site: "lyon".into() };
    assert!(matches!(paris.fence(Mode::Unplanned, &up).await, Outcome::Done(_)));
    assert_eq!(paris.fenced("lyon").await, FenceState::Asked);
    assert!(matches!(paris.fence(Mode::Planned, &up).await, Outcome::Done(_)));
    assert_eq!(paris.fenced("lyon").await, FenceState::Fenced);
    assert!(matches!(paris.fence(Mode::Planned, &down).await, Outcome::Done(_)));
    assert_eq!(paris.fenced("lyon").await, FenceState::Unfenced);
}
