//! An approval is changed from the version that was read, and starts one run.

use muster_store::{Approval, CreateRun, Error, UseApproval};
use uuid::Uuid;

use crate::Factory;
use crate::make::{NOW, create, id, run};

fn asked() -> Approval {
    Approval {
        id: Uuid::from_u128(7),
        plan: "erp".into(),
        digest: String::from("d1"),
        created_at: NOW,
        json: String::from("{}"),
        run: None,
        version: 1,
    }
}

pub(crate) async fn an_approval_starts_one_run(db: impl Factory) {
    let store = db.open().await;
    let asked = asked();
    store.approvals().create(&asked, Vec::new()).await.unwrap();
    let twice = store.approvals().create(&asked, Vec::new()).await;
    assert!(matches!(twice, Err(Error::Exists(_))), "{twice:?}");

    let given = Approval { json: String::from(r#"{"by":"bob"}"#), ..asked.clone() };
    assert_eq!(store.approvals().change(&given, Vec::new()).await.unwrap(), 2);
    let stale = store.approvals().change(&given, Vec::new()).await;
    assert!(matches!(stale, Err(Error::Conflict { expected: 1, found: Some(2), .. })), "{stale:?}");

    let plan = "erp".into();
    assert_eq!(store.approvals().of_graph(&plan, "d2").await.unwrap(), []);
    let there = store.approvals().of_graph(&plan, "d1").await.unwrap();
    assert_eq!(there, [Approval { version: 2, ..given }]);
    let by = |n, version| CreateRun {
        approval: Some(UseApproval { id: asked.id, version }),
        ..create(run(n), &[])
    };
    let old = store.runs().create(by(1, 1)).await;
    assert!(matches!(old, Err(Error::Conflict { .. })), "{old:?}");
    assert_eq!(store.runs().get(id(1)).await.unwrap(), None, "nothing is left of it");
    store.runs().create(by(2, 2)).await.unwrap();
    let again = store.runs().create(by(3, 3)).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    assert_eq!(store.approvals().of_graph(&plan, "d1").await.unwrap(), []);
    let used = store.approvals().get(asked.id).await.unwrap().unwrap();
    assert_eq!((used.run, used.version), (Some(id(2)), 3));
    assert_eq!(store.approvals().list(Some(&plan), 10).await.unwrap(), [used]);
}
