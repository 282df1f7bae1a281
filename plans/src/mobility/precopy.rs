//! The pre-copy model: memory is sent in rounds, each sends what the VM dirtied during the one
//! before.
//!
//! With memory R, bandwidth B and dirty rate d < B the rounds take R/B * (1 + d/B + (d/B)^2 + ...).
//! When what is left can be sent within the switch-over time the VM stops, the rest is sent, and it
//! goes on at the other side.

use crate::inventory::Link;
use crate::time::Span;

/// What a live copy of memory costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreCopy {
    /// Rounds with the VM running.
    pub rounds: u32,
    /// How long they take.
    pub running: Span,
    /// How long the VM stands still while the rest is sent.
    pub stopped: Span,
    /// What is sent altogether, in bytes.
    pub bytes: u64,
}

/// Bytes of one MiB.
pub(super) const MIB: f64 = 1_048_576.0;

/// MiB per second of a line with this many megabits per second.
pub(super) fn mib_per_s(mbps: f64) -> f64 {
    mbps * 1_000_000.0 / 8.0 / MIB
}

/// What a link carries without what it loses. A measurement that makes no sense carries nothing.
pub(super) fn usable_mbps(link: &Link) -> f64 {
    let mbps = link.bandwidth_mbps * (1.0 - link.loss);
    if mbps.is_finite() { mbps.max(0.0) } else { 0.0 }
}

/// Milliseconds from seconds; never negative, capped far beyond any move.
pub(super) fn millis(secs: f64) -> Span {
    Span((secs.max(0.0) * 1000.0).round() as u64)
}

impl PreCopy {
    /// `memory` in MiB, `dirty` and `bandwidth` in MiB/s, `switch_over` in seconds. `None` where the
    /// rounds would not shrink: `dirty >= bandwidth`.
    pub fn model(
        memory: f64,
        dirty: f64,
        bandwidth: f64,
        switch_over: f64,
        max_rounds: u32,
    ) -> Option<PreCopy> {
        if dirty >= bandwidth || bandwidth <= 0.0 {
            return None;
        }
        let (mut left, mut sent, mut rounds) = (memory, 0.0, 0);
        while rounds == 0 || (left / bandwidth > switch_over && rounds < max_rounds) {
            let took = left / bandwidth;
            sent += left;
            left = dirty * took;
            rounds += 1;
        }
        Some(PreCopy {
            rounds,
            running: millis(sent / bandwidth),
            stopped: millis(left / bandwidth),
            bytes: ((sent + left) * MIB) as u64,
        })
    }
}
