//! Documents change as a set, from the version that was read.

use muster_plans::document::Kind;
use muster_store::{Applied, Base, Change, ChangeSet, Error, Store, WhatChange};

use crate::Factory;
use crate::make::NOW;

fn put(name: &str, text: &str, expected: Option<u64>) -> Change {
    let json = format!(r#"{{"text":"{text}"}}"#);
    let what = WhatChange::Put { json, source: None, digest: format!("digest-of-{text}") };
    Change { kind: Kind::RecoveryPlan, name: name.to_owned(), what, expected }
}

fn delete(name: &str, expected: Option<u64>) -> Change {
    Change { kind: Kind::RecoveryPlan, name: name.to_owned(), what: WhatChange::Delete, expected }
}

async fn apply(store: &Store, base: Base, changes: Vec<Change>) -> Result<Applied, Error> {
    let set = ChangeSet { base, changes, at: NOW, by: String::from("alice") };
    store.documents().apply(set).await
}

async fn names(store: &Store) -> Vec<(String, u64)> {
    let rows = store.documents().list(Kind::RecoveryPlan).await.unwrap();
    rows.into_iter().map(|row| (row.name, row.version)).collect()
}

pub(crate) async fn a_set_is_applied_as_a_whole_or_not_at_all(db: impl Factory) {
    let store = db.open().await;
    let applied = apply(&store, Base::Any, vec![put("a", "1", None), put("b", "1", Some(0))]).await;
    assert_eq!(applied.unwrap().versions, [Some(1), Some(1)]);
    let (before, _) = store.documents().all().await.unwrap();

    let error = apply(&store, Base::Any, vec![put("a", "2", Some(1)), delete("c", None)]).await;
    assert_eq!(error.unwrap_err().to_string(), "there is no RecoveryPlan/c");
    let (after, documents) = store.documents().all().await.unwrap();
    assert_eq!((after, documents[0].json.as_str()), (before, r#"{"text":"1"}"#));
    assert_eq!(names(&store).await, [("a".into(), 1), ("b".into(), 1)]);
}

pub(crate) async fn two_writers_of_one_version(db: impl Factory) {
    let store = db.open().await;
    apply(&store, Base::Any, vec![put("a", "1", Some(0))]).await.unwrap();
    apply(&store, Base::Any, vec![put("a", "2", Some(1))]).await.unwrap();
    let second = apply(&store, Base::Any, vec![put("a", "3", Some(1))]).await.unwrap_err();
    assert_eq!(
        second.to_string(),
        "RecoveryPlan/a was changed in the meantime: version 1 was expected, version 2 is there"
    );
    let again = apply(&store, Base::Any, vec![put("a", "3", Some(0))]).await.unwrap_err();
    assert!(matches!(again, Error::Conflict { expected: 0, found: Some(2), .. }));
}

pub(crate) async fn a_check_of_the_whole_set_is_for_one_generation(db: impl Factory) {
    let store = db.open().await;
    assert_eq!(store.documents().mark().await.unwrap().generation, 0);
    apply(&store, Base::Generation(0), vec![put("a", "1", None)]).await.unwrap();
    let late = apply(&store, Base::Generation(0), vec![put("b", "1", None)]).await;
    assert!(matches!(late, Err(Error::Conflict { expected: 0, found: Some(1), .. })));
    // The same content again is no change and no generation.
    let same = apply(&store, Base::Generation(1), vec![put("a", "1", None)]).await.unwrap();
    assert_eq!((same.mark.generation, same.versions), (1, vec![None]));
}

pub(crate) async fn history_keeps_deleted_documents(db: impl Factory) {
    let store = db.open().await;
    for changes in [put("a", "1", None), put("a", "2", None), delete("a", Some(2))] {
        apply(&store, Base::Any, vec![changes]).await.unwrap();
    }
    assert_eq!(store.documents().get(Kind::RecoveryPlan, "a").await.unwrap(), None);
    let again = apply(&store, Base::Any, vec![put("a", "3", Some(0))]).await.unwrap();
    assert_eq!(again.versions, [Some(4)], "a version is never used twice");
    let history = store.documents().history(Kind::RecoveryPlan, "a").await.unwrap();
    let seen: Vec<_> = history
        .iter()
        .map(|row| (row.document.version, row.deleted, row.document.digest.as_str()))
        .collect();
    let expected = [
        (4, false, "digest-of-3"),
        (3, true, "digest-of-2"),
        (2, false, "digest-of-2"),
        (1, false, "digest-of-1"),
    ];
    assert_eq!(seen, expected);
}

pub(crate) async fn the_same_documents_have_the_same_digest(db: impl Factory) {
    let store = db.open().await;
    let empty = store.documents().mark().await.unwrap().digest;
    let one = apply(&store, Base::Any, vec![put("a", "1", None)]).await.unwrap().mark;
    let two = apply(&store, Base::Any, vec![put("b", "1", None)]).await.unwrap().mark;
    let back = apply(&store, Base::Any, vec![delete("b", None)]).await.unwrap().mark;
    assert_eq!(back.digest, one.digest);
    assert!(back.digest != two.digest && one.digest != empty);
    let none = apply(&store, Base::Any, vec![delete("a", None)]).await.unwrap().mark;
    assert_eq!(none.digest, empty);
}
