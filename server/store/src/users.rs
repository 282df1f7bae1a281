//! Users. A password stands here as its argon2 hash.

use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};

use crate::Error;
use crate::audit::{self, AuditEntry};
use crate::entity::{api_token, session, user_account};
use crate::open::Store;
use crate::text::{from_json, int, json, nat};

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Unique, as it is typed.
    pub name: String,
    /// PHC string of argon2; `None`: cannot sign in with a password.
    pub password_hash: Option<String>,
    /// The password was made by the server and should be changed.
    pub one_time: bool,
    /// Names of roles.
    pub roles: Vec<String>,
    /// Cannot sign in; sessions and tokens are refused.
    pub disabled: bool,
    /// When the user was made.
    pub created_at: Time,
    /// When the user was last changed.
    pub changed_at: Time,
    /// From 1; rises by one with each change.
    pub version: u64,
}

/// The hash does not reach logs.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("roles", &self.roles)
            .field("disabled", &self.disabled)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Which sessions of a changed user end with the change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EndSessions {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// All but the one with this digest.
    AllBut(String),
}

/// Says of a user whether they count: a change must leave one who does.
pub type Counts = fn(&User) -> bool;

/// What goes with the change of a user, in one transaction with it.
#[derive(Clone, Debug, Default)]
pub struct Along {
    /// Sessions that end.
    pub sessions: EndSessions,
    /// Their API tokens are revoked at this instant.
    pub revoke: Option<Time>,
    /// Of the users that there are afterwards, one must count; looked at inside the transaction, so
    /// that two changes at once do not each rely on the other's user.
    pub must_stay: Option<Counts>,
    /// What is written to the audit trail.
    pub audit: Vec<AuditEntry>,
}

/// Users of a store.
#[derive(Debug)]
pub struct Users<'a>(pub(crate) &'a Store);

impl Users<'_> {
    /// One user.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, name: &str) -> Result<Option<User>, Error> {
        let row = user_account::Entity::find_by_id(name).one(self.0.reader()).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// All users by name.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn all(&self) -> Result<Vec<User>, Error> {
        all(self.0.reader()).await
    }

    /// How many users there are.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn count(&self) -> Result<u64, Error> {
        Ok(user_account::Entity::find().count(self.0.reader()).await?)
    }

    /// Makes a user; its version becomes 1.
    ///
    /// # Errors
    /// [`Error::Exists`] where there is one with this name.
    pub async fn create(&self, user: &User, audit: Vec<AuditEntry>) -> Result<(), Error> {
        let row = user_account::ActiveModel {
            name: Set(user.name.clone()),
            password_hash: Set(user.password_hash.clone()),
            one_time: Set(user.one_time),
            roles: Set(json("roles", &user.roles)?),
            disabled: Set(user.disabled),
            created_at: Set(user.created_at.0),
            changed_at: Set(user.changed_at.0),
            version: Set(1),
        };
        let txn = self.0.begin().await?;
        match user_account::Entity::insert(row).exec_without_returning(&txn).await {
            Err(error) if Error::is_duplicate(&error) => {
                return Err(Error::Exists(format!("user {}", user.name)));
            }
            answer => answer?,
        };
        audit::append(&txn, audit).await?;
        self.0.commit(txn).await
    }

    /// Replaces a user if it is still at the version of the value; answers the new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not, [`Error::NobodyLeft`] where nobody would be left who must.
    pub async fn update(&self, user: &User, along: Along) -> Result<u64, Error> {
        use user_account::Column;
        let version = user.version + 1;
        let txn = self.0.begin().await?;
        let written = user_account::Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(user.password_hash.clone()))
            .col_expr(Column::OneTime, Expr::value(user.one_time))
            .col_expr(Column::Roles, Expr::value(json("roles", &user.roles)?))
            .col_expr(Column::Disabled, Expr::value(user.disabled))
            .col_expr(Column::ChangedAt, Expr::value(user.changed_at.0))
            .col_expr(Column::Version, Expr::value(int(version)))
            .filter(Column::Name.eq(user.name.as_str()))
            .filter(Column::Version.eq(int(user.version)))
            .exec(&txn)
            .await?;
        if written.rows_affected == 0 {
            return Err(conflict(&txn, user).await?);
        }
        go_along(&txn, &user.name, along).await?;
        self.0.commit(txn).await?;
        Ok(version)
    }

    /// Removes a user who is still at the version of the value, with sessions and API tokens.
    ///
    /// # Errors
    /// As [`Users::update`].
    pub async fn remove(&self, user: &User, along: Along) -> Result<(), Error> {
        use user_account::Column;
        let txn = self.0.begin().await?;
        // Written first: from here on nobody else changes anything until this has ended.
        end_sessions(&txn, &user.name, &EndSessions::All).await?;
        api_token::Entity::delete_many()
            .filter(api_token::Column::UserName.eq(user.name.as_str()))
            .exec(&txn)
            .await?;
        let gone = user_account::Entity::delete_many()
            .filter(Column::Name.eq(user.name.as_str()))
            .filter(Column::Version.eq(int(user.version)))
            .exec(&txn)
            .await?;
        if gone.rows_affected == 0 {
            return Err(conflict(&txn, user).await?);
        }
        go_along(&txn, &user.name, along).await?;
        self.0.commit(txn).await
    }
}

async fn all(db: &impl ConnectionTrait) -> Result<Vec<User>, Error> {
    let rows =
        user_account::Entity::find().order_by_asc(user_account::Column::Name).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

async fn conflict(txn: &DatabaseTransaction, user: &User) -> Result<Error, Error> {
    let row = user_account::Entity::find_by_id(user.name.as_str()).one(txn).await?;
    Ok(Error::Conflict {
        what: format!("user {}", user.name),
        expected: user.version,
        found: row.map(|row| nat(row.version)),
    })
}

async fn go_along(txn: &DatabaseTransaction, name: &str, along: Along) -> Result<(), Error> {
    if let Some(counts) = along.must_stay
        && !all(txn).await?.iter().any(counts)
    {
        return Err(Error::NobodyLeft(format!("user {name}")));
    }
    end_sessions(txn, name, &along.sessions).await?;
    if let Some(at) = along.revoke {
        api_token::Entity::update_many()
            .col_expr(api_token::Column::RevokedAt, Expr::value(at.0))
            .filter(api_token::Column::UserName.eq(name))
            .filter(api_token::Column::RevokedAt.is_null())
            .exec(txn)
            .await?;
    }
    audit::append(txn, along.audit).await
}

async fn end_sessions(
    txn: &DatabaseTransaction,
    name: &str,
    which: &EndSessions,
) -> Result<(), Error> {
    let mut gone = session::Entity::delete_many().filter(session::Column::UserName.eq(name));
    match which {
        EndSessions::None => return Ok(()),
        EndSessions::All => {}
        EndSessions::AllBut(digest) => {
            gone = gone.filter(session::Column::Digest.ne(digest.as_str()))
        }
    }
    gone.exec(txn).await?;
    Ok(())
}

impl TryFrom<user_account::Model> for User {
    type Error = Error;

    fn try_from(row: user_account::Model) -> Result<User, Error> {
        Ok(User {
            name: row.name,
            password_hash: row.password_hash,
            one_time: row.one_time,
            roles: from_json("roles of a user", &row.roles)?,
            disabled: row.disabled,
            created_at: Time(row.created_at),
            changed_at: Time(row.changed_at),
            version: nat(row.version),
        })
    }
}
