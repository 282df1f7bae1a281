//! Sign in.

use askama::Template;

use crate::Chrome;

/// `GET /sign-in`, and the answer to a POST that failed.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// The frame, without a user.
    pub chrome: Chrome,
    /// Path to go to afterwards.
    pub next: String,
    /// What was typed as the user's name.
    pub user: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// A sentence above the form: how to sign in to a demonstration, that one was signed out.
    pub notice: Option<String>,
}
