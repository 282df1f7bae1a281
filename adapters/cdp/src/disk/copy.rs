//! Folders of images, copied: by reference where the file system can, with their holes where it cannot.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{SeekFrom as Part, ioctl_ficlone, seek};
use rustix::io::Errno;

use super::link::names;
use crate::error::Error;

/// Copies a folder's files into a new one, and waits until they are on the disk.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir(to).map_err(Error::io("cannot make", to))?;
    for name in names(from)? {
        copy_file(&from.join(&name), &to.join(&name))?;
    }
    settle(to)
}

/// Copies a file to where none is.
pub(crate) fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    one(from, to).map_err(Error::io("cannot copy", from))
}

/// Whether files of a folder are copied by reference.
pub(crate) fn reflinks(folder: &Path) -> bool {
    let (a, b) = (folder.join(".reflink-a"), folder.join(".reflink-b"));
    let tried = || -> io::Result<()> {
        let from = File::create(&a)?;
        (&from).write_all(&[1; 4096])?;
        ioctl_ficlone(File::create(&b)?, File::open(&a)?)?;
        Ok(())
    };
    let can = tried().is_ok();
    let _ = (fs::remove_file(&a), fs::remove_file(&b));
    can
}

fn one(from: &Path, to: &Path) -> io::Result<()> {
    let (from, mut to) = (File::open(from)?, File::create_new(to)?);
    if ioctl_ficlone(&to, &from).is_ok() {
        return to.sync_all();
    }
    let size = from.metadata()?.len();
    to.set_len(size)?;
    let (mut source, mut at) = (&from, 0);
    loop {
        let data = match seek(&from, Part::Data(at)) {
            Ok(data) => data,
            // Nothing but a hole follows.
            Err(Errno::NXIO) => break,
            // It does not know of holes.
            Err(Errno::INVAL) => at,
            Err(error) => return Err(error.into()),
        };
        let end = seek(&from, Part::Hole(data)).unwrap_or(size);
        source.seek(SeekFrom::Start(data))?;
        to.seek(SeekFrom::Start(data))?;
        io::copy(&mut source.take(end - data), &mut to)?;
        at = end;
        if at >= size {
            break;
        }
    }
    to.sync_all()
}

/// Waits until a folder's files and names are on the disk.
pub(crate) fn settle(folder: &Path) -> Result<(), Error> {
    let synced = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            File::open(entry?.path())?.sync_all()?;
        }
        File::open(folder)?.sync_all()?;
        folder.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    };
    synced().map_err(Error::io("cannot write out", folder))
}

/// Removes a folder with all that is in it; it may be gone.
pub(crate) fn remove_all(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(Error::io("cannot remove", folder)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileExt, MetadataExt};

    use super::*;

    #[test]
    fn a_copy_is_the_same_and_no_larger() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir(&a).unwrap();
        let disk = File::create(a.join("d.img")).unwrap();
        disk.set_len(64 << 20).unwrap();
        disk.write_all_at(b"begin", 0).unwrap();
        disk.write_all_at(b"middle", 40 << 20).unwrap();
        fs::write(a.join("home.xml"), "<domain/>").unwrap();
        copy(&a, &b).unwrap();
        assert_eq!(fs::read(a.join("d.img")).unwrap(), fs::read(b.join("d.img")).unwrap());
        assert_eq!(fs::read(b.join("home.xml")).unwrap(), b"<domain/>");
        assert!(fs::metadata(b.join("d.img")).unwrap().blocks() < 4096, "its holes were filled");
        assert!(copy(&a, &b).is_err(), "it is there already");
        remove_all(&b).unwrap();
        remove_all(&b).unwrap();
    }
}
