//! Somebody who was let in.

use std::fmt;

use muster_plans::run::RunKind;
use muster_plans::time::Time;

use super::privilege::{Privilege, Privileges};

/// How they came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// By signing in; the digest of the session.
    Session(String),
    /// With an API token; its id.
    Token(String),
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Via::Session(_) => f.write_str("session"),
            Via::Token(id) => write!(f, "token {id}"),
        }
    }
}

/// Somebody who was let in, with what they may do right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user's name.
    pub user: String,
    /// The user's roles; of a token with scopes, those that it may use.
    pub roles: Vec<String>,
    /// What they may do.
    pub privileges: Privileges,
    /// How they came in.
    pub via: Via,
    /// The password was made by the server and must be changed.
    pub one_time: bool,
    /// Of a token, what a token made with it may not exceed.
    pub bounds: Bounds,
}

/// What the token that somebody came in with is bound to. A session is bound to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Roles that it was made for; `None`: all of its user's.
    pub scopes: Option<Vec<String>>,
    /// When it ends; `None`: it does not.
    pub ends: Option<Time>,
}

impl Principal {
    /// Whether it is allowed.
    pub fn may(&self, privilege: Privilege) -> bool {
        self.privileges.has(privilege)
    }

    /// Whether they must choose a password of their own before anything else. Programs that were
    /// given a token are not held up.
    pub fn must_choose_password(&self) -> bool {
        self.one_time && matches!(self.via, Via::Session(_))
    }

    /// Whether they may do this to a run of this kind: with the privilege itself, or, for tests and
    /// cleanups, with [`Privilege::TestSteer`]. An attestation is about production and has no such
    /// way.
    pub fn may_steer(&self, privilege: Privilege, kind: RunKind) -> bool {
        let test = matches!(kind, RunKind::Test | RunKind::Cleanup);
        let steers = test && privilege != Privilege::RunAttest && self.may(Privilege::TestSteer);
        self.may(privilege) || steers
    }
}
