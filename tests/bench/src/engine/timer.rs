//! Rings after a fixed time, and not a millisecond later.
//!
//! Tokio's timers count in milliseconds and round up, twice: a pause of 200 ms takes 201 to 202. A
//! real site's answer arrives when it arrives, so the site that is measured with keeps its time by a
//! thread of its own, which the system wakes to within a tenth of a millisecond.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::clock::now;

/// A bell, and when it rings.
type Bell = (Instant, oneshot::Sender<()>);

/// Waits of one length. The thread ends with its timer.
#[derive(Debug)]
pub(super) struct Timer {
    length: Duration,
    bells: mpsc::Sender<Bell>,
}

impl Timer {
    pub(super) fn new(length: Duration) -> Timer {
        let (bells, queue) = mpsc::channel();
        std::thread::spawn(move || ring(queue));
        Timer { length, bells }
    }

    /// Comes back when the time is over, never before.
    pub(super) async fn wait(&self) {
        let (bell, rung) = oneshot::channel();
        let at = now() + self.length;
        // Where the thread is gone nothing waits for it any more: the process is ending.
        if self.bells.send((at, bell)).is_ok() {
            _ = rung.await;
        }
    }
}

/// All waits are of one length, so they end in the order in which they began.
fn ring(queue: mpsc::Receiver<Bell>) {
    for (at, bell) in queue {
        std::thread::sleep(at.saturating_duration_since(now()));
        // Who waited may have been dropped.
        _ = bell.send(());
    }
}
