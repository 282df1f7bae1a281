//! Small pieces of markup that many pages use.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::state::{Level, RunKind, RunState, Tone};
use crate::text;

/// A state: icon, word and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "part/badge.html")]
pub struct Badge {
    /// What its colour stands for.
    pub tone: Tone,
    /// Symbol of the sprite, without its prefix.
    pub icon: &'static str,
    /// The word.
    pub text: &'static str,
    /// For tests and scripts: `data-state`.
    pub slug: &'static str,
}

// Every field of a badge is a constant of this crate, and the template escapes besides.
impl HtmlSafe for Badge {}

/// An instant, shown as its distance from now with the full time beside it on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "part/when.html")]
pub struct When {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: i64,
    /// The same of the moment at which the page is made.
    pub now_ms: i64,
}

// Digits and words of this crate only.
impl HtmlSafe for When {}

/// How long something has lasted, with its beginning beside it on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "part/lasting.html")]
pub struct Lasting {
    /// Its beginning.
    pub since: When,
}

// Digits and words of this crate only.
impl HtmlSafe for Lasting {}

impl When {
    /// An instant as seen from another, both in milliseconds since 1970-01-01T00:00:00Z.
    pub fn new(at_ms: i64, now_ms: i64) -> When {
        When { at_ms, now_ms }
    }

    /// RFC 3339 in UTC, whole seconds.
    pub fn iso(&self) -> String {
        let [year, month, day, hour, minute, second] = text::civil(self.at_ms);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// `2026-03-14 02:41:07 UTC`.
    pub fn full(&self) -> String {
        self.iso().replace('T', " ").replace('Z', " UTC")
    }

    /// `02:41:07`, for logs of one run.
    pub fn clock(&self) -> String {
        let [.., hour, minute, second] = text::civil(self.at_ms);
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// `3 min ago`.
    pub fn distance(&self) -> String {
        text::distance(self.at_ms, self.now_ms)
    }

    /// `3 min`: how long ago it was, in words for "for".
    pub fn lasting(&self) -> Lasting {
        Lasting { since: *self }
    }

    /// The same without its beginning.
    pub fn span(&self) -> String {
        text::span(self.now_ms.abs_diff(self.at_ms))
    }

    /// How long ago it was, in milliseconds; 0 if it lies ahead.
    pub fn age_ms(&self) -> u64 {
        u64::try_from(self.now_ms - self.at_ms).unwrap_or(0)
    }
}

/// A finding, a check's result or a reason: how bad, what, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "part/finding.html")]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Stable code; empty: none.
    pub code: String,
    /// `plan.yaml:12:5` or `vm/NAME`; empty: none.
    pub place: String,
    /// One sentence with the values in it.
    pub text: String,
    /// How to mend it; empty: nothing to do.
    pub help: String,
}

// Its template escapes each of its strings.
impl HtmlSafe for Finding {}

impl Finding {
    /// A finding that is a sentence and nothing more.
    pub fn new(level: Level, text: impl Into<String>) -> Finding {
        Finding {
            level,
            code: String::new(),
            place: String::new(),
            text: text.into(),
            help: String::new(),
        }
    }

    /// The same, with a way to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Finding {
        self.help = help.into();
        self
    }
}

/// A run in one line.
#[derive(Clone, Debug)]
pub struct RunLine {
    /// Its id.
    pub id: String,
    /// Its plan.
    pub plan: String,
    /// What it does.
    pub kind: RunKind,
    /// Its state.
    pub state: RunState,
    /// Who started it.
    pub by: String,
    /// When it was started.
    pub started: When,
    /// How long it ran, or has been running, in milliseconds.
    pub elapsed_ms: u64,
    /// Steps that are done, failed or skipped.
    pub done: u32,
    /// All steps, barriers excluded.
    pub total: u32,
    /// What it is doing, what it waits for, or how it ended; one sentence, may be empty.
    pub note: String,
}

impl RunLine {
    /// Whole per cent of its steps.
    pub fn percent(&self) -> u32 {
        text::percent(self.done, self.total)
    }
}

/// Which rows of a long list are shown, and where the others are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// Number of the first row shown, from 1; 0: there are none.
    pub from: u64,
    /// Number of the last row shown.
    pub to: u64,
    /// All rows of the current filter.
    pub total: u64,
    /// Link to the page before, with the filter in it.
    pub previous: Option<String>,
    /// Link to the page after, with the filter in it.
    pub next: Option<String>,
}

impl Paging {
    /// A list that is shown whole.
    pub fn whole(len: usize) -> Paging {
        let total = len as u64;
        Paging { from: total.min(1), to: total, total, previous: None, next: None }
    }
}

/// One choice of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Value in the query; empty: no filter.
    pub value: String,
    /// What people read.
    pub label: String,
    /// Whether it is the current one.
    pub chosen: bool,
}

impl Choice {
    /// Choices of a filter: `all` first, then pairs of value and label; the one that equals
    /// `current` is chosen.
    pub fn list(all: &str, pairs: &[(&str, &str)], current: &str) -> Vec<Choice> {
        std::iter::once(("", all))
            .chain(pairs.iter().copied())
            .map(|(value, label)| Choice {
                value: value.to_owned(),
                label: label.to_owned(),
                chosen: value == current,
            })
            .collect()
    }
}
