//! What is wrong, where, and how to mend it.

mod code;
mod shown;
mod sort;

use serde::Serialize;

pub use code::Code;
use shown::one_line;
pub(crate) use shown::shown;
pub(crate) use sort::sort;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It cannot be used like this.
    Error,
    /// It can be used and probably does not do what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The file as it was named.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
    /// The source line, for the excerpt with its caret.
    pub excerpt: String,
}

/// One finding. Findings are collected, never only the first one given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable identity of this kind of finding; `plans/codes/CODE.md` explains it.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Where, if it stands in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Where, as a JSON pointer into the document; or the object it is about (`vm/NAME`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What is wrong, as one sentence with the values in it.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl Finding {
    /// An error without a place. Control characters of `message` and `help` become U+FFFD.
    pub fn error(code: Code, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding {
            code,
            severity: Severity::Error,
            place: None,
            pointer: None,
            message: one_line(message.into()),
            help: one_line(help.into()),
        }
    }

    /// A warning without a place.
    pub fn warning(code: Code, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, ..Finding::error(code, message, help) }
    }

    /// The same, about an object.
    #[must_use]
    pub fn about(mut self, pointer: impl Into<String>) -> Finding {
        self.pointer = Some(pointer.into());
        self
    }

    /// Whether it forbids going on.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

#[cfg(test)]
mod tests;
