//! Files and links of the root.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};

use crate::error::Error;

pub(crate) use muster_contract::file::{read, replace, write};

/// Does what would block elsewhere.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::NotNow(format!("it was cut off: {error}"))),
    }
}

/// Each of two takes the other's place, in one step.
pub(crate) fn exchange(a: &Path, b: &Path) -> Result<(), Error> {
    rustix::fs::renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)
        .map_err(|error| Error::io("cannot exchange", a)(error.into()))
}

/// Removes a file or link; it may be gone.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    let synced = removed.and_then(|()| path.parent().map_or(Ok(()), |p| File::open(p)?.sync_all()));
    synced.map_err(Error::io("cannot remove", path))
}

/// Whether a link is there, wherever it leads.
pub(crate) fn linked(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_symlink())
}

/// Makes a link.
pub(crate) fn link(path: &Path, to: &Path) -> Result<(), Error> {
    if fs::read_link(path).is_ok_and(|found| found == to) {
        return Ok(());
    }
    remove(path)?;
    std::os::unix::fs::symlink(to, path)
        .and_then(|()| path.parent().map_or(Ok(()), |p| File::open(p)?.sync_all()))
        .map_err(Error::io("cannot make", path))
}

/// Names of what is in a folder; none where it is not there.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |error| Error::io("cannot read", folder)(error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_changed_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert!(!linked(&path) && names(dir.path()).unwrap().is_empty());
        link(&path, Path::new("x")).unwrap();
        link(&path, Path::new("y")).unwrap();
        assert!(linked(&path) && names(dir.path()).unwrap() == ["a"]);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!linked(&path));
    }
}
