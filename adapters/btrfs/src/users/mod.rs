//! Who has files of a subvolume open.
//!
//! A subvolume that is set read-only refuses to be opened for writing, but whoever has a file open goes on
//! writing. So nothing is called read-only here before `/proc` was looked through. Files are compared by
//! the device that each subvolume has of its own, never by path: a process may see other paths. What cannot
//! be looked at is taken for somebody who has one open.

mod device;
mod process;
mod sight;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::Error;
use crate::file::blocking;

pub(crate) use sight::check;

/// Which ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// For reading or writing.
    AtAll,
    /// For writing.
    ForWriting,
}

/// Where the kernel shows processes.
const PROC: &str = "/proc";

/// A name for people of somebody who has a file of the subvolume open, to be followed by "has … open"; `None`:
/// nobody has, or there is no such subvolume.
pub(crate) async fn of(subvolume: &Path, open: Open) -> Result<Option<String>, Error> {
    let path = subvolume.to_owned();
    blocking(move || {
        let device = match fs::metadata(&path) {
            Ok(found) => found.dev(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("cannot look at", &path)(error)),
        };
        match device::through_loop(Path::new("/sys/block"), device)? {
            Some(user) => Ok(Some(user)),
            None => process::of(Path::new(PROC), device, open),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Others may have files open on this device too; that nobody has is for the tests with a file system
    /// of their own.
    #[tokio::test]
    async fn an_open_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        fs::write(&path, "x").unwrap();
        let _writing = fs::OpenOptions::new().append(true).open(&path).unwrap();
        assert!(of(dir.path(), Open::ForWriting).await.unwrap().is_some());
        assert_eq!(of(&dir.path().join("gone"), Open::AtAll).await.unwrap(), None);
    }
}
