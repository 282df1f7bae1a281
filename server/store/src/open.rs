//! Opening a database: lock, check, migrate, find out which life it lives.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use muster_plans::time::Span;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use crate::error::Error;
use crate::life::{Life, LifeFile};
use crate::place::Place;
use crate::{connect, migrate};

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections that read. SQLite in memory has one connection for everything.
    pub readers: u32,
    /// How long a statement waits for a lock of another process, such as a backup.
    pub busy_timeout: Span,
    /// Reads the whole database for damage before it is used. Takes about a second for each
    /// gigabyte.
    pub quick_check: bool,
    /// After so many appends the mark that tells a restored database from the last one is renewed.
    pub mark_every: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { readers: 4, busy_timeout: Span::secs(5), quick_check: true, mark_every: 256 }
    }
}

/// The database of one server. Cheap to clone; all clones are one store.
#[derive(Clone, Debug)]
pub struct Store(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    /// One connection, because SQLite has one writer.
    pub(crate) write: DatabaseConnection,
    pub(crate) read: DatabaseConnection,
    pub(crate) life_file: Option<LifeFile>,
    pub(crate) incarnation: AtomicU64,
    pub(crate) restored: AtomicBool,
    failed: AtomicBool,
    pub(crate) appends: AtomicU32,
    pub(crate) mark_every: u32,
    /// Held open: the lock ends with the file.
    lock: Mutex<Option<std::fs::File>>,
}

impl Store {
    /// Opens a database, making it where there is none. `location` is a file path, `sqlite:PATH` or
    /// `:memory:`.
    ///
    /// # Errors
    /// Where the database is in use, damaged, newer than this server, or cannot be reached.
    pub async fn open(location: &str, options: Options) -> Result<Store, Error> {
        let place = Place::parse(location)?;
        let lock = place.file().map(lock).transpose()?;
        let (write, read) = connect::open(&place, &options).await?;
        if options.quick_check {
            connect::quick_check(&write).await?;
        }
        migrate::run(&write).await?;
        let life_file = place.file().map(|file| LifeFile(beside(file, "life")));
        let life = Life::begin(&write, life_file.as_ref()).await?;
        let inner = Inner {
            write,
            read,
            life_file,
            incarnation: AtomicU64::new(life.incarnation),
            restored: AtomicBool::new(life.restored),
            failed: AtomicBool::new(false),
            appends: AtomicU32::new(0),
            mark_every: options.mark_every.max(1),
            lock: Mutex::new(lock),
        };
        Ok(Store(Arc::new(inner)))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Where it does not, or where an earlier write has failed.
    pub async fn ping(&self) -> Result<(), Error> {
        self.check_usable()?;
        self.0.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Ends cleanly: renews the mark, so that a backup made until now is known as one, and closes
    /// the connections.
    ///
    /// # Errors
    /// Where the last write fails.
    pub async fn close(self) -> Result<(), Error> {
        if self.check_usable().is_ok() {
            self.renew_mark().await?;
        }
        self.0.read.close_by_ref().await?;
        self.0.write.close_by_ref().await?;
        // Another server may open it now, whoever still holds a clone of this store.
        drop(self.0.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        Ok(())
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.0.read
    }

    fn check_usable(&self) -> Result<(), Error> {
        if self.0.failed.load(Ordering::Acquire) { Err(Error::Failed) } else { Ok(()) }
    }

    /// Begins a write. It takes the write lock at once: a transaction that first reads and then
    /// writes would otherwise fail without waiting.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, Error> {
        self.check_usable()?;
        Ok(begin(&self.0.write).await?)
    }

    /// Makes a write durable. After a failed commit nobody knows what the disk holds, and trying
    /// again would only hide it: the store refuses every later write until the server is restarted.
    pub(crate) async fn commit(&self, txn: DatabaseTransaction) -> Result<(), Error> {
        txn.commit().await.map_err(|error| {
            self.0.failed.store(true, Ordering::Release);
            tracing::error!(%error, "a commit failed; no further write is accepted");
            Error::Database(error)
        })
    }
}

pub(crate) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, sea_orm::DbErr> {
    let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
    db.begin_with_options(TransactionOptions { sqlite_transaction_mode, ..Default::default() })
        .await
}

/// `DB.EXTENSION` beside the database file.
fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// A lock of its own file, not of the database: SQLite's own locks come and go with transactions.
fn lock(database: &Path) -> Result<std::fs::File, Error> {
    let path = beside(database, "lock");
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Error::File(path.clone(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Locked(database.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::File(path, error)),
    }
}
