//! Small files of an adapter's own that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{AdapterError, ErrorClass};
use crate::stop::Stop;

/// What can go wrong with one.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file or its folder.
    #[error("{what}: {cause}")]
    Io {
        /// What was done, to what.
        what: String,
        /// Why it failed.
        cause: io::Error,
    },
    /// It cannot be understood.
    #[error("{path} is damaged: {cause}")]
    Damaged {
        /// The file.
        path: String,
        /// Why.
        cause: serde_json::Error,
    },
}

impl FileError {
    /// What kind of error it is.
    pub fn class(&self) -> ErrorClass {
        match self {
            FileError::Io { cause, .. } if cause.kind() == io::ErrorKind::StorageFull => {
                ErrorClass::Capacity
            }
            FileError::Io { .. } => ErrorClass::Retry,
            FileError::Damaged { .. } => ErrorClass::Bug,
        }
    }

    fn io(what: &str, path: &Path, cause: io::Error) -> FileError {
        FileError::Io { what: format!("{what} {}", path.display()), cause }
    }

    fn damaged(path: &Path, cause: serde_json::Error) -> FileError {
        FileError::Damaged { path: path.display().to_string(), cause }
    }
}

impl From<FileError> for AdapterError {
    fn from(error: FileError) -> AdapterError {
        AdapterError::new(error.class(), error.to_string())
    }
}

/// Before the first change.
impl From<FileError> for Stop {
    fn from(error: FileError) -> Stop {
        AdapterError::from(error).into()
    }
}

/// What a file holds; `None`: it is not there.
///
/// # Errors
/// Where it cannot be read or understood.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::io("cannot read", path, error)),
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| FileError::damaged(path, error))
}

/// Replaces what a file holds; survives a power loss as the old or the new.
///
/// # Errors
/// Where the disk says no.
pub fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    let text = serde_json::to_vec_pretty(value);
    replace(path, &text.map_err(|error| FileError::damaged(path, error))?)
}

/// The same with bytes. The name of the temporary file begins with a dot, so that nobody takes it for
/// one of ours.
///
/// # Errors
/// As [`write`].
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |error| FileError::io("cannot write", path, error);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    };
    let temporary = folder.join(format!(".{}.new", name.to_string_lossy()));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        assert_eq!(read::<u32>(&path).unwrap(), None);
        write(&path, &1).unwrap();
        write(&path, &2).unwrap();
        assert_eq!(read::<u32>(&path).unwrap(), Some(2));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::write(&path, "{").unwrap();
        let damaged = read::<u32>(&path).unwrap_err();
        assert_eq!(AdapterError::from(damaged).class, ErrorClass::Bug);
        let nowhere = write(&dir.path().join("no/a.json"), &1).unwrap_err();
        assert_eq!(nowhere.class(), ErrorClass::Retry);
    }
}
