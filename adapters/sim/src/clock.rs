//! The clock under a world.

use async_trait::async_trait;
use muster_plans::time::{Span, Time};

/// Time, handed in: real, faster than real, or virtual.
#[async_trait]
pub trait SimClock: Send + Sync {
    /// Now. Deadlines of operations are compared with it, so it must be the clock of whoever asks.
    fn now(&self) -> Time;
    /// Waits.
    async fn sleep(&self, span: Span);
}

/// A clock over tokio's timer: real time in a server, virtual time in a test that paused tokio.
#[derive(Clone, Debug)]
pub struct TokioClock {
    base: Time,
    started: tokio::time::Instant,
    speed: f64,
}

impl TokioClock {
    /// Runs on from `base` as fast as real time. To be made inside a tokio runtime.
    pub fn new(base: Time) -> TokioClock {
        TokioClock::scaled(base, 1.0)
    }

    /// Runs on from `base`, `speed` times as fast. Deadlines come from the clock of whoever asks:
    /// a server on real time should rather have its world's [`crate::Settings::speed`] raised.
    pub fn scaled(base: Time, speed: f64) -> TokioClock {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        TokioClock { base, started: tokio::time::Instant::now(), speed }
    }
}

#[async_trait]
impl SimClock for TokioClock {
    fn now(&self) -> Time {
        let real = self.started.elapsed().as_millis() as f64;
        self.base + Span((real * self.speed) as u64)
    }

    async fn sleep(&self, span: Span) {
        // Rounded up: waking a millisecond early would only mean to sleep again.
        let millis = (span.0 as f64 / self.speed).ceil() as u64;
        tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
    }
}
