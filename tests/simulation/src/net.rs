//! The network between servers and sites: what is sent goes on by itself, whatever becomes of its
//! sender; it may be lost, late or doubled, in each direction on its own.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use muster_plans::id::SiteName;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Chance, from the play's seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Arc<Mutex<fastrand::Rng>>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    fn with<R>(&self, then: impl FnOnce(&mut fastrand::Rng) -> R) -> R {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From 0 to `most`, both included.
    pub(crate) fn upto(&self, most: u64) -> u64 {
        self.with(|rng| rng.u64(0..=most))
    }

    pub(crate) fn chance(&self, odds: f64) -> bool {
        self.with(|rng| rng.f64()) < odds
    }

    /// One of several.
    pub(crate) fn pick<T: Clone>(&self, from: &[T]) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        self.with(|rng| Some(from[rng.usize(0..from.len())].clone()))
    }
}

/// One direction of one line: from a server to a site (`true`) or back.
pub(crate) type Direction = (String, SiteName, bool);

#[derive(Debug, Default)]
struct Weather {
    /// Directions in which nothing goes.
    cut: BTreeMap<Direction, bool>,
    /// Odds of a delay, and its longest in milliseconds.
    late: (f64, u64),
    /// Odds of a second delivery.
    doubled: f64,
}

/// All lines.
#[derive(Clone)]
pub(crate) struct Net {
    weather: Arc<Mutex<Weather>>,
    on_the_way: Arc<Mutex<JoinSet<()>>>,
    pub(crate) dice: Dice,
}

impl Net {
    pub(crate) fn new(dice: Dice) -> Net {
        Net { weather: Arc::default(), on_the_way: Arc::default(), dice }
    }

    fn weather<R>(&self, then: impl FnOnce(&mut Weather) -> R) -> R {
        then(&mut self.weather.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn cut(&self, direction: Direction, cut: bool) {
        self.weather(|weather| weather.cut.insert(direction, cut));
    }

    pub(crate) fn is_cut(&self, direction: &Direction) -> bool {
        self.weather(|weather| weather.cut.get(direction).copied().unwrap_or_default())
    }

    /// Messages are late with these odds, by up to this many milliseconds, and delivered twice with
    /// those.
    pub(crate) fn storm(&self, late: f64, most_ms: u64, doubled: f64) {
        self.weather(|weather| {
            weather.late = (late, most_ms);
            weather.doubled = doubled;
        });
    }

    /// Everything goes through, at once.
    pub(crate) fn calm(&self) {
        self.weather(|weather| *weather = Weather::default());
    }

    fn delay(&self) -> u64 {
        let (odds, most) = self.weather(|weather| weather.late);
        if odds > 0.0 && self.dice.chance(odds) { self.dice.upto(most) } else { self.dice.upto(3) }
    }

    pub(crate) fn doubles(&self) -> bool {
        let odds = self.weather(|weather| weather.doubled);
        odds > 0.0 && self.dice.chance(odds)
    }

    /// Lets something go on by itself, after the time that a message takes.
    pub(crate) fn send<T: Send + 'static>(
        &self,
        then: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (reply, answer) = oneshot::channel();
        let delay = self.delay();
        let mut on_the_way = self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner);
        while on_the_way.try_join_next().is_some() {}
        on_the_way.spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            // Whoever asked may be gone.
            _ = reply.send(then.await);
        });
        answer
    }
}
