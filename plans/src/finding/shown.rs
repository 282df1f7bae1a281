//! Text from a document inside a message.

/// Longer texts are cut.
const SHOWN_CHARS: usize = 80;

/// A text that may come from anybody, made fit for a message on a terminal: short, and without
/// control characters that could move the cursor or forge lines.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(SHOWN_CHARS)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        short.push('…');
    }
    short
}
