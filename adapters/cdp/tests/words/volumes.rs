//! What the hypervisor of the site sees.

use std::fs;

use muster_contract::{ErrorClass, Mountable, Outcome, Place, StorageAdapter, VolumeAdapter};
use muster_plans::id::VmId;
use muster_plans::inventory::{ReplicationMode, SiteInventory};
use muster_plans::time::{Span, Time};

use crate::lab::{GROUP, Pair, held, sync};

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_files_and_homes_lie_beside_them() {
    let pair = Pair::with_group().await;
    let (a, b) = (&pair.a, &pair.b);
    fs::write(a.shown("db.raw"), vec![7; 3 << 20]).unwrap();
    let volume = "erp/db.raw".into();
    let home = a.store.home(&volume, VmId(uuid::Uuid::from_u128(1)));
    assert_eq!(home.as_str(), "erp/00000000-0000-0000-0000-000000000001.xml");
    assert_eq!(a.store.read(&home, None).await.unwrap(), None);
    a.store.write(&home, "<domain/>").await.unwrap();
    a.done(sync()).await;
    let bound = a.store.bind(&volume, None).await.unwrap();
    assert_eq!(bound.size_mib, 3);
    let place = Place::File(a.shown("db.raw").display().to_string());
    assert_eq!(bound.place, place);
    let real = a.shown("db.raw").canonicalize().unwrap().display().to_string();
    for place in [place, Place::File(real)] {
        assert_eq!(a.store.volume_at(&place).await.unwrap(), Some(bound.clone()));
    }
    for strange in ["/etc/passwd".to_owned(), format!("{}/groups/erp/../../x", a.root().display())]
    {
        assert_eq!(a.store.volume_at(&Place::File(strange)).await.unwrap(), None);
    }
    assert!(a.store.writable(&volume).await.unwrap());
    assert!(a.store.is_of(&volume, &GROUP.into()) && !a.store.is_of(&volume, &"er".into()));

    // The replica is read, not written, and not shown.
    assert_eq!(b.store.read(&home, None).await.unwrap().as_deref(), Some("<domain/>"));
    assert_eq!(b.store.write(&home, "x").await.unwrap_err().class, ErrorClass::Precondition);
    assert!(bound.mounted && !b.store.bind(&volume, None).await.unwrap().mounted);
    assert!(!b.store.writable(&volume).await.unwrap());

    // Taken away from the hosts, but not from under one that has it open.
    let group = GROUP.into();
    let open = held(&a.shown("db.raw"), false);
    let off = a.store.mount(Mountable::Group(&group), false).await;
    assert!(matches!(off, Outcome::Refused(_)), "{off:?}");
    drop(open);
    let off = a.store.mount(Mountable::Group(&group), false).await;
    assert!(matches!(off, Outcome::Done(ref receipt) if !receipt.already), "{off:?}");
    assert!(!a.shown("db.raw").exists() && !a.state().await.mounted);
    let on = a.store.mount(Mountable::Group(&group), true).await;
    assert!(matches!(on, Outcome::Done(_)), "{on:?}");

    for side in [a, b] {
        let mut found = SiteInventory::empty(side.name.clone(), Time(0));
        side.store.inventory(&mut found).await.unwrap();
        let ids: Vec<&str> = found.volumes.iter().map(|volume| volume.id.as_str()).collect();
        assert_eq!(ids, [home.as_str(), "erp/db.raw"]);
        let group = &found.groups[0];
        assert_eq!((group.mode, group.interval), (ReplicationMode::Async, Some(Span::mins(60))));
        assert!(
            found.endpoints[0].up && found.containers[0].free_gib <= found.containers[0].size_gib
        );
    }
    pair.end().await;
}
