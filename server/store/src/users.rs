//! Users. A password stands here as its argon2 hash.

use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::Error;
use crate::entity::user_account;
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
        let rows = user_account::Entity::find()
            .order_by_asc(user_account::Column::Name)
            .all(self.0.reader())
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
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
    pub async fn create(&self, user: &User) -> Result<(), Error> {
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
        self.0.commit(txn).await
    }

    /// Replaces a user if it is still at the version of the value; answers the new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not.
    pub async fn update(&self, user: &User) -> Result<u64, Error> {
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
            let row = user_account::Entity::find_by_id(user.name.as_str()).one(&txn).await?;
            return Err(Error::Conflict {
                what: format!("user {}", user.name),
                expected: user.version,
                found: row.map(|row| nat(row.version)),
            });
        }
        self.0.commit(txn).await?;
        Ok(version)
    }
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
