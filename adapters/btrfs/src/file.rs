//! Small files that are there whole or not at all, and links.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Does what would block elsewhere.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::NotNow(format!("it was cut off: {error}"))),
    }
}

/// What a file holds; `None`: it is not there.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("cannot read", path)(error)),
    };
    let damaged = |cause| Error::Damaged { path: path.display().to_string(), cause };
    serde_json::from_slice(&text).map(Some).map_err(damaged)
}

/// Replaces what a file holds; survives a power loss as the old or the new.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let damaged = |cause| Error::Damaged { path: path.display().to_string(), cause };
    replace(path, &serde_json::to_vec_pretty(value).map_err(damaged)?)
}

/// The same with bytes. The name of the temporary file begins with a dot, so that nobody takes it for
/// one of ours.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error| Error::io("cannot write", path)(error);
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
    fn a_file_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        assert_eq!(read::<u32>(&path).unwrap(), None);
        write(&path, &1).unwrap();
        write(&path, &2).unwrap();
        assert_eq!(read::<u32>(&path).unwrap(), Some(2));
        assert_eq!(names(dir.path()).unwrap(), ["a.json"]);
        fs::write(&path, "{").unwrap();
        assert!(matches!(read::<u32>(&path), Err(Error::Damaged { .. })));
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!linked(&path));
        link(&path, Path::new("x")).unwrap();
        link(&path, Path::new("y")).unwrap();
        assert!(linked(&path));
    }
}
