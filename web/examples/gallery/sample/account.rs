//! One's own account.

use muster_web::Nav;
use muster_web::page::{Account, FieldError, PasswordForm, SessionLine};

use super::{HOUR, MIN, ago, chrome, strings};

fn account(password: PasswordForm, sessions: Vec<SessionLine>) -> Account {
    Account {
        chrome: chrome("Your account", Nav::None),
        name: "mara".into(),
        roles: strings(&["recovery-admin", "approver"]),
        password: PasswordForm { min: 12, ..password },
        sessions,
    }
}

fn session(id: &str, address: &str, current: bool) -> SessionLine {
    let (id, address) = (id.into(), address.into());
    SessionLine { id, address, current, since: ago(3 * HOUR), seen: ago(MIN) }
}

/// Two sessions, one of them this.
pub(crate) fn account_usual() -> Account {
    let sessions = vec![session("a1", "192.0.2.7", true), session("b2", "2001:db8::1", false)];
    account(PasswordForm::default(), sessions)
}

/// A one-time password, with or without a refused choice.
pub(crate) fn account_must(refused: bool) -> Account {
    let error = |field: &str, text: &str| FieldError { field: field.into(), text: text.into() };
    let errors = vec![
        error("new", "it has 4 characters, and must have at least 12"),
        error("new", "it holds the user's name: leave the name out"),
        error("again", "the two are not the same"),
    ];
    let errors = if refused { errors } else { Vec::new() };
    account(PasswordForm { must: true, next: "/plans".into(), errors, min: 12 }, Vec::new())
}
