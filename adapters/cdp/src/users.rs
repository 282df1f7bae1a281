//! Who has files of a folder open.
//!
//! A link that is taken away keeps nobody out who has a file open. So nothing is called unused here before
//! `/proc` was looked through. Files are compared by device and number, never by path: a process may see other
//! paths.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, StatxFlags, makedev, statx};

use crate::disk::blocking;
use crate::error::Error;

/// Which ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// For reading or writing.
    AtAll,
    /// For writing.
    ForWriting,
}

/// Device and number of each file.
type Files = BTreeSet<(u64, u64)>;

/// A name for people of somebody else who has a file of the folder open; `None`: nobody has, or there is no
/// such folder.
pub(crate) async fn of(folder: &Path, open: Open) -> Result<Option<String>, Error> {
    let path = folder.to_owned();
    blocking(move || {
        let held = files(&path)?;
        if held.is_empty() {
            return Ok(None);
        }
        Ok(through_loop(&held).or(process(&held, open)?))
    })
    .await
}

fn files(folder: &Path) -> Result<Files, Error> {
    let failed = |error| Error::io("cannot look at", folder)(error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Files::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Files::new();
    for entry in entries {
        match entry.and_then(|entry| entry.metadata()) {
            Ok(found) => drop(files.insert((found.dev(), found.ino()))),
            // It was replaced meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(files)
}

/// A process, found through its threads: the first one may have ended, and each may have files of its
/// own.
fn process(wanted: &Files, open: Open) -> Result<Option<String>, Error> {
    let proc = Path::new("/proc");
    let processes = fs::read_dir(proc).map_err(Error::io("cannot read", proc))?;
    let own = std::process::id().to_string();
    let numbered = |name: &str| name != own && name.bytes().all(|byte| byte.is_ascii_digit());
    for process in processes.flatten().filter(|p| p.file_name().to_str().is_some_and(numbered)) {
        // Whoever ends meanwhile has nothing open any more.
        let Ok(threads) = fs::read_dir(process.path().join("task")) else { continue };
        let mut threads = threads.flatten();
        if threads.any(|thread| opened(&thread.path(), wanted, open))
            || mapped(&process.path(), wanted, open)
        {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            let number = process.file_name().to_string_lossy().into_owned();
            return Ok(Some(format!("{} (process {number})", name.trim())));
        }
    }
    Ok(None)
}

fn opened(thread: &Path, wanted: &Files, open: Open) -> bool {
    let Ok(files) = fs::read_dir(thread.join("fd")) else { return false };
    files.flatten().any(|file| {
        let number = file.file_name();
        lies_on(&file.path(), wanted)
            && (open == Open::AtAll || for_writing(&thread.join("fdinfo").join(number)))
    })
}

/// Whether a link of `/proc` leads to a file there. Not asking the file's own server, which may hang.
fn lies_on(link: &Path, wanted: &Files) -> bool {
    let asked = StatxFlags::TYPE | StatxFlags::INO;
    let Ok(found) = statx(CWD, link, AtFlags::STATX_DONT_SYNC, asked) else { return false };
    let at = makedev(found.stx_dev_major, found.stx_dev_minor);
    wanted.contains(&(at, found.stx_ino))
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
fn mapped(process: &Path, wanted: &Files, open: Open) -> bool {
    let Ok(maps) = fs::read_to_string(process.join("maps")) else { return false };
    maps.lines().any(|line| {
        let mut words = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else { return false };
        let reaches = rights.contains('s') && rights.contains('w');
        // Without a path it is no file; it is asked through the link.
        (reaches || open == Open::AtAll)
            && words.nth(3).is_some_and(|path| path.starts_with('/'))
            && lies_on(&process.join("map_files").join(range), wanted)
    })
}

/// A loop device has its file open inside the kernel, where no process shows it.
fn through_loop(wanted: &Files) -> Option<String> {
    let devices = fs::read_dir("/sys/block").ok()?;
    devices.flatten().find_map(|entry| {
        let file = fs::read_to_string(entry.path().join("loop/backing_file")).ok()?;
        let found = fs::metadata(file.trim_end()).ok()?;
        wanted
            .contains(&(found.dev(), found.ino()))
            .then(|| format!("the device {}", entry.file_name().display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another process has to have it open: one's own reading does not count.
    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "somebody else has to have a file open")]
    async fn an_open_file_is_found_by_how_it_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        fs::write(&path, "x").unwrap();
        let _own = fs::OpenOptions::new().append(true).open(&path).unwrap();
        assert_eq!(of(dir.path(), Open::AtAll).await.unwrap(), None);
        let sleeper = |file: fs::File| {
            std::process::Command::new("sleep").arg("60").stdin(file).spawn().unwrap()
        };
        let mut reader = sleeper(fs::File::open(&path).unwrap());
        assert!(of(dir.path(), Open::AtAll).await.unwrap().unwrap().contains("process"));
        assert_eq!(of(dir.path(), Open::ForWriting).await.unwrap(), None);
        let mut writer = sleeper(fs::OpenOptions::new().write(true).open(&path).unwrap());
        assert!(of(dir.path(), Open::ForWriting).await.unwrap().is_some());
        for child in [&mut reader, &mut writer] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(of(dir.path(), Open::AtAll).await.unwrap(), None);
        assert_eq!(of(&dir.path().join("gone"), Open::AtAll).await.unwrap(), None);
    }
}
