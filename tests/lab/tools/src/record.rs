//! The record that a guest writes, on its disk and in the log of what was acknowledged.

use std::fmt;

use serde::Serialize;

/// Bytes of a block; the disk is written in whole blocks.
pub const BLOCK: usize = 4096;

/// Blocks of the ring behind the header in block 0.
pub const SLOTS: u64 = 4096;

const MAGIC: &str = "MLAB1";

/// A numbered record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Counted from 1, over all boots of a disk.
    pub n: u64,
    /// When it was written, in microseconds since 1970, by the lab's clock.
    pub wall_us: i64,
    /// The boot that wrote it: two writers of one disk have two.
    pub boot: String,
}

impl Record {
    /// The block of the ring that holds a number.
    pub fn slot(n: u64) -> u64 {
        1 + n % SLOTS
    }

    /// Fills a block with this record.
    pub fn fill(&self, block: &mut [u8]) {
        let text = format!("{MAGIC} {self}\n");
        block.fill(0);
        block[..text.len()].copy_from_slice(text.as_bytes());
    }

    /// The record in a block, if there is a whole one.
    pub fn from_block(block: &[u8]) -> Option<Record> {
        let (line, _) = std::str::from_utf8(block.get(..256)?).ok()?.split_once('\n')?;
        Record::from_line(line.strip_prefix(MAGIC)?.trim_start())
    }

    /// The record in a line of the log.
    pub fn from_line(line: &str) -> Option<Record> {
        let mut words = line.split_ascii_whitespace();
        let n = words.next()?.parse().ok()?;
        let wall_us = words.next()?.parse().ok()?;
        let boot = words.next()?.to_owned();
        words.next().is_none().then_some(Record { n, wall_us, boot })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.n, self.wall_us, self.boot)
    }
}

/// Whole lines of a log; the last one may have been cut off with the power.
pub fn log(text: &str) -> Vec<Record> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(Record::from_line).collect()
}

/// The records of a disk: its header, and the ring.
pub fn disk(image: &[u8]) -> (Option<Record>, Vec<Record>) {
    let mut blocks = image.chunks_exact(BLOCK);
    let header = blocks.next().and_then(Record::from_block);
    let ring = blocks.take(SLOTS as usize).filter_map(Record::from_block).collect();
    (header, ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_from_its_block_and_its_line() {
        let record = Record { n: 7, wall_us: 1_700_000_000_000_000, boot: "aa-bb".to_owned() };
        let mut block = vec![9; BLOCK];
        record.fill(&mut block);
        assert_eq!(Record::from_block(&block), Some(record.clone()));
        assert_eq!(Record::from_line(&record.to_string()), Some(record));
        assert_eq!(Record::from_block(&vec![0; BLOCK]), None);
    }

    #[test]
    fn a_line_that_was_cut_off_is_no_record() {
        assert_eq!(log("1 10 a\n2 20 a\n3 3").iter().map(|r| r.n).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(log("1 10 a").len(), 0);
    }

    #[test]
    fn a_disk_has_a_header_and_a_ring() {
        let mut image = vec![0; BLOCK * 4];
        let record = |n| Record { n, wall_us: 0, boot: "a".to_owned() };
        record(2).fill(&mut image[..BLOCK]);
        record(1).fill(&mut image[2 * BLOCK..3 * BLOCK]);
        record(2).fill(&mut image[3 * BLOCK..]);
        let (header, ring) = disk(&image);
        assert_eq!(header, Some(record(2)));
        assert_eq!(ring, [record(1), record(2)]);
    }
}
