//! Images as blocks, of which two sites compare digests.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;

/// Bytes of a block.
pub(crate) const BLOCK: u64 = 1 << 20;

/// What a block of zeros, or none at all, is called.
const ZEROS: &str = "0";

/// A block; empty where it holds nothing but zeros, shorter where the file ends in it.
pub(crate) fn read_block(path: &Path, nr: u64) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io("cannot read", path))?;
    block(&file, nr).map_err(Error::io("cannot read", path))
}

fn block(file: &File, nr: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(BLOCK).unwrap_or(1 << 20)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], nr * BLOCK + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    // Compared in pieces, as memory is compared fast.
    static NOTHING: [u8; 4096] = [0; 4096];
    if bytes.chunks(4096).all(|piece| piece == &NOTHING[..piece.len()]) {
        bytes.clear();
    }
    Ok(bytes)
}

/// Digests of blocks, from one on; at most `count`, and none behind the end.
pub(crate) fn digests(path: &Path, from: u64, count: u64) -> Result<Vec<String>, Error> {
    let failed = |error| Error::io("cannot read", path)(error);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let end = size.div_ceil(BLOCK).min(from.saturating_add(count));
    let mut found = Vec::new();
    for nr in from..end {
        let bytes = block(&file, nr).map_err(failed)?;
        found.push(if bytes.is_empty() { ZEROS.to_owned() } else { hex(&bytes) });
    }
    Ok(found)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One digest for a whole image: of those of its blocks.
pub(crate) fn overall(path: &Path) -> Result<String, Error> {
    Ok(joined(&digests(path, 0, u64::MAX)?))
}

/// The same, where those of the blocks are known.
pub(crate) fn joined(digests: &[String]) -> String {
    hex(digests.join(",").as_bytes())
}

/// Writes a block; nothing: zeros, as a hole where that is possible.
pub(crate) fn write_block(path: &Path, nr: u64, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error| Error::io("cannot write", path)(error);
    let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let (from, most) = (nr.saturating_mul(BLOCK), size.saturating_sub(nr.saturating_mul(BLOCK)));
    let length = most.min(BLOCK);
    if length == 0 || bytes.len() as u64 > length {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    }
    if !bytes.is_empty() {
        return file.write_all_at(bytes, from).map_err(failed);
    }
    use rustix::fs::{FallocateFlags, fallocate};
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    if fallocate(&file, hole, from, length).is_ok() {
        return Ok(());
    }
    let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
    file.write_all_at(&zeros, from).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_found_and_made_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        for (path, text) in [(&a, "one"), (&b, "two")] {
            let file = File::create(path).unwrap();
            file.set_len(3 * BLOCK + 10).unwrap();
            file.write_all_at(text.as_bytes(), BLOCK + 5).unwrap();
        }
        File::options().write(true).open(&b).unwrap().write_all_at(b"x", 3 * BLOCK).unwrap();
        let (theirs, own) = (digests(&b, 0, 99).unwrap(), digests(&a, 0, 99).unwrap());
        assert_eq!((own.len(), own[0].as_str(), own[3].as_str()), (4, "0", "0"));
        assert_eq!(digests(&a, 1, 1).unwrap(), own[1..2]);
        assert!(digests(&a, 4, 9).unwrap().is_empty());
        let differ: Vec<usize> = (0..4).filter(|nr| own[*nr] != theirs[*nr]).collect();
        assert_eq!(differ, [1, 3]);
        for nr in [1, 3] {
            write_block(&b, nr, &read_block(&a, nr).unwrap()).unwrap();
        }
        assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
        assert_eq!(overall(&a).unwrap(), overall(&b).unwrap());
        assert!(write_block(&b, 4, b"x").is_err(), "behind the end");
        assert!(write_block(&b, 3, &[1; 11]).is_err(), "over the end");
    }
}
