//! Reading documents.

use muster_plans::document::Kind;
use sea_orm::sea_query::{Expr, Func, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, TransactionTrait,
};

use super::{DocumentVersion, Documents, SetMark, StoredDocument};
use crate::Error;
use crate::entity::{document, document_set, document_version};
use crate::life::ONLY;
use crate::text::{nat, sha256_hex, word};

impl Documents<'_> {
    /// All documents by kind and name, with the mark of the set that they are.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn all(&self) -> Result<(SetMark, Vec<StoredDocument>), Error> {
        // One snapshot: the mark must be that of these documents.
        let txn = self.0.reader().begin().await?;
        let rows = document::Entity::find()
            .order_by_asc(document::Column::Kind)
            .order_by_asc(document::Column::Name)
            .all(&txn)
            .await?;
        let mark = mark(&txn).await?;
        txn.commit().await?;
        let documents = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok((mark, documents))
    }

    /// Generation and digest of the whole set.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mark(&self) -> Result<SetMark, Error> {
        mark(self.0.reader()).await
    }

    /// Documents of a kind by name.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list(&self, kind: Kind) -> Result<Vec<StoredDocument>, Error> {
        let rows = document::Entity::find()
            .filter(document::Column::Kind.eq(word("kind", &kind)?))
            .order_by_asc(document::Column::Name)
            .all(self.0.reader())
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// One document.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, kind: Kind, name: &str) -> Result<Option<StoredDocument>, Error> {
        find(self.0.reader(), &word("kind", &kind)?, name).await?.map(TryInto::try_into).transpose()
    }

    /// Every version that a document had, newest first, deletions among them.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn history(&self, kind: Kind, name: &str) -> Result<Vec<DocumentVersion>, Error> {
        let rows = document_version::Entity::find()
            .filter(document_version::Column::Kind.eq(word("kind", &kind)?))
            .filter(document_version::Column::Name.eq(name))
            .order_by_desc(document_version::Column::Version)
            .all(self.0.reader())
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    kind: &str,
    name: &str,
) -> Result<Option<document::Model>, Error> {
    Ok(document::Entity::find_by_id((kind.to_owned(), name.to_owned())).one(db).await?)
}

/// The highest version that a document ever had, deleted or not.
pub(super) async fn last_version(
    db: &impl ConnectionTrait,
    kind: &str,
    name: &str,
) -> Result<u64, Error> {
    let query = Query::select()
        .expr(Func::max(Expr::col(document_version::Column::Version)))
        .from(document_version::Entity)
        .and_where(Expr::col(document_version::Column::Kind).eq(kind))
        .and_where(Expr::col(document_version::Column::Name).eq(name))
        .to_owned();
    let row = db.query_one(&query).await?;
    let version = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten();
    Ok(version.map_or(0, nat))
}

/// The mark of the set; that of no documents at all where nothing was ever changed.
pub(super) async fn mark(db: &impl ConnectionTrait) -> Result<SetMark, Error> {
    let row = document_set::Entity::find_by_id(ONLY).one(db).await?;
    Ok(row.map_or_else(
        || SetMark { generation: 0, digest: sha256_hex(b"") },
        |row| SetMark { generation: nat(row.generation), digest: row.digest },
    ))
}
