//! Leases: one row for each run that somebody executes.

use async_trait::async_trait;
use muster_engine::{Fence, JournalError, LeaseSight, Leases, OwnerId};
use muster_plans::id::RunId;
use muster_plans::time::{Span, Time};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
};

use crate::Error;
use crate::entity::{epoch_counter, lease, run};
use crate::life::ONLY;
use crate::open::Store;
use crate::text::{int, nat, run_name};

pub(crate) fn silent(error: impl Into<Error>) -> JournalError {
    JournalError(Box::new(error.into()))
}

#[async_trait]
impl Leases for Store {
    async fn acquire(
        &self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Result<Option<Fence>, JournalError> {
        self.take(run, owner, now, ttl).await.map_err(silent)
    }

    async fn renew(
        &self,
        run: RunId,
        fence: &Fence,
        now: Time,
        ttl: Span,
    ) -> Result<bool, JournalError> {
        self.keep(run, fence, now + ttl).await.map_err(silent)
    }

    async fn release(&self, run: RunId, fence: &Fence) -> Result<(), JournalError> {
        self.give_back(run, fence).await.map_err(silent)
    }

    async fn held(&self, run: RunId) -> Result<Option<LeaseSight>, JournalError> {
        self.sight(run).await.map_err(silent)
    }

    async fn end(&self, run: RunId, seen: &LeaseSight) -> Result<bool, JournalError> {
        self.end_unchanged(run, seen).await.map_err(silent)
    }
}

impl Store {
    async fn take(
        &self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Result<Option<Fence>, Error> {
        let txn = self.begin().await?;
        let Some(row) = run::Entity::find_by_id(run.0).one(&txn).await? else {
            return Err(Error::NotFound(run_name(run)));
        };
        // Somebody who was about to go on with it is too late: its end was taken in, and the next run of
        // its plan may have started.
        if row.ending.is_some() {
            return Ok(None);
        }
        let held = lease::Entity::find_by_id(run.0).lock_exclusive().one(&txn).await?;
        let incarnation = self.incarnation();
        if held.is_some_and(|l| l.expires_at > now.0 && nat(l.incarnation) == incarnation) {
            return Ok(None);
        }
        let epoch = next_epoch(&txn).await?;
        let row = lease::ActiveModel {
            run_id: Set(run.0),
            owner: Set(owner.0.clone()),
            epoch: Set(int(epoch)),
            incarnation: Set(int(incarnation)),
            expires_at: Set((now + ttl).0),
        };
        let replace = OnConflict::column(lease::Column::RunId)
            .update_columns([
                lease::Column::Owner,
                lease::Column::Epoch,
                lease::Column::Incarnation,
                lease::Column::ExpiresAt,
            ])
            .to_owned();
        lease::Entity::insert(row).on_conflict(replace).exec_without_returning(&txn).await?;
        let mark = self.change_mark(&txn).await?;
        self.commit(txn).await?;
        self.settle_mark(mark)?;
        Ok(Some(Fence { owner: owner.clone(), epoch, incarnation }))
    }

    /// A lease that has run out but that nobody took is kept: the fence is still the one in the row.
    async fn keep(&self, run: RunId, fence: &Fence, until: Time) -> Result<bool, Error> {
        let txn = self.begin().await?;
        let kept = lease::Entity::update_many()
            .col_expr(lease::Column::ExpiresAt, Expr::value(until.0))
            .filter(held_by(run, fence))
            .exec(&txn)
            .await?;
        self.commit(txn).await?;
        Ok(kept.rows_affected == 1)
    }

    /// The row goes, so that whoever gave the run back cannot write to its journal any more.
    async fn give_back(&self, run: RunId, fence: &Fence) -> Result<(), Error> {
        let txn = self.begin().await?;
        lease::Entity::delete_many().filter(held_by(run, fence)).exec(&txn).await?;
        self.commit(txn).await
    }

    async fn sight(&self, run: RunId) -> Result<Option<LeaseSight>, Error> {
        let row = lease::Entity::find_by_id(run.0).one(self.reader()).await?;
        Ok(row.map(|row| LeaseSight {
            fence: Fence {
                owner: OwnerId(row.owner),
                epoch: nat(row.epoch),
                incarnation: nat(row.incarnation),
            },
            until: Time(row.expires_at),
        }))
    }

    async fn end_unchanged(&self, run: RunId, seen: &LeaseSight) -> Result<bool, Error> {
        let txn = self.begin().await?;
        let unchanged = held_by(run, &seen.fence).add(lease::Column::ExpiresAt.eq(seen.until.0));
        let ended = lease::Entity::delete_many().filter(unchanged).exec(&txn).await?;
        self.commit(txn).await?;
        Ok(ended.rows_affected == 1)
    }
}

/// The row of a run's lease, if it is under this fence.
pub(crate) fn held_by(run: RunId, fence: &Fence) -> Condition {
    Condition::all()
        .add(lease::Column::RunId.eq(run.0))
        .add(lease::Column::Owner.eq(fence.owner.0.as_str()))
        .add(lease::Column::Epoch.eq(int(fence.epoch)))
        .add(lease::Column::Incarnation.eq(int(fence.incarnation)))
}

async fn next_epoch(txn: &DatabaseTransaction) -> Result<u64, Error> {
    epoch_counter::Entity::update_many()
        .col_expr(epoch_counter::Column::Epoch, Expr::col(epoch_counter::Column::Epoch).add(1))
        .filter(epoch_counter::Column::Id.eq(ONLY))
        .exec(txn)
        .await?;
    let row = epoch_counter::Entity::find_by_id(ONLY).one(txn).await?;
    row.map(|row| nat(row.epoch)).ok_or_else(|| Error::NotFound(String::from("epoch counter")))
}
