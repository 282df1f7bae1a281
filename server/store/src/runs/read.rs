//! Reading runs.

use muster_plans::id::{GroupName, RunId};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::{Run, RunFilter, Runs, graph};
use crate::Error;
use crate::entity::{group_lock, run, run_group};
use crate::page::Page;
use crate::text::word;

impl Runs<'_> {
    /// One run.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, id: RunId) -> Result<Option<Run>, Error> {
        let row = run::Entity::find_by_id(id.0).one(self.0.reader()).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// The graph of a run as JSON.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn graph(&self, id: RunId) -> Result<Option<String>, Error> {
        graph::get(self.0.reader(), id).await
    }

    /// Protection groups of a run by name.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn groups(&self, id: RunId) -> Result<Vec<GroupName>, Error> {
        groups_of(self.0.reader(), id).await
    }

    /// Which group is held by which active run, by group.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn held_groups(&self) -> Result<Vec<(GroupName, RunId)>, Error> {
        let rows = group_lock::Entity::find()
            .order_by_asc(group_lock::Column::GroupName)
            .all(self.0.reader())
            .await?;
        Ok(rows.into_iter().map(|row| (row.group_name.into(), RunId(row.run_id))).collect())
    }

    /// A page of runs, newest first, those older than `before`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list(
        &self,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: u64,
    ) -> Result<Page<Run, RunId>, Error> {
        let mut select = filtered(filter)?;
        if let Some(before) = before {
            select = select.filter(run::Column::Id.lt(before.0));
        }
        let rows = select
            .order_by_desc(run::Column::Id)
            .limit(limit.saturating_add(1))
            .all(self.0.reader())
            .await?;
        let runs = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<Run>, _>>()?;
        Ok(Page::cut(runs, limit, |run| run.id))
    }
}

fn filtered(filter: &RunFilter) -> Result<Select<run::Entity>, Error> {
    let mut select = run::Entity::find();
    if let Some(plan) = &filter.plan {
        select = select.filter(run::Column::Plan.eq(plan.as_str()));
    }
    if let Some(kind) = &filter.kind {
        select = select.filter(run::Column::Kind.eq(word("kind of run", kind)?));
    }
    if let Some(active) = filter.active {
        select = select.filter(run::Column::Active.eq(active));
    }
    if let Some(state) = &filter.state {
        select = select.filter(run::Column::State.eq(state.as_str()));
    }
    if let Some(chain) = filter.chain {
        select = select.filter(run::Column::ChainId.eq(chain));
    }
    if let Some(group) = &filter.group {
        let runs = Query::select()
            .column(run_group::Column::RunId)
            .from(run_group::Entity)
            .and_where(run_group::Column::GroupName.eq(group.as_str()))
            .to_owned();
        select = select.filter(run::Column::Id.in_subquery(runs));
    }
    Ok(select)
}

pub(super) async fn groups_of(
    db: &impl ConnectionTrait,
    run: RunId,
) -> Result<Vec<GroupName>, Error> {
    let rows = run_group::Entity::find()
        .filter(run_group::Column::RunId.eq(run.0))
        .order_by_asc(run_group::Column::GroupName)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.group_name.into()).collect())
}
