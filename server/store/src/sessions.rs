//! Sessions of signed-in users, under the hash of their id: who reads the database cannot sign in.

use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use crate::Error;
use crate::entity::session;
use crate::open::Store;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the session's id, in hexadecimal.
    pub digest: String,
    /// The user.
    pub user: String,
    /// When the user signed in.
    pub created_at: Time,
    /// When it was last used, to the minute or so.
    pub last_seen: Time,
    /// When it ends unless it is used.
    pub idle_expires_at: Time,
    /// When it ends in any case.
    pub expires_at: Time,
    /// From where the user signed in.
    pub address: Option<String>,
}

impl Session {
    /// Whether it still counts.
    pub fn is_live(&self, now: Time) -> bool {
        now < self.idle_expires_at && now < self.expires_at
    }
}

/// Sessions of a store.
#[derive(Debug)]
pub struct Sessions<'a>(pub(crate) &'a Store);

impl Sessions<'_> {
    /// Makes a session.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn create(&self, session: &Session) -> Result<(), Error> {
        let row = session::ActiveModel {
            digest: Set(session.digest.clone()),
            user_name: Set(session.user.clone()),
            created_at: Set(session.created_at.0),
            last_seen: Set(session.last_seen.0),
            idle_expires_at: Set(session.idle_expires_at.0),
            expires_at: Set(session.expires_at.0),
            address: Set(session.address.clone()),
        };
        let txn = self.0.begin().await?;
        session::Entity::insert(row).exec_without_returning(&txn).await?;
        self.0.commit(txn).await
    }

    /// A session by its digest, whether it still counts or not.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(&self, digest: &str) -> Result<Option<Session>, Error> {
        Ok(session::Entity::find_by_id(digest).one(self.0.reader()).await?.map(Into::into))
    }

    /// Sessions of a user, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of_user(&self, user: &str) -> Result<Vec<Session>, Error> {
        let rows = session::Entity::find()
            .filter(session::Column::UserName.eq(user))
            .order_by_desc(session::Column::CreatedAt)
            .all(self.0.reader())
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// It was used: it stays for longer.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn touch(&self, digest: &str, now: Time, idle_until: Time) -> Result<(), Error> {
        let txn = self.0.begin().await?;
        session::Entity::update_many()
            .col_expr(session::Column::LastSeen, Expr::value(now.0))
            .col_expr(session::Column::IdleExpiresAt, Expr::value(idle_until.0))
            .filter(session::Column::Digest.eq(digest))
            .exec(&txn)
            .await?;
        self.0.commit(txn).await
    }

    /// Ends a session. One that is not there has ended already.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete(&self, digest: &str) -> Result<(), Error> {
        self.delete_where(Condition::all().add(session::Column::Digest.eq(digest))).await?;
        Ok(())
    }

    /// Removes sessions that count no longer; answers how many there were.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn purge(&self, now: Time) -> Result<u64, Error> {
        let over = Condition::any()
            .add(session::Column::IdleExpiresAt.lte(now.0))
            .add(session::Column::ExpiresAt.lte(now.0));
        self.delete_where(over).await
    }

    async fn delete_where(&self, which: Condition) -> Result<u64, Error> {
        let txn = self.0.begin().await?;
        let gone = session::Entity::delete_many().filter(which).exec(&txn).await?;
        self.0.commit(txn).await?;
        Ok(gone.rows_affected)
    }
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Session {
        Session {
            digest: row.digest,
            user: row.user_name,
            created_at: Time(row.created_at),
            last_seen: Time(row.last_seen),
            idle_expires_at: Time(row.idle_expires_at),
            expires_at: Time(row.expires_at),
            address: row.address,
        }
    }
}
