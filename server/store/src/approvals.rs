//! What people were asked to approve, and who has. An approval starts one run.

use muster_plans::id::{PlanName, RunId};
use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::Error;
use crate::audit::{self, AuditEntry};
use crate::entity::approval;
use crate::open::Store;
use crate::text::{int, nat};

/// Something that people were asked to approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Made by the server (UUID v7).
    pub id: Uuid,
    /// The plan.
    pub plan: PlanName,
    /// Digest of the graph: it, and no other, is approved.
    pub digest: String,
    /// When it was asked for.
    pub created_at: Time,
    /// What the server keeps with it, as JSON: what is to be started, who has approved.
    pub json: String,
    /// The run that was started by it. It starts no other.
    pub run: Option<RunId>,
    /// From 1; rises by one with each change.
    pub version: u64,
}

/// An approval that a run uses up, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseApproval {
    /// Which.
    pub id: Uuid,
    /// The version that was read.
    pub version: u64,
}

/// Approvals of a store.
#[derive(Debug)]
pub struct Approvals<'a>(pub(crate) &'a Store);

impl Approvals<'_> {
    /// Somebody asks for one; its version becomes 1.
    ///
    /// # Errors
    /// [`Error::Exists`] where there is one with this id.
    pub async fn create(&self, new: &Approval, audit: Vec<AuditEntry>) -> Result<(), Error> {
        let txn = self.0.begin().await?;
        let row = approval::ActiveModel {
            id: Set(new.id),
            plan: Set(new.plan.as_str().to_owned()),
            digest: Set(new.digest.clone()),
            created_at: Set(new.created_at.0),
            json: Set(new.json.clone()),
            run_id: Set(None),
            version: Set(1),
        };
        match approval::Entity::insert(row).exec_without_returning(&txn).await {
            Err(error) if Error::is_duplicate(&error) => return Err(Error::Exists(name(new.id))),
            answer => answer?,
        };
        audit::append(&txn, audit).await?;
        self.0.commit(txn).await
    }

    /// One of them.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, id: Uuid) -> Result<Option<Approval>, Error> {
        Ok(approval::Entity::find_by_id(id).one(self.0.reader()).await?.map(Into::into))
    }

    /// Those of a plan, or of all, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list(&self, plan: Option<&PlanName>, most: u64) -> Result<Vec<Approval>, Error> {
        let mut select = approval::Entity::find();
        if let Some(plan) = plan {
            select = select.filter(approval::Column::Plan.eq(plan.as_str()));
        }
        let select = select.order_by_desc(approval::Column::Id).limit(most);
        Ok(select.all(self.0.reader()).await?.into_iter().map(Into::into).collect())
    }

    /// Those of exactly one graph of a plan that no run has used.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of_graph(&self, plan: &PlanName, digest: &str) -> Result<Vec<Approval>, Error> {
        let rows = approval::Entity::find()
            .filter(approval::Column::Plan.eq(plan.as_str()))
            .filter(approval::Column::Digest.eq(digest))
            .filter(approval::Column::RunId.is_null())
            .order_by_desc(approval::Column::Id)
            .all(self.0.reader())
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Replaces the JSON of one that is at the version of the value and unused; answers its new
    /// version.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not.
    pub async fn change(&self, new: &Approval, audit: Vec<AuditEntry>) -> Result<u64, Error> {
        let txn = self.0.begin().await?;
        let written = approval::Entity::update_many()
            .col_expr(approval::Column::Json, Expr::value(new.json.as_str()))
            .col_expr(approval::Column::Version, Expr::value(int(new.version + 1)))
            .filter(approval::Column::Id.eq(new.id))
            .filter(approval::Column::Version.eq(int(new.version)))
            .filter(approval::Column::RunId.is_null())
            .exec(&txn)
            .await?;
        if written.rows_affected != 1 {
            return Err(conflict(&txn, new.id, new.version).await?);
        }
        audit::append(&txn, audit).await?;
        self.0.commit(txn).await?;
        Ok(new.version + 1)
    }
}

/// Uses one up, inside the transaction that makes the run.
pub(crate) async fn use_up(
    txn: &DatabaseTransaction,
    used: UseApproval,
    run: RunId,
) -> Result<(), Error> {
    let written = approval::Entity::update_many()
        .col_expr(approval::Column::RunId, Expr::value(run.0))
        .col_expr(approval::Column::Version, Expr::value(int(used.version + 1)))
        .filter(approval::Column::Id.eq(used.id))
        .filter(approval::Column::Version.eq(int(used.version)))
        .filter(approval::Column::RunId.is_null())
        .exec(txn)
        .await?;
    if written.rows_affected == 1 {
        return Ok(());
    }
    Err(conflict(txn, used.id, used.version).await?)
}

async fn conflict(txn: &DatabaseTransaction, id: Uuid, expected: u64) -> Result<Error, Error> {
    let found = approval::Entity::find_by_id(id).one(txn).await?.map(|row| nat(row.version));
    Ok(Error::Conflict { what: name(id), expected, found })
}

fn name(id: Uuid) -> String {
    format!("approval {id}")
}

impl From<approval::Model> for Approval {
    fn from(row: approval::Model) -> Approval {
        Approval {
            id: row.id,
            plan: row.plan.into(),
            digest: row.digest,
            created_at: Time(row.created_at),
            json: row.json,
            run: row.run_id.map(RunId),
            version: nat(row.version),
        }
    }
}
