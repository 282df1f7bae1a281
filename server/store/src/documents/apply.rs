//! Changing documents: a whole set of changes, or nothing.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect};

use super::read::{find, last_version, mark};
use super::{Applied, Base, Change, ChangeSet, Documents, SetMark, WhatChange};
use crate::Error;
use crate::entity::{document, document_set, document_version};
use crate::life::ONLY;
use crate::text::{int, nat, sha256_hex, word};

impl Documents<'_> {
    /// Applies changes together. A change that changes nothing makes no version, and a set of such
    /// changes makes no generation: applying twice is applying once.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the set or a document is not at the expected version,
    /// [`Error::NotFound`] where a document to be deleted is not there.
    pub async fn apply(&self, set: ChangeSet) -> Result<Applied, Error> {
        let txn = self.0.begin().await?;
        let before = mark(&txn).await?;
        if let Base::Generation(expected) = set.base
            && expected != before.generation
        {
            let found = Some(before.generation);
            return Err(Error::Conflict { what: String::from("documents"), expected, found });
        }
        let generation = before.generation + 1;
        let mut versions = Vec::with_capacity(set.changes.len());
        for change in &set.changes {
            versions.push(apply_one(&txn, change, &set, generation).await?);
        }
        if versions.iter().all(Option::is_none) {
            return Ok(Applied { mark: before, versions });
        }
        let mark = SetMark { generation, digest: digest(&txn).await? };
        put_mark(&txn, &mark).await?;
        self.0.commit(txn).await?;
        Ok(Applied { mark, versions })
    }
}

async fn apply_one(
    txn: &DatabaseTransaction,
    change: &Change,
    set: &ChangeSet,
    generation: u64,
) -> Result<Option<u64>, Error> {
    let kind = word("kind", &change.kind)?;
    let there = find(txn, &kind, &change.name).await?;
    let what = || format!("{kind}/{}", change.name);
    let found = there.as_ref().map(|row| nat(row.version));
    if let Some(expected) = change.expected
        && expected != found.unwrap_or(0)
    {
        return Err(Error::Conflict { what: what(), expected, found });
    }
    let row = match (&change.what, there) {
        (WhatChange::Put { digest, .. }, Some(there)) if *digest == there.digest => {
            return Ok(None);
        }
        (WhatChange::Put { json, source, digest }, _) => {
            (json.clone(), source.clone(), digest.clone())
        }
        (WhatChange::Delete, Some(there)) => (there.json, there.source, there.digest),
        (WhatChange::Delete, None) => return Err(Error::NotFound(what())),
    };
    let version = last_version(txn, &kind, &change.name).await? + 1;
    let row = document::Model {
        kind,
        name: change.name.clone(),
        json: row.0,
        source: row.1,
        digest: row.2,
        version: int(version),
        generation: int(generation),
        changed_at: set.at.0,
        changed_by: set.by.clone(),
    };
    write(txn, row, change.what == WhatChange::Delete).await?;
    Ok(Some(version))
}

/// The document as it stands, and its place in the history.
async fn write(
    txn: &DatabaseTransaction,
    row: document::Model,
    deleted: bool,
) -> Result<(), Error> {
    let history = document_version::ActiveModel {
        kind: Set(row.kind.clone()),
        name: Set(row.name.clone()),
        version: Set(row.version),
        deleted: Set(deleted),
        json: Set(row.json.clone()),
        source: Set(row.source.clone()),
        digest: Set(row.digest.clone()),
        generation: Set(row.generation),
        changed_at: Set(row.changed_at),
        changed_by: Set(row.changed_by.clone()),
    };
    document_version::Entity::insert(history).exec_without_returning(txn).await?;
    document::Entity::delete_by_id((row.kind.clone(), row.name.clone())).exec(txn).await?;
    if !deleted {
        let row = row.into_active_model();
        document::Entity::insert(row).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// Of all kinds, names and digests in order.
async fn digest(txn: &DatabaseTransaction) -> Result<String, Error> {
    let rows = document::Entity::find()
        .select_only()
        .columns([document::Column::Kind, document::Column::Name, document::Column::Digest])
        .order_by_asc(document::Column::Kind)
        .order_by_asc(document::Column::Name)
        .into_tuple::<(String, String, String)>()
        .all(txn)
        .await?;
    // Sorted here again: databases order text by collations of their own.
    let mut lines: Vec<String> =
        rows.into_iter().map(|(kind, name, digest)| format!("{kind}/{name} {digest}\n")).collect();
    lines.sort_unstable();
    Ok(sha256_hex(lines.concat().as_bytes()))
}

async fn put_mark(txn: &DatabaseTransaction, mark: &SetMark) -> Result<(), Error> {
    let row = document_set::ActiveModel {
        id: Set(ONLY),
        generation: Set(int(mark.generation)),
        digest: Set(mark.digest.clone()),
    };
    let replace = OnConflict::column(document_set::Column::Id)
        .update_columns([document_set::Column::Generation, document_set::Column::Digest])
        .to_owned();
    document_set::Entity::insert(row).on_conflict(replace).exec_without_returning(txn).await?;
    Ok(())
}
