//! Instants as Ceph prints them. The programs are run with `TZ=UTC`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use muster_plans::time::Time;

/// `Sat Nov 28 16:21:30 2026`, of snapshots.
pub(super) fn ctime(text: &str) -> Option<Time> {
    civil("%a %b %e %H:%M:%S %Y", text)
}

/// `2026-11-28 16:21:16`, of the state of mirrored images.
pub(super) fn plain(text: &str) -> Option<Time> {
    civil("%Y-%m-%d %H:%M:%S", text)
}

fn civil(format: &str, text: &str) -> Option<Time> {
    let at = DateTime::strptime(format, text).ok()?;
    Some(Time(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

/// `2036-11-25T16:20:51.497559+0000`, of the blocklist.
pub(super) fn zoned(text: &str) -> Option<Time> {
    let at = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
    Some(Time(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_kinds_are_read() {
        let wanted = Some(Time(1_795_882_890_000));
        assert_eq!(ctime("Sat Nov 28 16:21:30 2026"), wanted);
        assert_eq!(plain("2026-11-28 16:21:30"), wanted);
        assert_eq!(zoned("2026-11-28T16:21:30.000000+0000"), wanted);
        assert_eq!(zoned("2026-11-28T17:21:30.000000+0100"), wanted);
        assert_eq!(ctime("Sun Nov  1 06:01:03 2026"), Some(Time(1_793_512_863_000)));
        for text in ["", "0.000000", "yesterday", "2026-13-01 00:00:00"] {
            assert_eq!((ctime(text), plain(text), zoned(text)), (None, None, None), "{text}");
        }
    }
}
