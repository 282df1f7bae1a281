//! Who has files of a subvolume open.
//!
//! A subvolume that is set read-only refuses to be opened for writing, but whoever has a file open goes on
//! writing. So nothing is called read-only here before `/proc` was looked through. Files are compared by
//! the device that each subvolume has of its own, never by path: a process may see other paths.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, StatxFlags, makedev, statx};

use crate::error::Error;
use crate::file::blocking;

/// Which ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// For reading or writing.
    AtAll,
    /// For writing.
    ForWriting,
}

/// A name for people of somebody who has a file of the subvolume open; `None`: nobody has, or there is
/// no such subvolume.
pub(crate) async fn of(subvolume: &Path, open: Open) -> Result<Option<String>, Error> {
    let path = subvolume.to_owned();
    blocking(move || {
        let device = match fs::metadata(&path) {
            Ok(found) => found.dev(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("cannot look at", &path)(error)),
        };
        Ok(through_loop(device).or(process(device, open)?))
    })
    .await
}

/// A process, found through its threads: the first one may have ended, and each may have files of its
/// own.
fn process(device: u64, open: Open) -> Result<Option<String>, Error> {
    let proc = Path::new("/proc");
    let processes = fs::read_dir(proc).map_err(Error::io("cannot read", proc))?;
    let numbered = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    for process in processes.flatten().filter(|p| p.file_name().to_str().is_some_and(numbered)) {
        // Whoever ends meanwhile has nothing open any more.
        let Ok(threads) = fs::read_dir(process.path().join("task")) else { continue };
        let mut threads = threads.flatten();
        if threads.any(|thread| opened(&thread.path(), device, open))
            || mapped(&process.path(), device, open)
        {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            let number = process.file_name().to_string_lossy().into_owned();
            return Ok(Some(format!("{} (process {number})", name.trim())));
        }
    }
    Ok(None)
}

fn opened(thread: &Path, device: u64, open: Open) -> bool {
    let Ok(files) = fs::read_dir(thread.join("fd")) else { return false };
    files.flatten().any(|file| {
        let number = file.file_name();
        lies_on(&file.path(), device)
            && (open == Open::AtAll || for_writing(&thread.join("fdinfo").join(number)))
    })
}

/// Whether a link of `/proc` leads to a file there. Not asking the file's own server, which may hang.
fn lies_on(link: &Path, device: u64) -> bool {
    let wanted = StatxFlags::TYPE | StatxFlags::INO;
    let Ok(found) = statx(CWD, link, AtFlags::STATX_DONT_SYNC, wanted) else { return false };
    makedev(found.stx_dev_major, found.stx_dev_minor) == device
        && FileType::from_raw_mode(found.stx_mode.into()) == FileType::RegularFile
}

/// By the flags in octal, of which the last two bits say how; what cannot be read counts as open.
fn for_writing(info: &Path) -> bool {
    let Ok(text) = fs::read_to_string(info) else { return true };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_none_or(|flags| flags & 0o3 != 0)
}

/// A mapping outlives the closing of its file. Only shared ones that may be written reach the disk.
fn mapped(process: &Path, device: u64, open: Open) -> bool {
    let Ok(maps) = fs::read_to_string(process.join("maps")) else { return false };
    maps.lines().any(|line| {
        let mut words = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else { return false };
        let reaches = rights.contains('s') && rights.contains('w');
        // Without a path it is no file; with one the device is not that of the subvolume, so it is
        // asked through the link.
        (reaches || open == Open::AtAll)
            && words.nth(3).is_some_and(|path| path.starts_with('/'))
            && lies_on(&process.join("map_files").join(range), device)
    })
}

/// A loop device has its file open inside the kernel, where no process shows it.
fn through_loop(device: u64) -> Option<String> {
    let devices = fs::read_dir("/sys/block").ok()?;
    devices.flatten().find_map(|entry| {
        let file = fs::read_to_string(entry.path().join("loop/backing_file")).ok()?;
        let found = fs::metadata(file.trim_end()).ok()?;
        (found.dev() == device).then(|| format!("the device {}", entry.file_name().display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Others may have files open on this device too; that nobody has is for the tests with a file system
    /// of their own.
    #[tokio::test]
    async fn an_open_file_is_found_by_how_it_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        fs::write(&path, "x").unwrap();
        let device = fs::metadata(&path).unwrap().dev();
        let reading = fs::File::open(&path).unwrap();
        let link = |file: &fs::File| {
            use std::os::fd::AsRawFd;
            file.as_raw_fd().to_string()
        };
        let own = Path::new("/proc/self");
        assert!(lies_on(&own.join("fd").join(link(&reading)), device));
        assert!(!for_writing(&own.join("fdinfo").join(link(&reading))));
        let writing = fs::OpenOptions::new().append(true).open(&path).unwrap();
        assert!(for_writing(&own.join("fdinfo").join(link(&writing))));
        assert!(of(dir.path(), Open::ForWriting).await.unwrap().is_some());
        assert_eq!(of(&dir.path().join("gone"), Open::AtAll).await.unwrap(), None);
        let null = fs::File::open("/dev/null").unwrap();
        assert!(!lies_on(&own.join("fd").join(link(&null)), device));
    }
}
