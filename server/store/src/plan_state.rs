//! Where each plan stands.

use muster_plans::id::PlanName;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::Error;
use crate::audit::{self, AuditEntry};
use crate::entity::plan_state;
use crate::open::Store;
use crate::text::{int, nat};

/// A JSON text under a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The value as JSON.
    pub json: String,
    /// From 1; rises by one with each change.
    pub version: u64,
}

/// A change of a plan's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStateChange {
    /// The plan.
    pub plan: PlanName,
    /// Its state as JSON.
    pub json: String,
    /// The version that the writer has read; 0: there was none.
    pub expected: u64,
}

/// Plan states of a store.
#[derive(Debug)]
pub struct PlanStates<'a>(pub(crate) &'a Store);

impl PlanStates<'_> {
    /// The state of a plan, if it ever had one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, plan: &PlanName) -> Result<Option<Versioned>, Error> {
        let row = plan_state::Entity::find_by_id(plan.as_str()).one(self.0.reader()).await?;
        Ok(row.map(|row| Versioned { json: row.json, version: nat(row.version) }))
    }

    /// All states by plan.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn all(&self) -> Result<Vec<(PlanName, Versioned)>, Error> {
        let rows = plan_state::Entity::find()
            .order_by_asc(plan_state::Column::Plan)
            .all(self.0.reader())
            .await?;
        let versioned = |row: plan_state::Model| {
            (PlanName::from(row.plan), Versioned { json: row.json, version: nat(row.version) })
        };
        Ok(rows.into_iter().map(versioned).collect())
    }

    /// Changes a state by itself; answers its new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not at the expected version.
    pub async fn put(&self, change: &PlanStateChange) -> Result<u64, Error> {
        self.put_audited(change, Vec::new()).await
    }

    /// Changes a state, and says so in the audit trail; answers its new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not at the expected version.
    pub async fn put_audited(
        &self,
        change: &PlanStateChange,
        audit: Vec<AuditEntry>,
    ) -> Result<u64, Error> {
        let txn = self.0.begin().await?;
        let version = put(&txn, change).await?;
        audit::append(&txn, audit).await?;
        self.0.commit(txn).await?;
        Ok(version)
    }
}

/// Changes a state inside a transaction.
pub(crate) async fn put(txn: &DatabaseTransaction, change: &PlanStateChange) -> Result<u64, Error> {
    let version = change.expected + 1;
    let written = if change.expected == 0 {
        let row = plan_state::ActiveModel {
            plan: Set(change.plan.as_str().to_owned()),
            json: Set(change.json.clone()),
            version: Set(int(version)),
        };
        match plan_state::Entity::insert(row).exec_without_returning(txn).await {
            Err(error) if Error::is_duplicate(&error) => 0,
            answer => answer?,
        }
    } else {
        plan_state::Entity::update_many()
            .col_expr(plan_state::Column::Json, Expr::value(change.json.as_str()))
            .col_expr(plan_state::Column::Version, Expr::value(int(version)))
            .filter(plan_state::Column::Plan.eq(change.plan.as_str()))
            .filter(plan_state::Column::Version.eq(int(change.expected)))
            .exec(txn)
            .await?
            .rows_affected
    };
    if written == 1 {
        return Ok(version);
    }
    let row = plan_state::Entity::find_by_id(change.plan.as_str()).one(txn).await?;
    Err(Error::Conflict {
        what: format!("state of plan {}", change.plan),
        expected: change.expected,
        found: row.map(|row| nat(row.version)),
    })
}
