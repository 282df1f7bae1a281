//! Texts with a meaning of their own: cron, spans, networks, addresses, time zones, patterns.

use muster_plans::document::format::{FORMATS, check};
use muster_plans::time::Span;

/// A text of any format.
///
/// # Panics
/// Where a refusal is no printable sentence, or a span is not read as it was printed.
pub fn formats(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for format in FORMATS {
        if let Err(why) = check(format, text) {
            assert!(!why.is_empty() && !why.chars().any(char::is_control), "{why:?}");
        }
    }
    if let Ok(span) = text.parse::<Span>() {
        assert_eq!(span.to_string().parse(), Ok(span), "{text:?}");
    }
}
