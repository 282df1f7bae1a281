//! Repositories on SQL: implements the engine's journal and leases.
//!
//! A [`Store`] is the database of one server. It is the engine's [`Journal`](muster_engine::Journal)
//! and [`Leases`](muster_engine::Leases) itself; everything else hangs on it by noun:
//! `store.runs().list(..)`, `store.documents().apply(..)`. Values go in and come out; tables and SQL
//! stay inside. The store reads no clock and makes no ids: both are handed in.
//!
//! SQLite is what it speaks now. Every query is built by sea-query so that PostgreSQL can be put
//! under the same tests (`tests/store/`); what is SQLite's own stands in `connect` alone.

mod approvals;
mod audit;
mod chains;
mod connect;
mod documents;
mod entity;
mod error;
mod idempotency;
mod inventories;
mod journal;
mod lease;
mod life;
mod migrate;
mod open;
mod page;
mod place;
mod plan_state;
mod runs;
mod sessions;
mod settings;
mod text;
mod tokens;
mod users;

pub use approvals::{Approval, Approvals, UseApproval};
pub use audit::{Audit, AuditEntry, AuditFilter, AuditRow, Broken, Head};
pub use chains::{Chain, ChainChange, Chains};
pub use documents::{
    Applied, Base, Change, ChangeSet, DocumentVersion, Documents, SetMark, StoredDocument,
    WhatChange,
};
pub use error::Error;
pub use idempotency::{Begin, RequestKey, Requests, StoredResponse};
pub use inventories::{Inventories, SiteSnapshot};
pub use open::{Options, Store};
pub use page::Page;
pub use plan_state::{PlanStateChange, PlanStates, Versioned};
pub use runs::{CreateRun, Finish, Run, RunFilter, Runs};
pub use sessions::{Session, Sessions};
pub use settings::Settings;
pub use text::sha256_hex;
pub use tokens::{Token, Tokens};
pub use users::{Along, Counts, EndSessions, User, Users};

impl Store {
    /// Documents.
    pub fn documents(&self) -> Documents<'_> {
        Documents(self)
    }

    /// Runs.
    pub fn runs(&self) -> Runs<'_> {
        Runs(self)
    }

    /// Plan states.
    pub fn plan_states(&self) -> PlanStates<'_> {
        PlanStates(self)
    }

    /// Approvals.
    pub fn approvals(&self) -> Approvals<'_> {
        Approvals(self)
    }

    /// Chains of runs.
    pub fn chains(&self) -> Chains<'_> {
        Chains(self)
    }

    /// Users.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }

    /// Sessions.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// API tokens.
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens(self)
    }

    /// Requests with an idempotency key.
    pub fn requests(&self) -> Requests<'_> {
        Requests(self)
    }

    /// The audit trail.
    pub fn audit(&self) -> Audit<'_> {
        Audit(self)
    }

    /// Site inventories.
    pub fn inventories(&self) -> Inventories<'_> {
        Inventories(self)
    }

    /// Settings.
    pub fn settings(&self) -> Settings<'_> {
        Settings(self)
    }
}
