//! A restored database is found out.

use std::path::Path;

use muster_engine::{AppendError, Journal, Leases};
use muster_store::{Error, Options, Store};

use crate::make::{NOW, TTL, entry, id, owner, records, taken};
use crate::{Factory, SqliteFile};

pub(crate) async fn a_restart_is_no_new_life(db: impl Factory) {
    let store = db.open().await;
    assert_eq!((store.incarnation(), store.restored()), (1, false));
    if !db.is_durable() {
        return;
    }
    store.close().await.unwrap();
    for _ in 0..2 {
        let store = db.open().await;
        assert_eq!((store.incarnation(), store.restored()), (1, false));
        drop(store);
    }
}

/// The power failed at the very first start, before or after the first commit: the file beside the
/// database speaks of a life that is not there yet, or is.
#[tokio::test]
async fn a_power_loss_at_the_first_start_is_no_new_life() {
    let db = SqliteFile::new();
    std::fs::write(life_file(&db), "0\n0123456789abcdef\n").unwrap();
    let store = open(&db, 2).await;
    assert_eq!((store.incarnation(), store.restored()), (1, false));
    store.close().await.unwrap();
    let known = std::fs::read_to_string(life_file(&db)).unwrap();
    std::fs::write(life_file(&db), known.replacen('1', "0", 1)).unwrap();
    let store = open(&db, 2).await;
    assert_eq!((store.incarnation(), store.restored()), (1, false));
}

/// A killed server has given nothing back, and the next one does not wait for its leases.
#[tokio::test]
async fn a_run_of_a_killed_server_can_be_taken_at_once() {
    let db = SqliteFile::new();
    let store = open(&db, 2).await;
    let before = taken(&store, 1).await;
    drop(store);
    let store = open(&db, 2).await;
    let answers = store.append(vec![entry(1, &before, records(0, 1))]).await.unwrap();
    assert_eq!(answers, [Err(AppendError::FencedOff)]);
    let after = store.acquire(id(1), &owner("two"), NOW, TTL).await.unwrap().unwrap();
    assert!(after.epoch > before.epoch, "{after:?}");
    assert_eq!(after.incarnation, before.incarnation);
}

/// Copies the database as a backup tool would: main file and log together, without the files beside.
fn copy(from: &SqliteFile, to: &SqliteFile) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", to.location()));
    }
    for suffix in ["", "-wal"] {
        let file = |db: &SqliteFile| format!("{}{suffix}", db.location());
        if Path::new(&file(from)).exists() {
            std::fs::copy(file(from), file(to)).unwrap();
        }
    }
}

fn life_file(db: &SqliteFile) -> String {
    format!("{}.life", db.location())
}

async fn open(db: &SqliteFile, mark_every: u32) -> Store {
    Store::open(&db.location(), Options { mark_every, ..Options::default() }).await.unwrap()
}

/// A backup from the middle of a run, brought back after the run went on: the tail of the journal is
/// lost. The server was not stopped cleanly in between.
#[tokio::test]
async fn a_lost_tail_begins_a_new_life() {
    let (live, backup, db) = (SqliteFile::new(), SqliteFile::new(), SqliteFile::new());
    let store = open(&live, 2).await;
    let fence = taken(&store, 1).await;
    store.append(vec![entry(1, &fence, records(0, 3))]).await.unwrap();
    copy(&live, &backup);
    for n in 3..6 {
        store.append(vec![entry(1, &fence, records(n, n + 1))]).await.unwrap();
    }
    copy(&backup, &db);
    std::fs::copy(life_file(&live), life_file(&db)).unwrap();

    let store = open(&db, 2).await;
    assert_eq!((store.incarnation(), store.restored()), (2, true));
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 3));
    let answers = store.append(vec![entry(1, &fence, records(3, 4))]).await.unwrap();
    assert_eq!(answers, [Err(AppendError::FencedOff)]);
    // Nobody holds it any more, although the lease had not run out.
    let again = store.acquire(id(1), &owner("two"), NOW, TTL).await.unwrap().unwrap();
    assert_eq!(again.incarnation, 2);
    store.close().await.unwrap();

    // It stays a restored database until a person has settled it.
    let store = open(&db, 2).await;
    assert_eq!((store.incarnation(), store.restored()), (2, true));
    store.settle_restore().await.unwrap();
    assert!(!store.restored());
    store.close().await.unwrap();
    let store = open(&db, 2).await;
    assert_eq!((store.incarnation(), store.restored()), (2, false));
    store.close().await.unwrap();

    // The same backup once more: not the life that it began last time, but another one.
    copy(&backup, &db);
    assert_eq!(open(&db, 2).await.incarnation(), 3);
}

