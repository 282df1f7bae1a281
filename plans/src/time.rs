//! Instants and spans as plain numbers of milliseconds.
//!
//! The core never reads a clock: whoever calls it hands the time in. Milliseconds in an `i64` are
//! what the journal stores and what the adapter protocol carries; pages and the REST API print
//! RFC 3339 in UTC.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A length of time in milliseconds.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Time {
    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Time) -> Span {
        Span(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, as the REST API prints it.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0)
            .map_or_else(|_| String::from("out of range"), |t| format!("{t:.3}"))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of whole seconds.
    pub const fn secs(secs: u64) -> Span {
        Span(secs * 1000)
    }

    /// A span of whole minutes.
    pub const fn mins(mins: u64) -> Span {
        Span(mins * 60_000)
    }

    /// Seconds with their fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add_unsigned(span.0))
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub_unsigned(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Prints as people write it in plans: `0s`, `250ms`, `5m`, `1h 30m`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let units = [
            (days, "d"),
            (rest / 3_600_000, "h"),
            (rest / 60_000 % 60, "m"),
            (rest / 1000 % 60, "s"),
            (rest % 1000, "ms"),
        ];
        let mut text = String::new();
        for (n, unit) in units {
            if n != 0 {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&format!("{n}{unit}"));
            }
        }
        f.pad(if text.is_empty() { "0s" } else { &text })
    }
}

/// The longest span that is read.
const LONGEST: Span = Span(36_525 * 86_400_000);

/// Why a text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write it like 90s, 5m or 1h 30m")]
pub struct SpanError(pub String);

/// Reads `90s`, `5m`, `1h 30m`, `250ms`. A bare number has no unit and is refused; negative spans
/// and units longer than a day are refused too, because months and years have no fixed length; so is
/// what is longer than a hundred years, which is a slip, and could not be read back as it is printed.
impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Span, SpanError> {
        let error = || SpanError(text.to_owned());
        let span: jiff::Span = text.trim().parse().map_err(|_| error())?;
        if span.is_negative() || span.get_months() != 0 || span.get_years() != 0 {
            return Err(error());
        }
        let days = jiff::SpanRelativeTo::days_are_24_hours();
        let duration = span.to_duration(days).map_err(|_| error())?;
        let span = u64::try_from(duration.as_millis()).map(Span).map_err(|_| error())?;
        if span > LONGEST { Err(error()) } else { Ok(span) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print_alike() {
        for text in ["0s", "250ms", "90s", "5m", "1h 30m", "2d"] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string().parse::<Span>().unwrap(), span, "{text}");
        }
        assert_eq!("1h 30m".parse::<Span>().unwrap(), Span::mins(90));
        assert_eq!("876600h".parse::<Span>().unwrap().to_string(), "36525d");
        for text in
            ["", "5", "-5m", "1mo", "five minutes", "5 parsecs", "36525d 1ms", "999199991919s"]
        {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn time_prints_in_utc() {
        assert_eq!(Time(1_700_000_000_123).to_rfc3339(), "2023-11-14T22:13:20.123Z");
    }
}
