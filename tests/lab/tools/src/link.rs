//! What a link does to a frame, decided without I/O.

use std::str::FromStr;
use std::time::Duration;

/// How a link is now; the control file's one line: `DELAY_US RATE_MBIT LOSS_PPM up|down`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// One way, in microseconds.
    pub delay_us: u64,
    /// Megabits a second; 0: no limit.
    pub rate_mbit: u64,
    /// Frames lost in a million.
    pub loss_ppm: u32,
    /// Whether anything passes.
    pub up: bool,
}

/// A link that is not there.
pub const CUT: Link = Link { delay_us: 0, rate_mbit: 0, loss_ppm: 0, up: false };

/// The longest queue before a link of limited rate.
const QUEUE: Duration = Duration::from_millis(200);

impl FromStr for Link {
    type Err = String;

    fn from_str(line: &str) -> Result<Link, String> {
        let wrong =
            || format!("`{}`: DELAY_US RATE_MBIT LOSS_PPM up|down was expected", line.trim());
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [delay, rate, loss, state] = words.as_slice() else { return Err(wrong()) };
        let up = match *state {
            "up" => true,
            "down" => false,
            _ => return Err(wrong()),
        };
        Ok(Link {
            delay_us: delay.parse().map_err(|_| wrong())?,
            rate_mbit: rate.parse().map_err(|_| wrong())?,
            loss_ppm: loss.parse().map_err(|_| wrong())?,
            up,
        })
    }
}

/// One direction of a link. Times are since any one moment.
#[derive(Debug, Default)]
pub struct Direction {
    free: Duration,
}

impl Direction {
    /// When a frame that comes now arrives; `None`: it does not. `dice` is between 0 and a million.
    pub fn arrival(
        &mut self,
        link: Link,
        now: Duration,
        bytes: usize,
        dice: u32,
    ) -> Option<Duration> {
        if !link.up || dice < link.loss_ppm {
            return None;
        }
        let delay = Duration::from_micros(link.delay_us);
        if link.rate_mbit == 0 {
            return Some(now + delay);
        }
        let sent = self.free.max(now) + Duration::from_nanos(bytes as u64 * 8000 / link.rate_mbit);
        if sent - now > QUEUE {
            return None;
        }
        self.free = sent;
        Some(sent + delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn the_control_file_is_one_line() {
        let link = Link { delay_us: 2500, rate_mbit: 100, loss_ppm: 10, up: true };
        assert_eq!("2500 100 10 up\n".parse(), Ok(link));
        for wrong in ["", "0 0 up", "0 0 0 sideways", "x 0 0 up", "0 0 0 up again"] {
            assert!(wrong.parse::<Link>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_frame_is_late_by_the_delay_and_lost_when_the_link_is_cut() {
        let link = Link { delay_us: 5000, rate_mbit: 0, loss_ppm: 500_000, up: true };
        let mut way = Direction::default();
        assert_eq!(way.arrival(link, MS(10), 1500, 500_000), Some(MS(15)));
        assert_eq!(way.arrival(link, MS(10), 1500, 499_999), None);
        assert_eq!(way.arrival(CUT, MS(10), 1500, 999_999), None);
    }

    #[test]
    fn frames_queue_at_a_limited_rate_until_the_queue_is_full() {
        let link = Link { delay_us: 0, rate_mbit: 1, loss_ppm: 0, up: true };
        let mut way = Direction::default();
        // 1250 bytes take 10 ms at 1 Mbit/s.
        let arrivals: Vec<_> = (0..30).map(|_| way.arrival(link, MS(0), 1250, 0)).collect();
        assert_eq!(arrivals[..3], [Some(MS(10)), Some(MS(20)), Some(MS(30))]);
        assert_eq!(arrivals.iter().flatten().count(), 20);
        assert_eq!(way.arrival(link, MS(1000), 1250, 0), Some(MS(1010)));
    }
}
