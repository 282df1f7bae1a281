//! Chains: several runs under one command. A failback is three.

use muster_plans::id::PlanName;
use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::Error;
use crate::entity::chain;
use crate::open::Store;
use crate::text::{int, nat};

/// Several runs under one command. Its runs are those that name it, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Made by the server (UUID v7).
    pub id: Uuid,
    /// The plan.
    pub plan: PlanName,
    /// What the chain is: `failback`.
    pub kind: String,
    /// When it was started.
    pub created_at: Time,
    /// By whom.
    pub started_by: String,
    /// Which of its runs it has come to, from 0.
    pub stage: u32,
    /// What the server keeps with it, as JSON.
    pub json: String,
    /// How it ended; `None`: it goes on.
    pub ending: Option<String>,
    /// From 1; rises by one with each change.
    pub version: u64,
}

/// A change of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainChange {
    /// It begins; its version becomes 1.
    Begin(Chain),
    /// It goes on or ends: stage, JSON and ending replace what is there if its version is still
    /// that of the value.
    Advance(Chain),
}

/// Chains of a store.
#[derive(Debug)]
pub struct Chains<'a>(pub(crate) &'a Store);

impl Chains<'_> {
    /// One chain.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, id: Uuid) -> Result<Option<Chain>, Error> {
        Ok(chain::Entity::find_by_id(id).one(self.0.reader()).await?.map(Into::into))
    }

    /// Chains that have not ended, oldest first: what a server goes on with after its start.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn open(&self) -> Result<Vec<Chain>, Error> {
        let rows = chain::Entity::find()
            .filter(chain::Column::Ending.is_null())
            .order_by_asc(chain::Column::Id)
            .all(self.0.reader())
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Chains of a plan, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of_plan(&self, plan: &PlanName) -> Result<Vec<Chain>, Error> {
        let rows = chain::Entity::find()
            .filter(chain::Column::Plan.eq(plan.as_str()))
            .order_by_desc(chain::Column::Id)
            .all(self.0.reader())
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Changes a chain by itself; answers its new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not at the version of the value.
    pub async fn change(&self, change: &ChainChange) -> Result<u64, Error> {
        let txn = self.0.begin().await?;
        let version = put(&txn, change).await?;
        self.0.commit(txn).await?;
        Ok(version)
    }
}

/// Changes a chain inside a transaction.
pub(crate) async fn put(txn: &DatabaseTransaction, change: &ChainChange) -> Result<u64, Error> {
    match change {
        ChainChange::Begin(chain) => begin(txn, chain).await,
        ChainChange::Advance(chain) => advance(txn, chain).await,
    }
}

async fn begin(txn: &DatabaseTransaction, chain: &Chain) -> Result<u64, Error> {
    let row = chain::ActiveModel {
        id: Set(chain.id),
        plan: Set(chain.plan.as_str().to_owned()),
        kind: Set(chain.kind.clone()),
        created_at: Set(chain.created_at.0),
        started_by: Set(chain.started_by.clone()),
        stage: Set(stage(chain)),
        json: Set(chain.json.clone()),
        ending: Set(chain.ending.clone()),
        version: Set(1),
    };
    match chain::Entity::insert(row).exec_without_returning(txn).await {
        Err(error) if Error::is_duplicate(&error) => Err(Error::Exists(name(chain.id))),
        answer => answer.map(|_| 1).map_err(Into::into),
    }
}

async fn advance(txn: &DatabaseTransaction, chain: &Chain) -> Result<u64, Error> {
    let version = chain.version + 1;
    let written = chain::Entity::update_many()
        .col_expr(chain::Column::Stage, Expr::value(stage(chain)))
        .col_expr(chain::Column::Json, Expr::value(chain.json.as_str()))
        .col_expr(chain::Column::Ending, Expr::value(chain.ending.clone()))
        .col_expr(chain::Column::Version, Expr::value(int(version)))
        .filter(chain::Column::Id.eq(chain.id))
        .filter(chain::Column::Version.eq(int(chain.version)))
        .exec(txn)
        .await?;
    if written.rows_affected == 1 {
        return Ok(version);
    }
    let found = chain::Entity::find_by_id(chain.id).one(txn).await?.map(|row| nat(row.version));
    Err(Error::Conflict { what: name(chain.id), expected: chain.version, found })
}

fn stage(chain: &Chain) -> i32 {
    i32::try_from(chain.stage).unwrap_or(i32::MAX)
}

fn name(id: Uuid) -> String {
    format!("chain {id}")
}

impl From<chain::Model> for Chain {
    fn from(row: chain::Model) -> Chain {
        Chain {
            id: row.id,
            plan: row.plan.into(),
            kind: row.kind,
            created_at: Time(row.created_at),
            started_by: row.started_by,
            stage: u32::try_from(row.stage).unwrap_or(0),
            json: row.json,
            ending: row.ending,
            version: nat(row.version),
        }
    }
}
