//! How one host is switched off: what comes after each reading.
//!
//! An answer to a reset is no proof: it comes at once, and the host goes off seconds later, or never. So the power is
//! read until it is off, and then once more: a host may be set to switch on whenever it has lost its power, or a
//! watchdog may do it.

use std::time::Duration;

use super::Power;

/// How often it is read.
const POLL: Duration = Duration::from_secs(1);
/// How often a host that came back is switched off again.
const AGAIN: u32 = 1;

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Tell it to switch off.
    Tell,
    /// Read again after so long.
    Look(Duration),
    /// It is off, and was off before.
    Proven,
    /// No good comes of it.
    GiveUp(Why),
}

/// Why a host is not proven to be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It took the command and stayed on.
    StaysOn,
    /// It was off, and is on.
    CameBack,
    /// It cannot be read.
    Unread,
}

/// What was seen and done so far. All times count from its beginning.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// How long it must stay off.
    confirm: Duration,
    /// How long a reset may take to land.
    land: Duration,
    told: Option<Duration>,
    off_since: Option<Duration>,
    came_back: u32,
}

impl Course {
    pub(crate) fn new(confirm: Duration, land: Duration) -> Course {
        Course { confirm, land, told: None, off_since: None, came_back: 0 }
    }

    /// It was told to switch off, or may have heard it.
    pub(crate) fn told(&mut self, at: Duration) {
        self.told = Some(at);
    }

    /// It was read.
    pub(crate) fn saw(&mut self, power: Power, at: Duration) -> Next {
        if power == Power::Off {
            let since = *self.off_since.get_or_insert(at);
            let left = self.confirm.saturating_sub(at.saturating_sub(since));
            return if left.is_zero() && at > since { Next::Proven } else { Next::Look(left) };
        }
        if self.off_since.take().is_some() {
            self.came_back += 1;
            self.told = None;
        }
        if self.came_back > AGAIN {
            return Next::GiveUp(Why::CameBack);
        }
        match self.told {
            None => Next::Tell,
            Some(told) => self.wait(told, at, Why::StaysOn),
        }
    }

    /// It could not be read. Before anything was told there is nothing to wait for.
    pub(crate) fn unread(&mut self, at: Duration) -> Next {
        match self.told {
            None => Next::GiveUp(Why::Unread),
            Some(told) => self.wait(told, at, Why::Unread),
        }
    }

    fn wait(&self, told: Duration, at: Duration, why: Why) -> Next {
        match at.saturating_sub(told) < self.land {
            true => Next::Look(POLL),
            false => Next::GiveUp(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn course() -> Course {
        Course::new(secs(3), secs(30))
    }

    #[test]
    fn off_is_proven_by_a_second_reading_only() {
        let mut course = course();
        assert_eq!(course.saw(Power::Off, secs(0)), Next::Look(secs(3)));
        assert_eq!(course.saw(Power::Off, secs(2)), Next::Look(secs(1)));
        assert_eq!(course.saw(Power::Off, secs(3)), Next::Proven);
        let mut hasty = Course::new(secs(0), secs(30));
        assert_eq!(
            hasty.saw(Power::Off, secs(0)),
            Next::Look(secs(0)),
            "one reading is never enough"
        );
    }

    #[test]
    fn a_reset_that_lands_late_is_waited_for_and_told_once() {
        let mut course = course();
        assert_eq!(course.saw(Power::On, secs(0)), Next::Tell);
        course.told(secs(0));
        assert_eq!(course.saw(Power::On, secs(11)), Next::Look(POLL));
        assert_eq!(course.unread(secs(20)), Next::Look(POLL));
        assert_eq!(course.saw(Power::Off, secs(29)), Next::Look(secs(3)));
        assert_eq!(course.saw(Power::Off, secs(33)), Next::Proven);
    }

    #[test]
    fn one_that_never_goes_off_is_given_up() {
        let mut course = course();
        course.told(secs(1));
        assert_eq!(course.saw(Power::On, secs(30)), Next::Look(POLL));
        assert_eq!(course.saw(Power::On, secs(31)), Next::GiveUp(Why::StaysOn));
        assert_eq!(course.unread(secs(31)), Next::GiveUp(Why::Unread));
    }

    #[test]
    fn one_that_comes_back_is_switched_off_once_more_and_then_given_up() {
        let mut course = course();
        course.told(secs(0));
        course.saw(Power::Off, secs(1));
        assert_eq!(course.saw(Power::On, secs(4)), Next::Tell);
        course.told(secs(4));
        assert_eq!(course.saw(Power::Off, secs(5)), Next::Look(secs(3)), "counted anew");
        assert_eq!(course.saw(Power::On, secs(8)), Next::GiveUp(Why::CameBack));
    }

    #[test]
    fn who_cannot_be_read_is_told_nothing() {
        assert_eq!(course().unread(secs(0)), Next::GiveUp(Why::Unread));
        let mut seen = course();
        seen.saw(Power::Off, secs(0));
        assert_eq!(seen.unread(secs(3)), Next::GiveUp(Why::Unread), "off once is no proof");
    }
}
