//! Who makes a request, as handlers are given it.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use muster_plans::document::Kind;
use muster_plans::run::RunKind;

use super::{Code, Problem};
use crate::api::dto::StartKind;
use crate::auth::{Principal, Privilege};
use crate::ops::Asker;

/// The id of a request, as the log and problem reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Who makes a request. A handler that takes it is never called without somebody.
#[derive(Clone, Debug)]
pub struct Who {
    /// The user or token, with what they may do.
    pub principal: Principal,
    /// The same for use cases and the audit trail: with the address, the request's id, and the
    /// request's idempotency key where its route takes one.
    pub asker: Asker,
}

impl Who {
    /// Whether a privilege is theirs.
    ///
    /// # Errors
    /// `403` where it is not.
    pub fn may(&self, privilege: Privilege) -> Result<(), Problem> {
        if self.principal.may(privilege) {
            Ok(())
        } else {
            Err(refused(&self.principal, privilege))
        }
    }

    /// Whether they may start a run. A failback is a reprotect, a planned migration and a reprotect,
    /// and takes the privileges of both.
    ///
    /// # Errors
    /// `403` where they may not.
    pub fn may_start(&self, kind: StartKind) -> Result<(), Problem> {
        let kinds: &[RunKind] = match kind {
            StartKind::Test => &[RunKind::Test],
            StartKind::Cleanup => &[RunKind::Cleanup],
            StartKind::Planned => &[RunKind::PlannedMigration],
            StartKind::Failover => &[RunKind::Failover],
            StartKind::Reprotect => &[RunKind::Reprotect],
            StartKind::Failback => &[RunKind::Reprotect, RunKind::PlannedMigration],
        };
        kinds.iter().try_for_each(|kind| self.may(Privilege::to_start(*kind)))
    }

    /// Whether they may do this to a run of this kind; see [`Principal::may_steer`].
    ///
    /// # Errors
    /// `403` where they may not.
    pub fn may_steer(&self, privilege: Privilege, kind: RunKind) -> Result<(), Problem> {
        if self.principal.may_steer(privilege, kind) {
            return Ok(());
        }
        Err(refused(&self.principal, privilege))
    }

    /// Whether they may write a document of a kind.
    ///
    /// # Errors
    /// `403` where they may not.
    pub fn may_write(&self, kind: Kind) -> Result<(), Problem> {
        self.may(Privilege::to_write(kind))
    }

    /// Who asks, for a use case.
    pub fn asker(&self) -> Asker {
        self.asker.clone()
    }
}

/// Says which privilege is missing, so that an administrator knows what to give.
pub(super) fn refused(who: &Principal, privilege: Privilege) -> Problem {
    let user = &who.user;
    tracing::warn!(user.name = %user, user.via = %who.via, %privilege, "refused");
    Problem::new(Code::NotAllowed, format!("`{user}` may not do this: it takes {privilege}"))
        .help("an administrator gives roles; a token has at most the roles of its user")
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Who, Problem> {
        parts.extensions.get::<Who>().cloned().ok_or_else(nobody)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Who {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Who>, Infallible> {
        Ok(parts.extensions.get::<Who>().cloned())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<RequestId, Problem> {
        let id = parts.extensions.get::<RequestId>().cloned();
        id.ok_or_else(|| Problem::internal(&"a request without an id"))
    }
}

pub(super) fn nobody() -> Problem {
    Problem::new(Code::SignInFirst, "nobody is signed in")
        .help("sign in, or send Authorization: Bearer with an API token")
}
