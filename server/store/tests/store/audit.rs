//! The audit trail shows where it was touched.

use muster_plans::time::{Span, Time};
use muster_store::{AuditEntry, AuditFilter, Broken, Store};
use sea_orm::{ConnectionTrait, Database};

use crate::make::NOW;
use crate::{Factory, SqliteFile};

fn entry(n: u64, actor: &str) -> AuditEntry {
    AuditEntry {
        at: NOW + Span::secs(n),
        actor: actor.to_owned(),
        via: String::from("session"),
        action: String::from(if n.is_multiple_of(2) { "run.start" } else { "run.cancel" }),
        object: format!("plan/p{n}"),
        outcome: String::from("done"),
        detail: serde_json::json!({"n": n, "why": "drill"}),
        address: Some(String::from("192.0.2.7")),
        request_id: None,
    }
}

async fn filled(store: &Store) {
    for n in 0..8 {
        let actor = if n < 5 { "alice" } else { "bob" };
        store.audit().append(vec![entry(n, actor)]).await.unwrap();
    }
}

pub(crate) async fn the_trail_is_chained(db: impl Factory) {
    let store = db.open().await;
    let empty = store.audit().head().await.unwrap();
    assert_eq!((empty.seq, store.audit().verify().await.unwrap()), (0, Ok(empty)));
    filled(&store).await;
    store.audit().append(vec![entry(8, "bob"), entry(9, "bob")]).await.unwrap();
    let rows = store.audit().list(&AuditFilter::default(), None, 100).await.unwrap().items;
    assert!(rows.windows(2).all(|pair| pair[0].previous == pair[1].hash));
    assert_eq!(rows[9].entry, entry(0, "alice"));
    let head = store.audit().verify().await.unwrap().unwrap();
    assert_eq!((head.seq, &head.hash), (10, &rows[0].hash));
}

pub(crate) async fn pages_and_filters(db: impl Factory) {
    let store = db.open().await;
    filled(&store).await;
    let list = async |filter: AuditFilter, before| {
        let page = store.audit().list(&filter, before, 3).await.unwrap();
        (page.items.iter().map(|row| row.seq).collect::<Vec<_>>(), page.next)
    };
    let all = AuditFilter::default;
    assert_eq!(list(all(), None).await, (vec![8, 7, 6], Some(6)));
    assert_eq!(list(all(), Some(6)).await, (vec![5, 4, 3], Some(3)));
    assert_eq!(list(all(), Some(3)).await, (vec![2, 1], None));
    assert_eq!(list(AuditFilter { actor: Some("bob".into()), ..all() }, None).await.0, [8, 7, 6]);
    let cancels = AuditFilter { action: Some("run.cancel".into()), ..all() };
    assert_eq!(list(cancels, None).await.0, [8, 6, 4]);
    assert_eq!(list(AuditFilter { object: Some("plan/p2".into()), ..all() }, None).await.0, [3]);
    let at = |n: i64| Some(Time(NOW.0 + n * 1000));
    let window = AuditFilter { since: at(2), until: at(4), ..all() };
    assert_eq!(list(window, None).await.0, [4, 3]);
}

/// Changes the database behind the store's back, as somebody with access to the file would.
async fn tampered(sql: &str) -> Result<u64, Broken> {
    let db = SqliteFile::new();
    let store = db.open().await;
    filled(&store).await;
    let raw = Database::connect(format!("sqlite:{}", db.location())).await.unwrap();
    raw.execute_unprepared(sql).await.unwrap();
    store.audit().verify().await.unwrap().map(|head| head.seq)
}

#[tokio::test]
async fn every_tampering_is_found_at_its_row() {
    let cases = [
        ("UPDATE audit SET actor = 'mallory' WHERE seq = 3", 3, "it was changed"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1, "it was changed"),
        ("UPDATE audit SET address = NULL WHERE seq = 8", 8, "it was changed"),
        ("UPDATE audit SET actor = 'ali', via = 'cesession' WHERE seq = 2", 2, "it was changed"),
        ("DELETE FROM audit WHERE seq = 4", 5, "rows before it are missing"),
        ("DELETE FROM audit WHERE seq = 1", 2, "rows before it are missing"),
        (
            "DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4",
            4,
            "it does not follow the row before it",
        ),
        (
            "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 99",
            2,
            "it does not follow the row before it",
        ),
    ];
    for (sql, seq, why) in cases {
        assert_eq!(tampered(sql).await, Err(Broken { seq, why }), "{sql}");
    }
    assert_eq!(tampered("SELECT 1").await, Ok(8));
    // A trail without its end is whole in itself: the head kept elsewhere tells.
    assert_eq!(tampered("DELETE FROM audit WHERE seq > 6").await, Ok(6));
}
