//! Subvolumes and snapshots.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::Access;
use rustix::io::Errno;

use super::command::run;
use crate::error::Error;

/// Whether a subvolume is there: their roots, and only these, have this number.
pub(crate) fn is_subvolume(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir() && found.ino() == 256)
}

/// An empty one.
pub(crate) async fn create(path: &Path) -> Result<(), Error> {
    run("subvolume create", &["subvolume", "create", "--"], [path.as_os_str()]).await.map(drop)
}

/// A writable snapshot; it is on disk when this ends.
pub(crate) async fn snapshot(of: &Path, at: &Path) -> Result<(), Error> {
    absent(at)?;
    let paths = [of.as_os_str(), at.as_os_str()];
    run("subvolume snapshot", &["subvolume", "snapshot", "--"], paths).await.map(drop)
}

/// A read-only one. Of one that was received it keeps where that came from, so that the next can be sent
/// on top of it.
pub(crate) async fn snapshot_read_only(of: &Path, at: &Path) -> Result<(), Error> {
    absent(at)?;
    let paths = [of.as_os_str(), at.as_os_str()];
    run("subvolume snapshot -r", &["subvolume", "snapshot", "-r", "--"], paths).await.map(drop)
}

/// `btrfs` would make the snapshot inside a folder that is there, and call that a success.
fn absent(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Ok(_) => Err(Error::NotNow(format!("{} is there already", path.display()))),
        Err(_) => Ok(()),
    }
}

/// Removes one; it may be gone.
pub(crate) async fn delete(path: &Path) -> Result<(), Error> {
    if !is_subvolume(path) {
        return Ok(());
    }
    let words = ["subvolume", "delete", "--"];
    run("subvolume delete", &words, [path.as_os_str()]).await.map(drop)
}

/// Whether it refuses to be opened for writing. The kernel is asked, which says so to root as well.
pub(crate) fn read_only(path: &Path) -> bool {
    rustix::fs::access(path, Access::WRITE_OK) == Err(Errno::ROFS)
}

/// Makes it so. Who has a file open writes on; see [`crate::users`].
pub(crate) async fn set_read_only(path: &Path, on: bool) -> Result<(), Error> {
    let words = ["property", "set", "-t", "subvol"];
    let value = if on { "true" } else { "false" };
    let rest = [path.as_os_str(), "ro".as_ref(), value.as_ref()];
    run("property set", &words, rest).await.map(drop)
}

/// Whether a subvolume was received to its end: only then it says where it came from and is read-only.
pub(crate) async fn received(path: &Path) -> Result<bool, Error> {
    let said = run("subvolume show", &["subvolume", "show", "--"], [path.as_os_str()]).await?;
    let from = said.lines().find_map(|line| line.trim().strip_prefix("Received UUID:"));
    let whole = from.is_some_and(|uuid| !matches!(uuid.trim(), "" | "-"));
    Ok(whole && read_only(path))
}
