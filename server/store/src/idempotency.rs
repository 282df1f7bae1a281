//! Requests that carried a key: sent twice, they are done once.

use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::Error;
use crate::entity::idempotency;
use crate::open::Store;
use crate::text::{from_json, json};

/// Who sent which key where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The user.
    pub user: String,
    /// Method and route, as `POST /api/v1/runs`.
    pub route: String,
    /// The key as it was sent.
    pub key: String,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to it.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// It is new and from now on under way.
    New,
    /// The same request is under way.
    InFlight,
    /// It was answered like this.
    Answered(StoredResponse),
    /// What it asked for was done, but the server was stopped before it answered. The text is what
    /// was stored together with the effect.
    Done(String),
    /// The key was sent with another request.
    OtherRequest,
}

/// Keyed requests of a store.
#[derive(Debug)]
pub struct Requests<'a>(pub(crate) &'a Store);

impl Requests<'_> {
    /// A request begins, or is known already. `hash` is that of its body.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn begin(&self, key: &RequestKey, hash: &str, now: Time) -> Result<Begin, Error> {
        let txn = self.0.begin().await?;
        if let Some(row) = idempotency::Entity::find_by_id(id(key)).one(&txn).await? {
            return known(row, hash);
        }
        let row = idempotency::ActiveModel {
            user_name: Set(key.user.clone()),
            route: Set(key.route.clone()),
            request_key: Set(key.key.clone()),
            request_hash: Set(hash.to_owned()),
            created_at: Set(now.0),
            outcome: Set(None),
            status: Set(None),
            headers: Set(None),
            body: Set(None),
        };
        match idempotency::Entity::insert(row).exec_without_returning(&txn).await {
            Err(error) if Error::is_duplicate(&error) => return Ok(Begin::InFlight),
            answer => answer?,
        };
        self.0.commit(txn).await?;
        Ok(Begin::New)
    }

    /// A request was answered.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn answer(&self, key: &RequestKey, response: &StoredResponse) -> Result<(), Error> {
        use idempotency::Column;
        let txn = self.0.begin().await?;
        idempotency::Entity::update_many()
            .col_expr(Column::Status, Expr::value(i32::from(response.status)))
            .col_expr(Column::Headers, Expr::value(json("headers", &response.headers)?))
            .col_expr(Column::Body, Expr::value(response.body.as_str()))
            .filter(row_of(key))
            .exec(&txn)
            .await?;
        self.0.commit(txn).await
    }

    /// A request changed nothing: its key is as if it had never been sent.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn forget(&self, key: &RequestKey) -> Result<(), Error> {
        self.delete(row_of(key).add(idempotency::Column::Outcome.is_null())).await?;
        Ok(())
    }

    /// Removes requests from before an instant; answers how many there were.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn purge(&self, before: Time) -> Result<u64, Error> {
        self.delete(Condition::all().add(idempotency::Column::CreatedAt.lt(before.0))).await
    }

    /// At the start of the only server of a database: what was under way and had no effect is
    /// forgotten, since nobody will answer it.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn forget_abandoned(&self) -> Result<u64, Error> {
        let abandoned = Condition::all()
            .add(idempotency::Column::Status.is_null())
            .add(idempotency::Column::Outcome.is_null());
        self.delete(abandoned).await
    }

    async fn delete(&self, which: Condition) -> Result<u64, Error> {
        let txn = self.0.begin().await?;
        let gone = idempotency::Entity::delete_many().filter(which).exec(&txn).await?;
        self.0.commit(txn).await?;
        Ok(gone.rows_affected)
    }
}

fn known(row: idempotency::Model, hash: &str) -> Result<Begin, Error> {
    if row.request_hash != hash {
        return Ok(Begin::OtherRequest);
    }
    Ok(match (row.status, row.outcome) {
        (Some(status), _) => Begin::Answered(StoredResponse {
            status: u16::try_from(status).map_err(|_| Error::Corrupt(String::from("status")))?,
            headers: from_json("headers", row.headers.as_deref().unwrap_or("[]"))?,
            body: row.body.unwrap_or_default(),
        }),
        (None, Some(outcome)) => Begin::Done(outcome),
        (None, None) => Begin::InFlight,
    })
}

/// Stores what a request did together with its effect.
pub(crate) async fn set_outcome(
    txn: &DatabaseTransaction,
    key: &RequestKey,
    outcome: &str,
) -> Result<(), Error> {
    idempotency::Entity::update_many()
        .col_expr(idempotency::Column::Outcome, Expr::value(outcome))
        .filter(row_of(key))
        .exec(txn)
        .await?;
    Ok(())
}

fn id(key: &RequestKey) -> (String, String, String) {
    (key.user.clone(), key.route.clone(), key.key.clone())
}

fn row_of(key: &RequestKey) -> Condition {
    Condition::all()
        .add(idempotency::Column::UserName.eq(key.user.as_str()))
        .add(idempotency::Column::Route.eq(key.route.as_str()))
        .add(idempotency::Column::RequestKey.eq(key.key.as_str()))
}
