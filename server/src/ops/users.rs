//! Users: made, changed, taken away; and what everybody does about their own account. Each leaves its
//! line in the audit trail, written with the change.

use std::net::IpAddr;

use muster_plans::time::Span;
use muster_store::{AuditFilter, Token, User};
use serde_json::{Value, json};

use super::Asker;
use crate::app::App;
use crate::auth::{AuthError, NewToken, Principal};

type Done<T> = Result<T, AuthError>;

/// How a user was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Nothing is left; the name is free again.
    Removed,
    /// Disabled for good, because the audit trail names them.
    Kept,
}

fn line(
    app: &App,
    asker: &Asker,
    action: &str,
    user: &str,
    detail: Value,
) -> Vec<muster_store::AuditEntry> {
    vec![asker.audit(app.now(), action, format!("user/{user}"), detail)]
}

/// Makes a user; answers them and their one-time password.
///
/// # Errors
/// As [`crate::auth::Auth::create_user`].
pub async fn create_user(
    app: &App,
    asker: &Asker,
    name: &str,
    roles: &[String],
) -> Done<(User, String)> {
    let audit = line(app, asker, "user.create", name, json!({"roles": roles}));
    app.auth.create_user(name, roles, audit).await
}

/// Gives a user, as they were read, other roles.
///
/// # Errors
/// As [`crate::auth::Auth::set_roles`].
pub async fn set_roles(app: &App, asker: &Asker, user: User, roles: &[String]) -> Done<User> {
    let detail = json!({"before": user.roles, "after": roles});
    let audit = line(app, asker, "user.roles", &user.name, detail);
    app.auth.set_roles(user, roles, audit).await
}

/// Lets a user, as they were read, in no longer, or again.
///
/// # Errors
/// As [`crate::auth::Auth::set_disabled`].
pub async fn set_disabled(app: &App, asker: &Asker, user: User, disabled: bool) -> Done<User> {
    let action = if disabled { "user.disable" } else { "user.enable" };
    let audit = line(app, asker, action, &user.name, json!({}));
    app.auth.set_disabled(user, disabled, audit).await
}

/// Gives a user a new one-time password, and ends their sessions.
///
/// # Errors
/// As [`crate::auth::Auth::reset_password`].
pub async fn reset_password(app: &App, asker: &Asker, user: User) -> Done<(User, String)> {
    let audit = line(app, asker, "user.password.reset", &user.name, json!({}));
    app.auth.reset_password(user, audit).await
}

/// Takes a user away. Whom the audit trail names as somebody who did something is kept disabled:
/// under a name that history needs, nobody else may act later.
///
/// # Errors
/// As [`crate::auth::Auth::set_disabled`].
pub async fn delete_user(app: &App, asker: &Asker, user: User) -> Done<Gone> {
    let theirs = AuditFilter { actor: Some(user.name.clone()), ..AuditFilter::default() };
    let did = !app.store.audit().list(&theirs, None, 1).await?.items.is_empty();
    let audit = line(app, asker, "user.delete", &user.name, json!({"kept": did}));
    if did {
        app.auth.retire_user(user, audit).await?;
        return Ok(Gone::Kept);
    }
    app.auth.remove_user(&user, audit).await?;
    Ok(Gone::Removed)
}

/// Ends one session of a user.
///
/// # Errors
/// As [`crate::auth::Auth::end_session`].
pub async fn end_session(app: &App, asker: &Asker, user: &str, id: &str) -> Done<()> {
    app.auth.end_session(user, id).await?;
    let audit = line(app, asker, "session.end", user, json!({"session": id}));
    Ok(app.store.audit().append(audit).await?)
}

/// Somebody changes their own password.
///
/// # Errors
/// As [`crate::auth::Auth::change_password`].
pub async fn change_password(
    app: &App,
    (who, asker): (&Principal, &Asker),
    passwords: (&str, &str),
    address: IpAddr,
) -> Done<User> {
    let audit = line(app, asker, "user.password.change", &who.user, json!({}));
    app.auth.change_password(who, passwords, address, audit).await
}

/// A program signs in with a user's password and is given an API token that lasts so long; a
/// one-time password is replaced on the way.
///
/// # Errors
/// As [`crate::auth::Auth::by_password`].
pub async fn sign_in_program(
    app: &App,
    asker: &Asker,
    passwords: (&str, Option<&str>),
    address: IpAddr,
    (label, lasts): (String, Span),
) -> Done<(Token, String)> {
    let audit = line(app, asker, "user.password.change", &asker.by, json!({}));
    let user = app.auth.by_password(&asker.by, passwords, address, audit).await?;
    let expires_at = Some(app.now() + lasts);
    let new = NewToken { user: user.name, label, scopes: None, expires_at };
    let (token, text) = app.auth.make_token(new).await?;
    let detail = json!({"id": token.id, "label": token.label});
    let entry = asker.audit(app.now(), "token.create", format!("token/{}", token.id), detail);
    app.store.audit().append(vec![entry]).await?;
    Ok((token, text))
}
