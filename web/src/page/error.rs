//! Error pages.

use askama::Template;

use crate::Chrome;

/// A way on from an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// What is found there.
    pub label: String,
    /// Where.
    pub href: String,
}

/// Any error but "not found".
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame.
    pub chrome: Chrome,
    /// HTTP status.
    pub status: u16,
    /// Stable code of the error.
    pub code: String,
    /// What happened, as one sentence.
    pub message: String,
    /// What to do, one sentence each; may be empty.
    pub help: Vec<String>,
    /// Ways on.
    pub links: Vec<Recovery>,
    /// Id under which the server's log knows the request.
    pub request_id: String,
    /// The run that it concerns. Errors of the console never touch a run that is under way.
    pub run: Option<String>,
}

/// Nothing is at this address.
#[derive(Clone, Debug, Template)]
#[template(path = "not_found.html")]
pub struct NotFound {
    /// The frame.
    pub chrome: Chrome,
    /// What was looked for: `plan erp-old`; empty: the address itself is unknown.
    pub what: String,
    /// The path that was asked for.
    pub path: String,
    /// Things of a similar name, best first.
    pub similar: Vec<Recovery>,
    /// Id under which the server's log knows the request.
    pub request_id: String,
}
