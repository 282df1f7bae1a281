//! Processes, found through their threads: the first one may have ended, and each may have files of its own.

use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::fs::{AtFlags, CWD, FileType, StatxFlags, makedev, statx};
use rustix::io::Errno;

use super::Open;
use crate::error::Error;

/// Somebody who has a file of the device open, or who may have one because nobody can tell.
pub(super) fn of(proc: &Path, device: u64, open: Open) -> Result<Option<String>, Error> {
    let mut unseen = None;
    for process in all(proc)? {
        match looked(&process, device, open) {
            Ok(false) => {}
            Ok(true) => return Ok(Some(words(&process))),
            Err(error) => drop(unseen.get_or_insert_with(|| taken_for_one(&process, &error))),
        }
    }
    Ok(unseen)
}

/// Those that cannot be looked at, with why.
pub(super) fn unseen(proc: &Path) -> Result<Vec<String>, Error> {
    // No device has this number, so that every file of theirs is looked at.
    let looks = all(proc)?.into_iter().filter_map(|process| {
        let error = looked(&process, u64::MAX, Open::AtAll).err()?;
        Some(format!("{} ({error})", words(&process)))
    });
    Ok(looks.collect())
}

/// All of them, but the first one where it cannot be looked at. That is the one that starts the others: it opens
/// no disks of VMs, and in a container it may be allowed more than the agent, which nothing can be done about.
fn all(proc: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = || Error::io("cannot read", proc);
    let mut found = Vec::new();
    for process in fs::read_dir(proc).map_err(failed())? {
        let process = process.map_err(failed())?;
        let name = process.file_name();
        let numbered = name.to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_digit()));
        let path = process.path();
        if numbered && (name != "1" || looked(&path, u64::MAX, Open::AtAll).is_ok()) {
            found.push(path);
        }
    }
    Ok(found)
}

fn words(process: &Path) -> String {
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    let number = process.file_name().unwrap_or_default().to_string_lossy();
    format!("{} (process {number})", name.trim())
}

fn taken_for_one(process: &Path, error: &io::Error) -> String {
    format!("{} cannot be looked at ({error}), and is taken for one that", words(process))
}

/// Whether it has a file of the device open.
fn looked(process: &Path, device: u64, open: Open) -> io::Result<bool> {
    for thread in entries(&process.join("task"))? {
        for file in entries(&thread.join("fd"))? {
            let info = thread.join("fdinfo").join(file.file_name().unwrap_or_default());
            if lies_on(&file, device)? && (open == Open::AtAll || for_writing(&info)) {
                return Ok(true);
            }
        }
    }
    mapped(process, device, open)
}

/// What is in a folder of `/proc`. Whoever ends meanwhile has nothing open any more.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let read: io::Result<Vec<PathBuf>> = read();
    match read {
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        other => other,
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH))
}

