//! What makes two graphs the same.

use std::borrow::Cow;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::graph::Graph;

/// Digest of a graph: what was approved is what is executed. 64 hexadecimal digits.
///
/// Times and ages of recovery points are no part of it. They change while one reads: an age grows,
/// and data that is as it is now has the time of the last look. Which point is taken is a part.
pub fn digest(graph: &Graph) -> String {
    let mut timeless = Cow::Borrowed(graph);
    if graph.groups.iter().any(|group| group.point_age.is_some() || group.point_time.is_some()) {
        for group in &mut timeless.to_mut().groups {
            group.point_age = None;
            group.point_time = None;
        }
    }
    let graph = timeless.as_ref();
    // Written through a buffer: the text of a large graph is never held in one piece.
    let mut hash = io::BufWriter::with_capacity(1 << 16, Hashing(Sha256::new()));
    // A closed tree of plain values into a writer that takes everything: this cannot fail.
    let written = serde_json::to_writer(&mut hash, graph).is_ok();
    match hash.into_inner() {
        Ok(Hashing(hash)) if written => {
            hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
        }
        _ => String::new(),
    }
}

struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
