//! The one place that reads the wall clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use muster_engine::Clock;
use muster_plans::time::{Span, Time};

/// The machine's clock, read once: from then on time goes by the monotonic clock, so that a jump of
/// the wall clock changes no deadline and no lease.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started_at: Time,
    started: Instant,
}

impl SystemClock {
    /// Reads the wall clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn start() -> SystemClock {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        SystemClock {
            started_at: Time(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)),
            started: Instant::now(),
        }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Time {
        self.started_at + self.steady()
    }

    fn steady(&self) -> Span {
        Span(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_millis(span.0)).await;
    }
}
