//! What happened, as a digest, and as a story where somebody wants to read it.

use std::fmt::Write as _;

use muster_plans::time::Time;

use crate::clock::START;

/// Everything that happened, in order.
#[derive(Debug)]
pub(crate) struct Trace {
    digest: u64,
    events: u64,
    line: String,
    story: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(tell: bool) -> Trace {
        // FNV-1a, 64 bits: the trace is compared with itself, not defended against anybody.
        Trace {
            digest: 0xcbf2_9ce4_8422_2325,
            events: 0,
            line: String::new(),
            story: tell.then(Vec::new),
        }
    }

    /// Notes something that somebody did at an instant.
    pub(crate) fn note(&mut self, at: Time, who: &str, what: std::fmt::Arguments<'_>) {
        self.events += 1;
        self.line.clear();
        let since = at.since(START).0;
        // Writing to a string cannot fail.
        _ = write!(self.line, "{:>5}.{:03}  {who:<9} {what}", since / 1000, since % 1000);
        for byte in self.line.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        if let Some(story) = &mut self.story {
            story.push(self.line.clone());
        }
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn take_story(&mut self) -> Vec<String> {
        self.story.take().unwrap_or_default()
    }
}
