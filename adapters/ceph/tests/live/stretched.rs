//! One stretched cluster: a planned migration, and the loss of a site. `MUSTER_CEPH_CUT` is a program that takes
//! lyon away.

use muster_contract::{
    FenceState, FencingOp, Mode, Observation, Outcome, Query, StorageAdapter, StorageOp,
    VolumeAdapter, WitnessSight, WitnessState,
};
use muster_plans::id::VmId;
use muster_plans::inventory::ReplicaRole;

use crate::lab::*;

fn site(name: &str, peer: &str, conf: &str) -> Site {
    let config = serde_json::json!({"conf": conf, "peer": peer, "preferred": "paris",
        "pools": [{"pool": "rbd", "container": "rbd", "mode": "stretched"}],
        "mons": {"paris": ["a"], "lyon": ["b"]}, "witness": {"name": "w", "mon": "w"},
        "patienceSeconds": 5});
    Site::open(name, config)
}

async fn witness(site: &Site, of: &str) -> WitnessState {
    let seen = StorageAdapter::query(&*site.ceph, &Query::Witness(of.into())).await.unwrap();
    let Observation::Witness(state) = seen.state else { panic!("{seen:?}") };
    state
}

#[tokio::test]
async fn a_stretched_cluster() {
    let Some(conf) = named("MUSTER_CEPH_STRETCHED") else { return };
    for image in ["db", "web"] {
        let spec = format!("rbd/{image}");
        run(&conf, &["rbd", "create", "--size", "16M", &spec]);
        run(&conf, &["rbd", "image-meta", "set", &spec, "muster.group", GROUP]);
    }
    let (paris, lyon) = (site("paris", "lyon", &conf), site("lyon", "paris", &conf));
    let state = paris.until("in sync", |state| state.in_sync).await;
    assert_eq!((state.role, state.writable), (ReplicaRole::Source, true));
    let state = lyon.look().await;
    assert_eq!((state.role, state.writable), (ReplicaRole::Target, true));
    let home = paris.ceph.home(&"shop/db".into(), VmId(uuid::Uuid::from_u128(42)));
    paris.ceph.write(&home, "<domain/>").await.unwrap();
    assert_eq!(lyon.ceph.read(&home, None).await.unwrap().as_deref(), Some("<domain/>"));

    assert!(lyon.refused(Mode::Planned, &promote(false, 0)).await.contains("is writable"));
    paris.done(Mode::Planned, &demote()).await;
    lyon.done(Mode::Planned, &promote(false, 0)).await;
    assert_eq!(lyon.look().await.role, ReplicaRole::Source);
    let state = paris.look().await;
    assert!(!state.writable && state.role == ReplicaRole::Target, "{state:?}");
    lyon.done(Mode::Planned, &reverse()).await;
    assert!(paris.look().await.writable);
    let prefer = StorageOp::SetPreference { group: GROUP.into(), site: "lyon".into() };
    lyon.done(Mode::Planned, &prefer).await;
    assert_eq!(paris.look().await.preferred, Some("lyon".into()));

    let make = StorageOp::SnapshotForTest { group: GROUP.into(), clone: "t8".into() };
    let drop = StorageOp::DropTest { group: GROUP.into(), clone: "t8".into() };
    paris.done(Mode::Test, &make).await;
    assert!(paris.ceph.read(&home, Some("t8")).await.unwrap().is_some());
    paris.done(Mode::Cleanup, &drop).await;
    assert_eq!(witness(&paris, "lyon").await.sight, Some(WitnessSight::Seen));

    let Some(cut) = named("MUSTER_CEPH_CUT") else { return };
    run(&conf, &[&cut]);
    let begun = now();
    loop {
        // While the cluster looks for a quorum, it does not answer.
        let asked = StorageAdapter::query(&*paris.ceph, &Query::Witness("lyon".into())).await;
        if let Ok(seen) = asked
            && let Observation::Witness(state) = seen.state
            && state.sight == Some(WitnessSight::Dead)
        {
            eprintln!("{:>9} until lyon is dead", format!("{}", now().since(begun)));
            break;
        }
        assert!(now().since(begun) < muster_plans::time::Span::mins(2));
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let fence = FencingOp::FenceSite { site: "lyon".into() };
    assert!(matches!(paris.fence(Mode::Unplanned, &fence).await, Outcome::Done(_)));
    assert_eq!(paris.fenced("lyon").await, FenceState::Fenced);
    paris.until("the cluster serves paris", |state| state.writable).await;
    paris.done(Mode::Unplanned, &promote(true, 7)).await;
    let state = paris.look().await;
    assert_eq!((state.role, state.generation), (ReplicaRole::FailedOver, 8));
    assert!(state.writable && !state.in_sync);
    assert_eq!(lyon.look().await.role, ReplicaRole::RemoteFailedOver);
    let lift = FencingOp::UnfenceSite { site: "lyon".into() };
    assert!(matches!(paris.fence(Mode::Planned, &lift).await, Outcome::Done(_)));
    assert_eq!(paris.fenced("lyon").await, FenceState::Unfenced);
}
