//! What the agent remembers, on its own disk.
//!
//! One append-only file. Each durable write is one line: a digest and a JSON list of records. The
//! next line is written only after the one before was synced, so that a crash can tear the last line
//! only; it is dropped, because nothing was done on its account yet.

mod file;
mod line;
mod record;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) use file::Files;
pub(super) use record::Record;

/// Why the agent has no memory to work with.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The disk.
    #[error("the agent's folder {} cannot be used: {cause}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Two agents would each believe that they alone act.
    #[error("another agent uses the folder {}; stop it first", .0.display())]
    InUse(PathBuf),
    /// Not a torn end, but damage before records that are whole.
    #[error(
        "line {line} of {} is damaged and later lines are not; restore the file, or move it away \
         and raise the fence of the site before anything else is done", path.display()
    )]
    Damaged {
        /// Where.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The folder belongs to somebody else.
    #[error("the folder {} holds the ledger of {found}, not of {expected}", path.display())]
    Foreign {
        /// Where.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// A write failed before. Whether it reached the disk is not known, so nothing is written any
    /// more until a restart has read what is there.
    #[error("an earlier write of the ledger failed; restart the agent when its disk works again")]
    Failed,
}

/// The open ledger.
pub(super) struct Ledger {
    /// Held by whoever writes.
    writer: Arc<tokio::sync::Mutex<Writer>>,
    queue: Arc<Mutex<Vec<Record>>>,
    /// How many records were queued ever.
    queued: AtomicU64,
}

struct Writer {
    files: Files,
    file: std::fs::File,
    /// How many records are on disk.
    synced: u64,
    failed: bool,
}

/// A ledger as it was found.
pub(super) struct Opened {
    pub(super) records: Vec<Record>,
    /// There was none.
    pub(super) fresh: bool,
    /// To go on with.
    pub(super) files: Files,
}

impl Ledger {
    pub(super) fn open(
        folder: &std::path::Path,
        site: &muster_plans::id::SiteName,
    ) -> Result<Opened, LedgerError> {
        let files = Files::lock(folder)?;
        let found = files.read(site)?;
        Ok(Opened { fresh: found.is_none(), records: found.unwrap_or_default(), files })
    }

    fn new(files: Files, file: std::fs::File) -> Ledger {
        let writer = Writer { files, file, synced: 0, failed: false };
        Ledger {
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            queue: Arc::default(),
            queued: AtomicU64::new(0),
        }
    }

    /// Appends and syncs. Whatever is queued when the disk comes free goes in one write, so that
    /// many operations at once cost few syncs. Where the future is dropped the record is written
    /// all the same, with the next ones at the latest.
    ///
    /// # Errors
    /// [`LedgerError::Failed`] where it is not known to be on disk.
    pub(super) async fn append(&self, record: Record) -> Result<(), LedgerError> {
        let position = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.push(record);
            self.queued.fetch_add(1, Ordering::SeqCst) + 1
        };
        let mut writer = self.writer.clone().lock_owned().await;
        if writer.synced >= position {
            return Ok(());
        }
        let queue = self.queue.clone();
        let written = tokio::task::spawn_blocking(move || {
            let batch = std::mem::take(&mut *queue.lock().unwrap_or_else(PoisonError::into_inner));
            writer.write(&batch)
        });
        written.await.unwrap_or(Err(LedgerError::Failed))
    }
}

#[cfg(test)]
impl Ledger {
    /// Keeps the disk busy.
    pub(super) async fn hold(&self) -> impl Drop + use<> {
        self.writer.clone().lock_owned().await
    }
}

impl Writer {
    fn write(&mut self, batch: &[Record]) -> Result<(), LedgerError> {
        if self.failed {
            return Err(LedgerError::Failed);
        }
        // Said before it is tried: a panic in between must not look like success.
        self.failed = true;
        if let Err(error) = self.files.append(&mut self.file, batch) {
            tracing::error!(%error, "the agent's ledger cannot be written");
            return Err(error);
        }
        self.failed = false;
        self.synced += batch.len() as u64;
        Ok(())
    }
}
