//! Ids of recovery points: the instant that they hold, in UTC with milliseconds.

use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::{Consistency, RecoveryPoint};
use muster_plans::time::{Span, Time};

const FORMAT: &str = "%Y-%m-%dT%H-%M-%S.%3fZ";

/// `2026-11-28T15-20-11.123Z`: sorts by time, and is a file name everywhere.
pub fn id(at: Time) -> RecoveryPointId {
    let stamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    RecoveryPointId::from(stamp.strftime(FORMAT).to_string())
}

/// The instant that an id means; `None`: it is no id of a point.
pub fn at(text: &str) -> Option<Time> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let stamp: jiff::Timestamp = format!("{day}T{}Z", time.replace('-', ":")).parse().ok()?;
    let found = Time(stamp.as_millisecond());
    (id(found).as_str() == text).then_some(found)
}

/// The name under which something is kept that is about to be discarded.
pub fn before(what: &str) -> String {
    format!("before-{what}")
}

/// The id of the next point. Ids rise whatever the clocks of the two sites say, because the newest
/// one is what is recovered to.
pub fn next<'a>(
    now: Time,
    known: impl IntoIterator<Item = &'a RecoveryPointId>,
) -> RecoveryPointId {
    let newest = known.into_iter().filter_map(|point| at(point.as_str())).max();
    id(newest.map_or(now, |newest| now.max(newest + Span(1))))
}

/// As the inventory and queries say it.
pub fn described(id: &RecoveryPointId) -> Option<RecoveryPoint> {
    let taken_at = at(id.as_str())?;
    Some(RecoveryPoint { id: id.clone(), taken_at, consistency: Consistency::Crash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_and_print_alike_and_sort_by_time() {
        let time = Time(1_795_879_211_023);
        assert_eq!(id(time).as_str(), "2026-11-28T15-20-11.023Z");
        assert_eq!(at("2026-11-28T15-20-11.023Z"), Some(time));
        assert!(id(time) < id(time + Span(977)));
        for text in ["before-2026-11-28T15-20-11.023Z", "2026-11-28T15-20-11Z", "x", ""] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_that_is_behind_takes_no_older_points() {
        let (early, late) = (Time(1_000), Time(50_000));
        assert_eq!(next(early, [&id(late)]), id(Time(50_001)));
        assert_eq!(next(late, [&id(early), &"before-x".into()]), id(late));
        assert_eq!(next(early, []), id(early));
    }
}
