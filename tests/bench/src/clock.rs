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

/// How long something took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    /// As a clock on the wall shows it.
    pub(crate) wall: Duration,
    /// The part of it in which this thread had a core: what is left out is waiting for others. Zero
    /// where the system does not tell.
    pub(crate) core: Duration,
}

/// How long this thread has had a core.
fn core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Runs something and says how long it took.
pub(crate) fn timed<R>(work: impl FnOnce() -> R) -> (Took, R) {
    let (before, start) = (core(), now());
    let result = work();
    let wall = start.elapsed();
    (Took { wall, core: core().saturating_sub(before) }, result)
}

/// The medians of several runs; what a run gives is dropped outside of the time.
pub(crate) fn median_of<R>(runs: usize, mut work: impl FnMut() -> R) -> Took {
    let times: Vec<Took> = (0..runs.max(1)).map(|_| timed(&mut work).0).collect();
    Took {
        wall: median(times.iter().map(|took| took.wall).collect()),
        core: median(times.iter().map(|took| took.core).collect()),
    }
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
        self.at_start + self.steady()
    }

    fn steady(&self) -> Span {
        Span(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_millis(span.0)).await;
    }
}
