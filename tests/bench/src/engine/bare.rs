//! The same writes without the product: what SQLite itself can do on this disk.

use std::path::Path;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, Statement,
    TransactionTrait, Value,
};

use crate::clock::now;

/// One batch that the engine committed.
pub(crate) struct Commit {
    pub(crate) records: u64,
    pub(crate) payload: String,
}

/// How the batches are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// One row with the same bytes for each batch, as the store does.
    AsJournalled,
    /// One row for each record, a batch in a transaction.
    OnePerRecord,
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// A database with the journal's settings: WAL, and durable at each commit.
async fn open(path: &Path) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await?;
    db.execute_unprepared("PRAGMA journal_mode = WAL").await?;
    db.execute_unprepared("PRAGMA synchronous = FULL").await?;
    Ok(db)
}

/// What an engine journalled, batch by batch. All rows are of one run.
pub(crate) fn commits(path: &Path) -> anyhow::Result<Vec<Commit>> {
    runtime()?.block_on(async {
        let db = open(path).await?;
        let text = "SELECT count, payload FROM journal ORDER BY first_seq";
        let rows =
            db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await?;
        let commit = |row: &sea_orm::QueryResult| -> anyhow::Result<Commit> {
            let records = u64::try_from(row.try_get_by_index::<i64>(0)?)?;
            Ok(Commit { records, payload: row.try_get_by_index(1)? })
        };
        rows.iter().map(commit).collect()
    })
}

/// Seconds that the same writes take.
pub(crate) fn write(commits: &[Commit], rows: Rows) -> anyhow::Result<f64> {
    // What each transaction inserts is made before the clock runs.
    let batches: Vec<Vec<String>> = commits
        .iter()
        .map(|commit| match rows {
            Rows::AsJournalled => vec![commit.payload.clone()],
            Rows::OnePerRecord => pieces(&commit.payload, commit.records),
        })
        .collect();
    let folder = tempfile::tempdir()?;
    runtime()?.block_on(async {
        let db = open(&folder.path().join("bare.db")).await?;
        db.execute_unprepared("CREATE TABLE journal (seq INTEGER PRIMARY KEY, payload TEXT)")
            .await?;
        let start = now();
        let mut seq = 0;
        for batch in batches {
            let txn = db.begin().await?;
            for rows in batch.chunks(ROWS) {
                insert(&txn, seq, rows).await?;
                seq += rows.len() as i64;
            }
            txn.commit().await?;
        }
        Ok(start.elapsed().as_secs_f64())
    })
}

/// A batch cut into as many pieces as it has records, of the same bytes in all.
fn pieces(payload: &str, records: u64) -> Vec<String> {
    let records = usize::try_from(records.max(1)).unwrap_or(1);
    let (bytes, len) = (payload.as_bytes(), payload.len());
    (0..records)
        .map(|n| {
            let piece = &bytes[len * n / records..len * (n + 1) / records];
            String::from_utf8_lossy(piece).into_owned()
        })
        .collect()
}

/// Rows that one statement inserts. One by one, the way to the driver's thread and back for each
/// statement would be most of what is measured, and not SQLite.
const ROWS: usize = 400;

async fn insert(txn: &DatabaseTransaction, seq: i64, rows: &[String]) -> anyhow::Result<()> {
    let text = format!(
        "INSERT INTO journal (seq, payload) VALUES {}",
        vec!["(?, ?)"; rows.len()].join(", ")
    );
    let values =
        (seq..).zip(rows).flat_map(|(seq, row)| [Value::from(seq), Value::from(row.clone())]);
    let insert = Statement::from_sql_and_values(txn.get_database_backend(), text, values);
    txn.execute_raw(insert).await?;
    Ok(())
}
