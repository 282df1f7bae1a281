//! A running VM that writes.

use muster_plans::id::{SiteName, VmId};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Writes one record at `first`, `first + every`, `first + 2 every`, … as long as it exists. Ticks
/// that nobody acknowledges are skipped: a guest whose storage hangs does not write twice as much
/// later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) vm: VmId,
    pub(crate) site: SiteName,
    pub(crate) first: Time,
    pub(crate) every: Span,
    /// Records acknowledged since the VM was powered on.
    pub(crate) acked: u64,
}

impl Stream {
    /// The first and last tick after `after` and up to `upto`.
    pub(crate) fn ticks(&self, after: Time, upto: Time) -> Option<(Time, Time)> {
        let first = if after < self.first {
            self.first
        } else {
            self.first + Span((after.since(self.first).0 / self.every.0 + 1) * self.every.0)
        };
        if first > upto {
            return None;
        }
        Some((first, first + Span(upto.since(first).0 / self.every.0 * self.every.0)))
    }
}
