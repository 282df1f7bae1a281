//! A server's own clock: off by some, at another rate, jumping.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muster_adapter_sim::SimClock;
use muster_plans::time::{Span, Time};
use tokio::time::Instant;

use crate::life::Life;

/// When every play begins: 2026-01-01T00:00:00Z.
pub(crate) const START: Time = Time(1_767_225_600_000);

/// True time.
#[derive(Clone, Debug)]
pub(crate) struct TrueClock {
    zero: Instant,
}

impl TrueClock {
    /// Starts at [`START`]; to be made inside a runtime.
    pub(crate) fn start() -> TrueClock {
        // The deadline of a sleep of no length is now, in virtual time.
        TrueClock { zero: tokio::time::sleep(Duration::ZERO).deadline() }
    }

    pub(crate) fn now(&self) -> Time {
        START + Span(u64::try_from(self.zero.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

#[async_trait]
impl SimClock for TrueClock {
    fn now(&self) -> Time {
        TrueClock::now(self)
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_millis(span.0)).await;
    }
}

/// What a server's clock shows: at the true instant `since` it showed `shown`, and it has run at
/// `rate` from then on.
#[derive(Clone, Copy, Debug)]
struct Dial {
    since: Time,
    shown: Time,
    rate: f64,
    /// For how long the clock had run.
    run: Span,
}

impl Dial {
    fn passed(&self, now: Time) -> Span {
        Span((now.since(self.since).0 as f64 * self.rate) as u64)
    }
}

/// A server's clock.
#[derive(Debug)]
pub(crate) struct SkewedClock {
    truth: TrueClock,
    dial: Mutex<Dial>,
    life: Arc<Life>,
}

impl SkewedClock {
    pub(crate) fn new(truth: TrueClock, life: Arc<Life>) -> SkewedClock {
        let now = truth.now();
        SkewedClock {
            truth,
            dial: Mutex::new(Dial { since: now, shown: now, rate: 1.0, run: Span(0) }),
            life,
        }
    }

    fn dial(&self) -> Dial {
        *self.dial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jumps by milliseconds, either way, and runs at another rate from now on.
    pub(crate) fn disturb(&self, by_ms: i64, rate: f64) {
        let shown = Time(muster_engine::Clock::now(self).0 + by_ms);
        let run = muster_engine::Clock::steady(self);
        let mut dial = self.dial.lock().unwrap_or_else(PoisonError::into_inner);
        *dial = Dial { since: self.truth.now(), shown, rate, run };
    }
}

#[async_trait]
impl muster_engine::Clock for SkewedClock {
    fn now(&self) -> Time {
        let dial = self.dial();
        dial.shown + dial.passed(self.truth.now())
    }

    fn steady(&self) -> Span {
        let dial = self.dial();
        dial.run + dial.passed(self.truth.now())
    }

    async fn sleep(&self, span: Span) {
        let millis = (span.0 as f64 / self.dial().rate).ceil() as u64;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        self.life.go_on().await;
    }
}
