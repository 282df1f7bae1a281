//! Making a run: everything that must come to be together, in one transaction.

use muster_plans::id::{GroupName, RunId};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::{Run, Runs, graph};
use crate::Error;
use crate::approvals::{self, UseApproval};
use crate::audit::{self, AuditEntry};
use crate::chains::{self, ChainChange};
use crate::entity::{group_lock, run, run_group};
use crate::idempotency::{self, RequestKey};
use crate::plan_state::{self, PlanStateChange};
use crate::text::run_name;

/// A run, and what changes with it.
#[derive(Clone, Debug)]
pub struct CreateRun {
    /// The run. It is active from now on, whatever the value says.
    pub run: Run,
    /// Its graph as JSON.
    pub graph: String,
    /// Protection groups that it holds while it is active.
    pub groups: Vec<GroupName>,
    /// The change of its plan's state.
    pub plan_state: Option<PlanStateChange>,
    /// The approval that it uses up.
    pub approval: Option<UseApproval>,
    /// The change of its chain.
    pub chain: Option<ChainChange>,
    /// The request that asked for it, and what to answer if it is sent again.
    pub request: Option<(RequestKey, String)>,
    /// What is written into the audit trail.
    pub audit: Vec<AuditEntry>,
}

impl Runs<'_> {
    /// Makes a run. Either all of it is there afterwards or nothing.
    ///
    /// # Errors
    /// [`Error::GroupBusy`] where another active run holds one of the groups, [`Error::Conflict`]
    /// where the plan's state or the chain is not at the expected version, [`Error::Exists`] where
    /// there is a run with this id.
    pub async fn create(&self, new: CreateRun) -> Result<(), Error> {
        let mut row = run::Model::try_from(&new.run)?;
        row.active = true;
        let txn = self.0.begin().await?;
        match run::Entity::insert(row.into_active_model()).exec_without_returning(&txn).await {
            Err(error) if Error::is_duplicate(&error) => {
                return Err(Error::Exists(run_name(new.run.id)));
            }
            answer => answer?,
        };
        graph::put(&txn, new.run.id, &new.graph).await?;
        put_groups(&txn, new.run.id, &new.groups).await?;
        lock_groups(&txn, new.run.id, &new.groups).await?;
        if let Some(change) = &new.plan_state {
            plan_state::put(&txn, change).await?;
        }
        if let Some(change) = &new.chain {
            chains::put(&txn, change).await?;
        }
        if let Some((key, outcome)) = &new.request {
            idempotency::set_outcome(&txn, key, outcome).await?;
        }
        if let Some(used) = new.approval {
            approvals::use_up(&txn, used, new.run.id).await?;
        }
        audit::append(&txn, new.audit).await?;
        self.0.commit(txn).await
    }
}

async fn put_groups(
    txn: &DatabaseTransaction,
    run: RunId,
    groups: &[GroupName],
) -> Result<(), Error> {
    let rows = groups.iter().map(|group| run_group::ActiveModel {
        run_id: Set(run.0),
        group_name: Set(group.as_str().to_owned()),
    });
    run_group::Entity::insert_many(rows).exec_without_returning(txn).await?;
    Ok(())
}

/// Takes the groups for a run, or says who holds one of them.
pub(super) async fn lock_groups(
    txn: &DatabaseTransaction,
    run: RunId,
    groups: &[GroupName],
) -> Result<(), Error> {
    let held = group_lock::Entity::find()
        .filter(group_lock::Column::GroupName.is_in(groups.iter().map(GroupName::as_str)))
        .filter(group_lock::Column::RunId.ne(run.0))
        .order_by_asc(group_lock::Column::GroupName)
        .one(txn)
        .await?;
    if let Some(held) = held {
        return Err(Error::GroupBusy { group: held.group_name.into(), run: RunId(held.run_id) });
    }
    let rows = groups.iter().map(|group| group_lock::ActiveModel {
        group_name: Set(group.as_str().to_owned()),
        run_id: Set(run.0),
    });
    group_lock::Entity::insert_many(rows).exec_without_returning(txn).await?;
    Ok(())
}
