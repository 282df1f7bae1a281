//! The audit trail: append-only, each row carrying the hash of the one before.
//!
//! A row that was changed, left out, added or moved breaks the chain at its place. A trail that was
//! cut off at its end is whole in itself; that is found by comparing [`Audit::head`] with a copy kept
//! elsewhere.

mod chain;
mod read;

use muster_plans::time::Time;
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel, QueryOrder};

pub use chain::Broken;
pub use read::AuditFilter;

use crate::Error;
use crate::entity::audit;
use crate::open::Store;
use crate::text::{json, nat};

/// Something that was done, or refused.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: Time,
    /// Who: a user's name, or `muster`.
    pub actor: String,
    /// How they came in: `session`, `token ID`, `server`.
    pub via: String,
    /// What, as `run.start`.
    pub action: String,
    /// To what, as `plan/erp`.
    pub object: String,
    /// `done`, or why not.
    pub outcome: String,
    /// Further facts: digests before and after, a reason.
    pub detail: serde_json::Value,
    /// From where.
    pub address: Option<String>,
    /// The request.
    pub request_id: Option<String>,
}

/// A row of the trail.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    /// From 1, without gaps.
    pub seq: u64,
    /// What was done.
    pub entry: AuditEntry,
    /// Hash of the row before; of the first row, that of nothing.
    pub previous: String,
    /// SHA-256 of the hash before and all fields of this row.
    pub hash: String,
}

/// The end of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many rows there are.
    pub seq: u64,
    /// Hash of the last one.
    pub hash: String,
}

/// The audit trail of a store.
#[derive(Debug)]
pub struct Audit<'a>(pub(crate) &'a Store);

impl Audit<'_> {
    /// Adds rows.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn append(&self, entries: Vec<AuditEntry>) -> Result<(), Error> {
        let txn = self.0.begin().await?;
        append(&txn, entries).await?;
        self.0.commit(txn).await
    }
}

/// Adds rows inside a transaction.
pub(crate) async fn append(
    txn: &DatabaseTransaction,
    entries: Vec<AuditEntry>,
) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut head = head(txn).await?;
    for entry in entries {
        let mut row = audit::Model {
            seq: crate::text::int(head.seq + 1),
            at: entry.at.0,
            actor: entry.actor,
            via: entry.via,
            action: entry.action,
            object: entry.object,
            outcome: entry.outcome,
            detail: json("detail", &entry.detail)?,
            address: entry.address,
            request_id: entry.request_id,
            previous: head.hash,
            hash: String::new(),
        };
        row.hash = chain::hash(&row)?;
        head = Head { seq: nat(row.seq), hash: row.hash.clone() };
        audit::Entity::insert(row.into_active_model()).exec_without_returning(txn).await?;
    }
    Ok(())
}

async fn head(db: &impl sea_orm::ConnectionTrait) -> Result<Head, Error> {
    let last = audit::Entity::find().order_by_desc(audit::Column::Seq).one(db).await?;
    Ok(last.map_or_else(
        || Head { seq: 0, hash: chain::NOTHING.to_owned() },
        |row| Head { seq: nat(row.seq), hash: row.hash },
    ))
}
