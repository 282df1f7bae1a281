//! What changes about a run after it was made.

use muster_engine::Ending;
use muster_plans::id::{GroupName, RunId};
use muster_plans::time::Time;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::Runs;
use super::create::lock_groups;
use super::read::groups_of;
use crate::Error;
use crate::audit::{self, AuditEntry};
use crate::chains::{self, ChainChange};
use crate::entity::{group_lock, run};
use crate::plan_state::{self, PlanStateChange};
use crate::text::{json, run_name, word};

/// A run ends, and what changes with it.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The run.
    pub run: RunId,
    /// How.
    pub ending: Ending,
    /// When.
    pub at: Time,
    /// One word for lists.
    pub state: String,
    /// Further fields for lists.
    pub summary: serde_json::Value,
    /// Its protection groups are free for other runs. A halted run keeps them until it was resumed
    /// and ended, or given up.
    pub release_groups: bool,
    /// The change of its plan's state.
    pub plan_state: Option<PlanStateChange>,
    /// The change of its chain.
    pub chain: Option<ChainChange>,
    /// What is written into the audit trail.
    pub audit: Vec<AuditEntry>,
}

impl Runs<'_> {
    /// Sets what lists show. The journal is the truth; this may lag behind it.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such run.
    pub async fn set_progress(
        &self,
        run: RunId,
        state: &str,
        summary: &serde_json::Value,
    ) -> Result<(), Error> {
        let txn = self.0.begin().await?;
        set_shown(&txn, run, state, summary).await?;
        self.0.commit(txn).await
    }

    /// Ends a run. Ending it again changes what is shown and is no error, so that a server that was
    /// stopped in between can do it once more.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such run, [`Error::Conflict`] where the plan's state or
    /// the chain is not at the expected version.
    pub async fn finish(&self, end: Finish) -> Result<(), Error> {
        let txn = self.0.begin().await?;
        set_shown(&txn, end.run, &end.state, &end.summary).await?;
        run::Entity::update_many()
            .col_expr(run::Column::Ending, Expr::value(word("ending", &end.ending)?))
            .col_expr(run::Column::EndedAt, Expr::value(end.at.0))
            .col_expr(run::Column::Active, Expr::value(!end.release_groups))
            .filter(run::Column::Id.eq(end.run.0))
            .exec(&txn)
            .await?;
        if end.release_groups {
            release(&txn, end.run).await?;
        }
        if let Some(change) = &end.plan_state {
            plan_state::put(&txn, change).await?;
        }
        if let Some(change) = &end.chain {
            chains::put(&txn, change).await?;
        }
        audit::append(&txn, end.audit).await?;
        self.0.commit(txn).await
    }

    /// A run that had ended goes on: it holds its groups again.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such run, [`Error::GroupBusy`] where another run has
    /// taken one of its groups, [`Error::Conflict`] where the plan's state is not at the expected
    /// version.
    pub async fn reopen(
        &self,
        run: RunId,
        state: &str,
        plan_state: Option<PlanStateChange>,
        audit: Vec<AuditEntry>,
    ) -> Result<(), Error> {
        let txn = self.0.begin().await?;
        let groups: Vec<GroupName> = groups_of(&txn, run).await?;
        release(&txn, run).await?;
        lock_groups(&txn, run, &groups).await?;
        let reopened = run::Entity::update_many()
            .col_expr(run::Column::Active, Expr::value(true))
            .col_expr(run::Column::State, Expr::value(state))
            .col_expr(run::Column::Ending, Expr::value(None::<String>))
            .col_expr(run::Column::EndedAt, Expr::value(None::<i64>))
            .filter(run::Column::Id.eq(run.0))
            .exec(&txn)
            .await?;
        if reopened.rows_affected == 0 {
            return Err(Error::NotFound(run_name(run)));
        }
        if let Some(change) = &plan_state {
            plan_state::put(&txn, change).await?;
        }
        audit::append(&txn, audit).await?;
        self.0.commit(txn).await
    }
}

async fn release(txn: &DatabaseTransaction, run: RunId) -> Result<(), Error> {
    group_lock::Entity::delete_many().filter(group_lock::Column::RunId.eq(run.0)).exec(txn).await?;
    Ok(())
}

async fn set_shown(
    txn: &DatabaseTransaction,
    run: RunId,
    state: &str,
    summary: &serde_json::Value,
) -> Result<(), Error> {
    let changed = run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(state))
        .col_expr(run::Column::Summary, Expr::value(json("summary of a run", summary)?))
        .filter(run::Column::Id.eq(run.0))
        .exec(txn)
        .await?;
    if changed.rows_affected == 0 {
        return Err(Error::NotFound(run_name(run)));
    }
    Ok(())
}
