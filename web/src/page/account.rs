//! One's own account: password and sessions.

use askama::Template;

use crate::Chrome;
use crate::page::FieldError;
use crate::part::When;

/// `GET /account`, and the answer to a new password that was refused. With a one-time password there
/// is nothing but the choice of another.
#[derive(Clone, Debug, Template)]
#[template(path = "account.html")]
pub struct Account {
    /// The frame.
    pub chrome: Chrome,
    /// The name that one signs in with.
    pub name: String,
    /// Names of one's roles.
    pub roles: Vec<String>,
    /// The form for a new password.
    pub password: PasswordForm,
    /// Sessions that still count, newest first.
    pub sessions: Vec<SessionLine>,
}

/// The form for a new password.
#[derive(Clone, Debug, Default)]
pub struct PasswordForm {
    /// The password was made by the server: another must be chosen before anything else.
    pub must: bool,
    /// Characters that a password has at least.
    pub min: usize,
    /// Path to go to afterwards.
    pub next: String,
    /// Why the last attempt failed, all of it: fields are `old`, `new` and `again`.
    pub errors: Vec<FieldError>,
}

/// A session that still counts.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Under what it can be ended.
    pub id: String,
    /// It is the one that shows this page.
    pub current: bool,
    /// From where one signed in; empty: not known.
    pub address: String,
    /// When one signed in.
    pub since: When,
    /// When it was last used, to the minute.
    pub seen: When,
}
