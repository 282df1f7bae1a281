//! Instants, lengths of time and counts as people read them.

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Whole numbers that are not negative, by value or by reference: templates hand over both.
pub trait Number {
    /// The number.
    fn number(&self) -> u64;
}

macro_rules! numbers {
    ($($int:ty),*) => {$(
        impl Number for $int {
            fn number(&self) -> u64 {
                *self as u64
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, usize);

impl<N: Number> Number for &N {
    fn number(&self) -> u64 {
        (**self).number()
    }
}

/// A length of time in milliseconds: `850 ms`, `12 s`, `1 min 32 s`, `2 h 05 min`, `3 d 04 h`.
pub fn duration(ms: impl Number) -> String {
    let ms = ms.number();
    let secs = ms / 1000;
    match secs {
        0 if ms > 0 => format!("{ms} ms"),
        0..60 => format!("{secs} s"),
        60..3600 if secs.is_multiple_of(60) => format!("{} min", secs / 60),
        60..3600 => format!("{} min {:02} s", secs / 60, secs % 60),
        3600..86_400 => format!("{} h {:02} min", secs / 3600, secs / 60 % 60),
        _ => format!("{} d {:02} h", secs / 86_400, secs / 3600 % 24),
    }
}

/// A count with its noun: `1 VM`, `2 VMs`.
pub fn count(n: impl Number, one: &str, many: &str) -> String {
    let n = n.number();
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// Digits in groups of three: `12,345`.
pub fn thousands(n: impl Number) -> String {
    let digits = n.number().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Whole per cent, never 100 before everything is done.
pub fn percent(done: u32, total: u32) -> u32 {
    match total {
        0 => 100,
        _ => u32::try_from(u64::from(done.min(total)) * 100 / u64::from(total)).unwrap_or(100),
    }
}

/// A length of time in one unit, for distances: `3 min`, `2 h`, `4 days`.
pub(crate) fn span(ms: u64) -> String {
    match ms / 1000 {
        secs @ 0..60 => format!("{secs} s"),
        secs @ 60..3600 => format!("{} min", secs / 60),
        secs @ 3600..172_800 => format!("{} h", secs / 3600),
        secs => format!("{} days", secs / 86_400),
    }
}

/// The beginning of a digest, enough to tell two apart: `5b1f0c9a77de` of `sha256:5b1f0c9a77de…`.
pub fn short(digest: &str) -> &str {
    let hex = digest.rsplit(':').next().unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

/// How far an instant is from now: `just now`, `3 min ago`, `in 2 h`.
pub(crate) fn distance(at_ms: i64, now_ms: i64) -> String {
    let away = now_ms.abs_diff(at_ms);
    if away < 5000 {
        return String::from("just now");
    }
    let text = span(away);
    if at_ms > now_ms { format!("in {text}") } else { format!("{text} ago") }
}

/// Year, month, day, hour, minute and second in UTC.
///
/// The Gregorian calendar is counted in eras of 400 years that begin on 1 March, so that the leap
/// day is the last day of its year and needs no case of its own.
pub(crate) fn civil(at_ms: i64) -> [i64; 6] {
    let secs = at_ms.div_euclid(1000);
    let (days, time) = (secs.div_euclid(DAY) + 719_468, secs.rem_euclid(DAY));
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    [year, month, day, time / 3600, time / 60 % 60, time % 60]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let said: Vec<String> =
            [0_u64, 850, 12_000, 60_000, 92_000, 7_500_000, 273_600_000].map(duration).into();
        assert_eq!(
            said,
            ["0 s", "850 ms", "12 s", "1 min", "1 min 32 s", "2 h 05 min", "3 d 04 h"]
        );
    }

    #[test]
    fn the_calendar_knows_leap_days_and_the_years_before_1970() {
        assert_eq!(civil(0), [1970, 1, 1, 0, 0, 0]);
        assert_eq!(civil(951_782_400_000), [2000, 2, 29, 0, 0, 0]);
        assert_eq!(civil(4_107_542_399_000), [2100, 2, 28, 23, 59, 59]);
        assert_eq!(civil(4_107_542_400_000), [2100, 3, 1, 0, 0, 0]);
        assert_eq!(civil(-1000), [1969, 12, 31, 23, 59, 59]);
    }

    #[test]
    fn distances_look_both_ways() {
        assert_eq!(distance(0, 3000), "just now");
        assert_eq!(distance(0, 185_000), "3 min ago");
        assert_eq!(distance(7_200_000, 0), "in 2 h");
        assert_eq!(distance(0, 345_600_000), "4 days ago");
    }

    #[test]
    fn nothing_reads_as_complete_before_it_is() {
        assert_eq!((percent(999, 1000), percent(1000, 1000), percent(0, 0)), (99, 100, 100));
        assert_eq!(thousands(1_234_567_u32), "1,234,567");
        assert_eq!(
            (count(1_u32, "VM", "VMs"), count(0_u32, "VM", "VMs")),
            ("1 VM".into(), "0 VMs".into())
        );
    }
}
