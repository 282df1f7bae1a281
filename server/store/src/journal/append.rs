//! Appending: one conditional statement for each run, one transaction for all.

use std::sync::atomic::Ordering;

use muster_engine::{Append, AppendError, Fence, Ordinal};
use muster_plans::id::RunId;
use sea_orm::sea_query::{Expr, Func, InsertStatement, LockType, OnConflict, Order, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter};

use crate::Error;
use crate::entity::{journal, lease, run};
use crate::lease::held_by;
use crate::open::Store;
use crate::text::{int, json, nat};

/// An entry with its records as text, made before the write lock is taken.
struct Row {
    run: RunId,
    fence: Fence,
    first: Ordinal,
    count: u64,
    payload: String,
}

impl Store {
    pub(super) async fn append_batch(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<(), AppendError>>, Error> {
        let rows = batch.into_iter().map(prepare).collect::<Result<Vec<_>, Error>>()?;
        let txn = self.begin().await?;
        let mut answers = Vec::with_capacity(rows.len());
        for row in rows {
            answers.push(match row {
                Ok(row) => append(&txn, row).await?,
                Err(refused) => Err(refused),
            });
        }
        let turn = self.0.appends.fetch_add(1, Ordering::Relaxed) % self.0.mark_every;
        let mark = if turn + 1 == self.0.mark_every { self.change_mark(&txn).await? } else { None };
        self.commit(txn).await?;
        self.settle_mark(mark)?;
        Ok(answers)
    }
}

/// Records must be consecutive: the position of each is part of a fencing token.
fn prepare(entry: Append) -> Result<Result<Row, AppendError>, Error> {
    let Append { run, fence, records } = entry;
    let first = records.first().map_or(0, |record| record.seq);
    if let Some((expected, _)) = (first..).zip(&records).find(|(n, record)| *n != record.seq) {
        return Ok(Err(AppendError::Gap(expected)));
    }
    let payload = json("journal record", &records)?;
    Ok(Ok(Row { run, fence, first, count: records.len() as u64, payload }))
}

async fn append(txn: &DatabaseTransaction, row: Row) -> Result<Result<(), AppendError>, Error> {
    let (run, fence) = (row.run, row.fence.clone());
    if row.count == 0 || txn.execute(&statement(row)?).await?.rows_affected() == 0 {
        return refusal(txn, run, &fence).await;
    }
    Ok(Ok(()))
}

/// `INSERT ... SELECT ... FROM lease WHERE` the lease is under the fence and the journal ends where
/// the records begin. The lease's row is locked where the database can do so, so that a take-over
/// waits for the append or is seen by it.
fn statement(row: Row) -> Result<InsertStatement, Error> {
    let select = Query::select()
        .expr(Expr::value(row.run.0))
        .expr(Expr::value(int(row.first)))
        .expr(Expr::value(int(row.count)))
        .expr(Expr::value(int(row.fence.epoch)))
        .expr(Expr::value(int(row.payload.len() as u64)))
        .expr(Expr::value(row.payload))
        .from(lease::Entity)
        .cond_where(held_by(row.run, &row.fence))
        .and_where(end_of(row.run).eq(int(row.first)))
        .lock(LockType::Share)
        .to_owned();
    let mut insert = Query::insert();
    insert
        .into_table(journal::Entity)
        .columns([
            journal::Column::RunId,
            journal::Column::FirstSeq,
            journal::Column::Count,
            journal::Column::Epoch,
            journal::Column::Bytes,
            journal::Column::Payload,
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned());
    insert.select_from(select).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok(insert)
}

/// Where a run's journal ends. Looks at one row at the end of the primary key, however long it is.
pub(super) fn end_of(run: RunId) -> Expr {
    let last = Query::select()
        .expr(Expr::col(journal::Column::FirstSeq).add(Expr::col(journal::Column::Count)))
        .from(journal::Entity)
        .and_where(Expr::col(journal::Column::RunId).eq(run.0))
        .order_by(journal::Column::FirstSeq, Order::Desc)
        .limit(1)
        .to_owned();
    Func::coalesce([Expr::SubQuery(None, Box::new(last.into())), Expr::value(0_i64)]).into()
}

/// Nothing was written; finds out why.
async fn refusal(
    txn: &DatabaseTransaction,
    run: RunId,
    fence: &Fence,
) -> Result<Result<(), AppendError>, Error> {
    if lease::Entity::find().filter(held_by(run, fence)).one(txn).await?.is_none() {
        let known = run::Entity::find_by_id(run.0).one(txn).await?.is_some();
        return Ok(Err(if known { AppendError::FencedOff } else { AppendError::NoRun }));
    }
    Ok(Err(AppendError::Gap(length(txn, run).await?)))
}

/// How many records a run's journal holds.
pub(super) async fn length(db: &impl ConnectionTrait, run: RunId) -> Result<Ordinal, Error> {
    let query = Query::select().expr(end_of(run)).to_owned();
    let row = db.query_one(&query).await?;
    Ok(row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.map_or(0, nat))
}
