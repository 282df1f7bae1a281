//! A line of the table of routes, without its handler.

use std::fmt;

use axum::routing::MethodFilter;

use crate::auth::Privilege;
use crate::http::Surface;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, signed in or not.
    Public,
    /// Everybody who is signed in, also with a one-time password: what it takes to choose one's own.
    AnyPassword,
    /// Everybody who is signed in.
    SignedIn,
    /// Who has this privilege.
    Needs(Privilege),
    /// Who has one of these; its handler looks at what is asked for and checks which one it takes.
    AnyOf(&'static [Privilege]),
}

/// Methods that routes have. `HEAD` is answered by the handler of `Get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the methods of HTTP")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Method.
    pub method: Method,
    /// Path, with names in braces.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// Whom it is for.
    pub surface: Surface,
    /// It takes an idempotency key.
    pub once: bool,
}

/// Why a table is not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Two routes for one thing: which of their privileges counts?
    #[error("{0} stands twice in the table of routes")]
    Twice(String),
    /// A path that is no path.
    #[error("the path of {0} does not begin with `/`")]
    NoPath(String),
    /// A list of privileges without any would let nobody in, or everybody.
    #[error("{0} names no privilege")]
    NoPrivilege(String),
    /// Keys belong to somebody.
    #[error("{0} takes an idempotency key but lets in who is not signed in")]
    NotOnce(String),
}

impl Method {
    pub(super) fn filter(self) -> MethodFilter {
        match self {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        })
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
