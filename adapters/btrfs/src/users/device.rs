//! Loop devices: they have their file open inside the kernel, where no process shows it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::Error;

/// One whose file is on a device. `block` is where the kernel shows them.
pub(super) fn through_loop(block: &Path, device: u64) -> Result<Option<String>, Error> {
    for entry in fs::read_dir(block).map_err(Error::io("cannot read", block))? {
        let entry = entry.map_err(Error::io("cannot read", block))?;
        let name = entry.file_name();
        let path = entry.path().join("loop/backing_file");
        let file = match fs::read(&path) {
            Ok(file) => String::from_utf8_lossy(&file).trim_end().to_owned(),
            // It is none, or has no file, or has gone.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound) => continue,
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
                continue;
            }
            Err(error) => return Err(Error::io("cannot read", &path)(error)),
        };
        let on = |path: &Path| fs::metadata(path).is_ok_and(|found| found.dev() == device);
        // Of one that was removed only the folder can be asked; it is the subvolume itself.
        let file = Path::new(file.strip_suffix(" (deleted)").unwrap_or(&file));
        if on(file) || file.parent().is_some_and(on) {
            return Ok(Some(format!("the device {}", name.display())));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_found_by_its_file_or_by_where_that_was() {
        let dir = tempfile::tempdir().unwrap();
        let held = dir.path().join("disk");
        fs::write(&held, "x").unwrap();
        let device = fs::metadata(&held).unwrap().dev();
        let block = dir.path().join("block");
        fs::create_dir_all(block.join("sda")).unwrap();
        assert_eq!(through_loop(&block, device).unwrap(), None);
        fs::create_dir_all(block.join("loop0/loop")).unwrap();
        let backing = block.join("loop0/loop/backing_file");
        for file in [held.display().to_string(), format!("{}/gone (deleted)", dir.path().display())]
        {
            fs::write(&backing, format!("{file}\n")).unwrap();
            assert!(through_loop(&block, device).unwrap().is_some(), "{file}");
        }
        fs::write(&backing, "/proc/version\n").unwrap();
        assert_eq!(through_loop(&block, device).unwrap(), None);
        assert!(through_loop(&dir.path().join("none"), device).is_err());
    }
}
