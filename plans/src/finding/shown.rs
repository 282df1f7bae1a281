//! Text from a document inside a message.

/// Longer texts are cut.
const SHOWN_CHARS: usize = 80;

/// A text that may come from anybody, made fit for a message on a terminal: short, and without
/// control characters that could move the cursor or forge lines.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARS).map(visible).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        short.push('…');
    }
    short
}

/// A whole message, as one line that moves no cursor: the door through which every finding goes, so
/// that a value somebody forgot to show by [`shown`] cannot forge another finding.
pub(super) fn one_line(text: String) -> String {
    if text.chars().any(char::is_control) { text.chars().map(visible).collect() } else { text }
}

fn visible(c: char) -> char {
    if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }
}
