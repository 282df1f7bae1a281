//! Reading and checking the trail.

use muster_plans::time::Time;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::chain::{Broken, Follow};
use super::{Audit, AuditEntry, AuditRow, Head, head};
use crate::Error;
use crate::entity::audit;
use crate::page::Page;
use crate::text::{from_json, int, nat};

/// Rows read in one go.
const ROWS: u64 = 1000;

/// Which rows a list shows; `None` shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this actor.
    pub actor: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// About this object.
    pub object: Option<String>,
    /// At or after this instant.
    pub since: Option<Time>,
    /// Before this instant.
    pub until: Option<Time>,
}

impl Audit<'_> {
    /// The end of the trail.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn head(&self) -> Result<Head, Error> {
        head(self.0.reader()).await
    }

    /// A page of rows, newest first, those before row `before`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u64,
    ) -> Result<Page<AuditRow, u64>, Error> {
        let mut select = audit::Entity::find();
        let texts = [
            (audit::Column::Actor, &filter.actor),
            (audit::Column::Action, &filter.action),
            (audit::Column::Object, &filter.object),
        ];
        for (column, wanted) in texts {
            if let Some(wanted) = wanted {
                select = select.filter(column.eq(wanted.as_str()));
            }
        }
        if let Some(since) = filter.since {
            select = select.filter(audit::Column::At.gte(since.0));
        }
        if let Some(until) = filter.until {
            select = select.filter(audit::Column::At.lt(until.0));
        }
        if let Some(before) = before {
            select = select.filter(audit::Column::Seq.lt(int(before)));
        }
        let rows = select
            .order_by_desc(audit::Column::Seq)
            .limit(limit.saturating_add(1))
            .all(self.0.reader())
            .await?;
        let rows = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<AuditRow>, _>>()?;
        Ok(Page::cut(rows, limit, |row| row.seq))
    }

    /// Follows the whole chain. `Ok(Ok(head))`: every row is what was written.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn verify(&self) -> Result<Result<Head, Broken>, Error> {
        let mut follow = Follow::new();
        loop {
            let rows = audit::Entity::find()
                .filter(audit::Column::Seq.gt(int(follow.seq())))
                .order_by_asc(audit::Column::Seq)
                .limit(ROWS)
                .all(self.0.reader())
                .await?;
            if rows.is_empty() {
                return Ok(Ok(self.head().await?));
            }
            for row in &rows {
                if let Some(broken) = follow.step(row)? {
                    return Ok(Err(broken));
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

impl TryFrom<audit::Model> for AuditRow {
    type Error = Error;

    fn try_from(row: audit::Model) -> Result<AuditRow, Error> {
        Ok(AuditRow {
            seq: nat(row.seq),
            entry: AuditEntry {
                at: Time(row.at),
                actor: row.actor,
                via: row.via,
                action: row.action,
                object: row.object,
                outcome: row.outcome,
                detail: from_json("detail of an audit row", &row.detail)?,
                address: row.address,
                request_id: row.request_id,
            },
            previous: row.previous,
            hash: row.hash,
        })
    }
}
