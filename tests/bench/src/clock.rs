//! The one place of the benchmarks that reads clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use muster_engine::Clock;
use muster_plans::time::{Span, Time};

/// Now, monotonic.
#[expect(clippy::disallowed_methods, reason = "benchmarks read a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Runs something and says how long it took.
pub(crate) fn timed<R>(work: impl FnOnce() -> R) -> (Duration, R) {
    let start = now();
    let result = work();
    (start.elapsed(), result)
}

/// The median of several runs; what a run gives is dropped outside of the time.
pub(crate) fn median_of<R>(runs: usize, mut work: impl FnMut() -> R) -> Duration {
    median((0..runs.max(1)).map(|_| timed(&mut work).0).collect())
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds with their fractions.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Real time for an engine, as the server hands it over: the wall clock is read once.
pub(crate) struct WallClock {
    at_start: Time,
    start: Instant,
}

impl WallClock {
    #[expect(clippy::disallowed_methods, reason = "benchmarks read a clock")]
    pub(crate) fn start() -> WallClock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_start = Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        WallClock { at_start, start: now() }
    }
}

#[async_trait]
impl Clock for WallClock {
    fn now(&self) -> Time {
        self.at_start + Span(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_millis(span.0)).await;
    }
}
