//! Sweeps: a server dies at every single point of a play, and everything must come to its end.
//!
//! The points are counted in a play without faults; the same seed comes to the same point again, so
//! that a point that is not hit is a fault of the sweep and is told as one.

use crate::invariant::Broken;
use crate::life::{Crash, Place};
use crate::play::{Mode, Options, Report, play};

/// Where a crash is tried: at both ends of every commit and of every operation.
const PLACES: [Place; 4] =
    [Place::BeforeAppend, Place::AfterAppend, Place::BeforeCall, Place::AfterCall];

/// What a sweep found.
#[derive(Clone, Debug, Default)]
pub struct Swept {
    /// Points that were tried.
    pub points: u64,
    /// Points at which the crash did not happen.
    pub missed: Vec<Crash>,
    /// Points after which something was broken, or did not end.
    pub broken: Vec<(Vec<Crash>, Broken)>,
}

/// Kills the server at every point of a seed's play; with `again`, also once more that many visits of
/// the same place later, while it recovers from the first.
///
/// # Errors
/// As [`play`].
pub fn sweep(seed: u64, options: &Options, again: Option<u64>) -> anyhow::Result<Swept> {
    let quiet = Options { faults: Vec::new(), mode: Mode::Liveness, ..options.clone() };
    let whole = play(seed, &quiet)?;
    let mut swept = Swept::default();
    if let Some(broken) = whole.broken {
        swept.broken.push((Vec::new(), broken));
    }
    for (place, visits) in whole.visits.0 {
        if !PLACES.contains(&place) {
            continue;
        }
        for nth in 0..visits {
            let first = Crash { place, nth };
            let second = again.map(|later| Crash { place, nth: nth + later });
            let crashes: Vec<Crash> = std::iter::once(first).chain(second).collect();
            let report = play(seed, &Options { crashes: crashes.clone(), ..quiet.clone() })?;
            swept.add(first, crashes, report);
        }
    }
    Ok(swept)
}

impl Swept {
    fn add(&mut self, first: Crash, crashes: Vec<Crash>, report: Report) {
        self.points += 1;
        if !report.visits.1.contains(&first) {
            self.missed.push(first);
        }
        if let Some(broken) = report.broken {
            self.broken.push((crashes, broken));
        }
    }
}