/// Whether a link of `/proc` leads to a file there. Not asking the file's own server, which may hang.
fn lies_on(link: &Path, device: u64) -> io::Result<bool> {
    let wanted = StatxFlags::TYPE | StatxFlags::INO;
    match statx(CWD, link, AtFlags::STATX_DONT_SYNC, wanted) {
        Ok(found) => Ok(makedev(found.stx_dev_major, found.stx_dev_minor) == device
            && FileType::from_raw_mode(found.stx_mode.into()) == FileType::RegularFile),
        // Closed meanwhile.
        Err(Errno::NOENT | Errno::SRCH) => Ok(false),
        // Of a server that is gone (NFS, FUSE); a file of btrfs never says this of itself.
        Err(Errno::STALE | Errno::NOTCONN | Errno::IO) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// By the flags in octal, of which the last two bits say how; what cannot be read counts as open.
fn for_writing(info: &Path) -> bool {
    let Ok(text) = fs::read_to_string(info) else { return true };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_none_or(|flags| flags & 0o3 != 0)
}

/// A mapping outlives the closing of its file. Only shared ones that may be written reach the disk.
fn mapped(process: &Path, device: u64, open: Open) -> io::Result<bool> {
    let maps = match fs::read(process.join("maps")) {
        Ok(maps) => maps,
        Err(error) if is_gone(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    for line in String::from_utf8_lossy(&maps).lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
        let reaches = rights.contains('s') && rights.contains('w');
        // Without a path it is no file; with one the device is not that of the subvolume, so it is
        // asked through the link.
        let file = words.nth(3).is_some_and(|path| path.starts_with('/'));
        if (reaches || open == Open::AtAll)
            && file
            && lies_on(&process.join("map_files").join(range), device)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    /// A process of a `/proc` of our own, with one file open.
    fn process(proc: &Path, number: &str, file: &Path, flags: &str) {
        let thread = proc.join(number).join("task").join(number);
        for folder in ["fd", "fdinfo"] {
            fs::create_dir_all(thread.join(folder)).unwrap();
        }
        fs::write(proc.join(number).join("comm"), "qemu\n").unwrap();
        fs::write(proc.join(number).join("maps"), "").unwrap();
        symlink(file, thread.join("fd/3")).unwrap();
        fs::write(thread.join("fdinfo/3"), format!("pos:\t0\nflags:\t{flags}\n")).unwrap();
    }

    /// Nothing that is known of it can be looked at: a file is where a folder should be.
    fn hidden(proc: &Path, number: &str) {
        fs::create_dir_all(proc.join(number).join("task").join(number)).unwrap();
        fs::write(proc.join(number).join("comm"), "secret\n").unwrap();
        fs::write(proc.join(number).join("task").join(number).join("fd"), "").unwrap();
    }

    #[test]
    fn an_open_file_is_found_by_how_it_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let (proc, disk) = (dir.path().join("proc"), dir.path().join("disk"));
        fs::write(&disk, "x").unwrap();
        let device = fs::metadata(&disk).unwrap().dev();
        process(&proc, "11", &disk, "0100000");
        process(&proc, "12", Path::new("/dev/null"), "0100001");
        process(&proc, "13", &dir.path().join("closed"), "0100001");
        assert_eq!(of(&proc, device, Open::ForWriting).unwrap(), None);
        let reads = of(&proc, device, Open::AtAll).unwrap();
        assert_eq!(reads.as_deref(), Some("qemu (process 11)"));
        process(&proc, "14", &disk, "0100001");
        let writes = of(&proc, device, Open::ForWriting).unwrap();
        assert_eq!(writes.as_deref(), Some("qemu (process 14)"));
    }

    #[test]
    fn who_cannot_be_looked_at_is_taken_for_one_that_writes() {
        let dir = tempfile::tempdir().unwrap();
        let (proc, disk) = (dir.path().join("proc"), dir.path().join("disk"));
        fs::write(&disk, "x").unwrap();
        let device = fs::metadata(&disk).unwrap().dev();
        hidden(&proc, "1");
        assert_eq!(of(&proc, device, Open::ForWriting).unwrap(), None, "it starts the others");
        hidden(&proc, "15");
        let user = of(&proc, device, Open::ForWriting).unwrap().unwrap();
        assert!(user.starts_with("secret (process 15) cannot be looked at"), "{user}");
        assert_eq!(unseen(&proc).unwrap().len(), 1);
        // What is known comes before what is not.
        process(&proc, "9", &disk, "0100002");
        let user = of(&proc, device, Open::ForWriting).unwrap();
        assert_eq!(user.as_deref(), Some("qemu (process 9)"));
        // A mapping of which nobody can tell where it leads.
        let maps = proc.join("9/maps");
        fs::remove_file(proc.join("9/task/9/fd/3")).unwrap();
        fs::remove_dir_all(proc.join("15")).unwrap();
        fs::write(&maps, "00-10 rw-s 00000000 00:1c 257 /srv/disk\n").unwrap();
        assert_eq!(of(&proc, device, Open::ForWriting).unwrap(), None, "it was unmapped");
        fs::write(proc.join("9/map_files"), "").unwrap();
        let user = of(&proc, device, Open::ForWriting).unwrap().unwrap();
        assert!(user.contains("(process 9) cannot be looked at"), "{user}");
    }
}
