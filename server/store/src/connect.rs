//! Connections of SQLite with the settings that a journal needs. The only place with PRAGMAs.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};

use crate::Error;
use crate::open::Options;
use crate::place::Place;

/// The writer and the readers.
pub(crate) async fn open(
    place: &Place,
    options: &Options,
) -> Result<(DatabaseConnection, DatabaseConnection), Error> {
    let write = Database::connect(settings(place, options, 1)).await?;
    let read = match place {
        // A second connection to memory would see a database of its own.
        Place::Memory => write.clone(),
        Place::File(_) => {
            Database::connect(settings(place, options, options.readers.max(1))).await?
        }
    };
    Ok((write, read))
}

fn settings(place: &Place, options: &Options, connections: u32) -> ConnectOptions {
    let mut settings = ConnectOptions::new("sqlite::memory:");
    settings
        .max_connections(connections)
        .min_connections(1)
        // A dropped connection would take a database in memory with it, and costs a file's caches.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(60))
        .sqlx_logging(false);
    let file = place.file().map(ToOwned::to_owned);
    let busy = Duration::from_millis(options.busy_timeout.0);
    settings.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .foreign_keys(true)
            .busy_timeout(busy)
            .statement_cache_capacity(256)
            // What was acknowledged must survive a power loss, so NORMAL is not enough.
            .pragma("synchronous", "FULL")
            .pragma("trusted_schema", "OFF");
        match &file {
            None => sqlite,
            Some(file) => sqlite
                .in_memory(false)
                .shared_cache(false)
                .filename(file)
                .create_if_missing(true)
                .pragma("journal_mode", "WAL"),
        }
    });
    settings
}

/// Reads every page and index for damage.
pub(crate) async fn quick_check(db: &DatabaseConnection) -> Result<(), Error> {
    let check = Statement::from_string(db.get_database_backend(), "PRAGMA quick_check(5)");
    let mut findings = Vec::new();
    for row in db.query_all_raw(check).await? {
        findings.push(row.try_get_by_index::<String>(0)?);
    }
    if findings == ["ok"] { Ok(()) } else { Err(Error::Damaged(findings.join("; "))) }
}
