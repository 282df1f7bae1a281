//! Time as tokio has it, so that paused time works.

use std::time::Duration;

use async_trait::async_trait;
use muster_plans::time::{Span, Time};

use crate::ports::Clock;

/// Tokio's clock, counted from a fixed instant.
#[derive(Debug)]
pub struct TokioClock {
    zero: tokio::time::Instant,
}

/// 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000);

impl TokioClock {
    /// Starts at 2026-01-01T00:00:00Z. Must be called inside a runtime.
    pub fn start() -> TokioClock {
        // The deadline of a sleep of no length is now: the crate never reads a clock by itself.
        TokioClock { zero: tokio::time::sleep(Duration::ZERO).deadline() }
    }
}

#[async_trait]
impl Clock for TokioClock {
    fn now(&self) -> Time {
        START + self.steady()
    }

    fn steady(&self) -> Span {
        Span(u64::try_from(self.zero.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_millis(span.0)).await;
    }
}