/// Where the tail was lost before the mark was renewed, only what the sites have seen can tell.
#[tokio::test]
async fn a_mark_is_renewed_every_so_many_appends() {
    let db = SqliteFile::new();
    let store = open(&db, 3).await;
    let fence = taken(&store, 1).await;
    let mut marks = Vec::new();
    for n in 0..7 {
        store.append(vec![entry(1, &fence, records(n, n + 1))]).await.unwrap();
        marks.push(std::fs::read_to_string(life_file(&db)).unwrap());
    }
    let renewed: Vec<bool> = marks.windows(2).map(|pair| pair[0] != pair[1]).collect();
    assert_eq!(renewed, [false, true, false, false, true, false]);
    store.renew_mark().await.unwrap();
    assert_ne!(std::fs::read_to_string(life_file(&db)).unwrap(), marks[6]);
}

#[tokio::test]
async fn a_database_without_its_file_was_brought_from_elsewhere() {
    let db = SqliteFile::new();
    open(&db, 256).await.close().await.unwrap();
    std::fs::remove_file(life_file(&db)).unwrap();
    let store = open(&db, 256).await;
    assert_eq!((store.incarnation(), store.restored()), (2, true));
}

#[tokio::test]
async fn a_lost_database_continues_after_the_last_life() {
    let db = SqliteFile::new();
    open(&db, 256).await.close().await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", db.location()));
    }
    let store = open(&db, 256).await;
    assert_eq!((store.incarnation(), store.restored()), (2, true));
}

#[tokio::test]
async fn two_servers_do_not_open_one_file() {
    let db = SqliteFile::new();
    let first = open(&db, 256).await;
    let second = Store::open(&db.location(), Options::default()).await;
    assert!(matches!(second, Err(Error::Locked(path)) if path == db.path()));
    drop(first);
    open(&db, 256).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let db = SqliteFile::new();
    open(&db, 256).await.close().await.unwrap();
    let raw = sea_orm::Database::connect(format!("sqlite:{}", db.location())).await.unwrap();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 0)";
    sea_orm::ConnectionTrait::execute_unprepared(&raw, newer).await.unwrap();
    raw.close().await.unwrap();
    let error = Store::open(&db.location(), Options::default()).await.unwrap_err();
    assert!(matches!(&error, Error::NewerSchema(names) if names == &["m9999_future"]), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let db = SqliteFile::new();
    let store = open(&db, 256).await;
    let fence = taken(&store, 1).await;
    store.append(vec![entry(1, &fence, records(0, 500))]).await.unwrap();
    store.close().await.unwrap();
    let mut bytes = std::fs::read(db.path()).unwrap();
    let len = bytes.len();
    for byte in &mut bytes[len / 2..] {
        *byte ^= 0x5a;
    }
    std::fs::write(db.path(), bytes).unwrap();
    let error = Store::open(&db.location(), Options::default()).await.unwrap_err();
    assert!(matches!(error, Error::Damaged(_) | Error::Database(_)), "{error:?}");
}

/// The mark says nothing, a site does: the journal begins a life above what the site has seen.
#[tokio::test]
async fn a_journal_that_is_outlived_fences_off_everybody() {
    let db = SqliteFile::new();
    let store = open(&db, 2).await;
    let fence = taken(&store, 1).await;
    store.append(vec![entry(1, &fence, records(0, 3))]).await.unwrap();
    assert_eq!(store.reach().await.unwrap(), (fence.epoch, 3));
    assert_eq!(store.outlive(7).await.unwrap(), 8);
    assert_eq!(store.outlive(7).await.unwrap(), 8, "told twice, done once");
    assert_eq!((store.incarnation(), store.restored()), (8, true));
    let answers = store.append(vec![entry(1, &fence, records(3, 4))]).await.unwrap();
    assert_eq!(answers, [Err(AppendError::FencedOff)]);
    store.close().await.unwrap();
    let store = open(&db, 2).await;
    assert_eq!((store.incarnation(), store.restored()), (8, true), "it survives a restart");
    let fence = store.acquire(id(1), &owner("two"), NOW, TTL).await.unwrap().unwrap();
    assert_eq!(fence.incarnation, 8);
}
