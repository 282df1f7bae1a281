//! Who asks for something, for journals and the audit trail.

use muster_plans::document::Kind;
use muster_plans::time::Time;
use muster_store::{AuditEntry, RequestKey};
use serde_json::Value;

use super::Refused;
use crate::auth::{Privilege, Privileges};
use crate::http::Code;

/// Who asks, from where, and under which key.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    /// The user's name; `muster` for the server itself.
    pub by: String,
    /// How they came in: `session`, `token ID`, `server`.
    pub via: String,
    /// From where.
    pub address: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// The request's idempotency key.
    pub request: Option<RequestKey>,
    /// What they may do. Nothing, unless somebody says so.
    pub privileges: Privileges,
}

impl Asker {
    /// The server itself, on behalf of whoever started what it goes on with.
    pub fn server(by: &str) -> Asker {
        let privileges = Privileges::of(Privilege::ALL);
        Asker { by: by.to_owned(), via: "server".to_owned(), privileges, ..Asker::default() }
    }

    /// Whether they may write a document of a kind: one set can hold documents of several.
    ///
    /// # Errors
    /// Where they may not.
    pub fn may_write(&self, kind: Kind) -> Result<(), Refused> {
        let wanted = Privilege::to_write(kind);
        if self.privileges.has(wanted) {
            return Ok(());
        }
        Err(Refused::new(
            Code::NotAllowed,
            format!("`{}` may not change a {kind:?}: it takes {wanted}", self.by),
            "leave out what you may not change; an administrator gives roles",
        ))
    }

    /// An entry of the audit trail about something that was done.
    pub fn audit(
        &self,
        at: Time,
        action: impl Into<String>,
        object: impl Into<String>,
        detail: Value,
    ) -> AuditEntry {
        AuditEntry {
            at,
            actor: self.by.clone(),
            via: self.via.clone(),
            action: action.into(),
            object: object.into(),
            outcome: "done".to_owned(),
            detail,
            address: self.address.clone(),
            request_id: self.request_id.clone(),
        }
    }
}
