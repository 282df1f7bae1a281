//! The files: a lock, the ledger, and its successor while it is compacted.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use muster_plans::id::SiteName;

use super::record::{FORMAT, Record};
use super::{Ledger, LedgerError, line};

/// The agent's folder, locked until this is dropped.
pub(crate) struct Files {
    folder: PathBuf,
    _lock: File,
}

impl Files {
    /// Makes the folder where it is missing, and locks it.
    pub(super) fn lock(folder: &Path) -> Result<Files, LedgerError> {
        let disk = |cause| LedgerError::Disk { path: folder.to_owned(), cause };
        std::fs::create_dir_all(folder).map_err(disk)?;
        let path = folder.join("lock");
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => Ok(Files { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::InUse(folder.to_owned())),
            Err(TryLockError::Error(cause)) => Err(disk(cause)),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    fn disk(&self, cause: io::Error) -> LedgerError {
        LedgerError::Disk { path: self.path(), cause }
    }

    /// All records but the heading; `None`: there is no ledger.
    pub(super) fn read(&self, site: &SiteName) -> Result<Option<Vec<Record>>, LedgerError> {
        let bytes = match std::fs::read(self.path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.disk(error)),
        };
        let mut records = self.whole(&bytes)?.into_iter();
        match records.next() {
            Some(Record::Ledger { format: FORMAT, site: found }) if found == *site => {}
            Some(Record::Ledger { format, site: found }) => {
                return Err(LedgerError::Foreign {
                    path: self.path(),
                    found: format!("site `{found}` in format {format}"),
                    expected: format!("site `{site}` in format {FORMAT}"),
                });
            }
            // A ledger is put in place with its heading, never without.
            _ => return Err(LedgerError::Damaged { path: self.path(), line: 1 }),
        }
        Ok(Some(records.collect()))
    }

    /// Records of all lines up to a torn end.
    fn whole(&self, bytes: &[u8]) -> Result<Vec<Record>, LedgerError> {
        let mut records = Vec::new();
        let mut torn = None;
        for (index, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            match (line::read(text), torn) {
                (Some(batch), None) => records.extend(batch),
                (Some(_), Some(line)) => {
                    return Err(LedgerError::Damaged { path: self.path(), line });
                }
                (None, None) => torn = Some(index + 1),
                (None, Some(_)) => {}
            }
        }
        if let Some(line) = torn {
            tracing::warn!(line, "the ledger's last write was torn by a crash and is dropped");
        }
        Ok(records)
    }

    /// Replaces the ledger by one that holds these records only, and opens it.
    pub(crate) fn start(self, site: &SiteName, records: &[Record]) -> Result<Ledger, LedgerError> {
        let next = self.folder.join("ledger.next");
        let file = self.replace(&next, site, records).map_err(|cause| self.disk(cause))?;
        Ok(Ledger::new(self, file))
    }

    fn replace(&self, next: &Path, site: &SiteName, records: &[Record]) -> io::Result<File> {
        let mut file = File::create(next)?;
        let heading = Record::Ledger { format: FORMAT, site: site.clone() };
        file.write_all(&line::write(&[heading])?)?;
        for batch in records.chunks(1000) {
            file.write_all(&line::write(batch)?)?;
        }
        file.sync_all()?;
        std::fs::rename(next, self.path())?;
        // The new name is durable only when the folder is.
        File::open(&self.folder)?.sync_all()?;
        Ok(file)
    }

    /// Adds a line and waits until it is on disk.
    pub(super) fn append(&self, file: &mut File, batch: &[Record]) -> Result<(), LedgerError> {
        let line = line::write(batch).map_err(|error| self.disk(error.into()))?;
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(|cause| self.disk(cause))
    }
}
