//! API tokens, under the hash of their secret.

use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::Error;
use crate::entity::api_token;
use crate::open::Store;
use crate::text::{from_json, json};

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The public part by which it is found.
    pub id: String,
    /// SHA-256 of the whole token, in hexadecimal.
    pub digest: String,
    /// The user on whose behalf it acts.
    pub user: String,
    /// What it is for, in its owner's words.
    pub label: String,
    /// Roles that it may use of those that its user has; `None`: all of them.
    pub scopes: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends; `None`: it does not.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute or so.
    pub last_used: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

impl Token {
    /// Whether it still counts.
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// API tokens of a store.
#[derive(Debug)]
pub struct Tokens<'a>(pub(crate) &'a Store);

impl Tokens<'_> {
    /// Makes a token.
    ///
    /// # Errors
    /// [`Error::Exists`] where there is one with this id.
    pub async fn create(&self, token: &Token) -> Result<(), Error> {
        let scopes = token.scopes.as_ref().map(|scopes| json("scopes", scopes)).transpose()?;
        let row = api_token::ActiveModel {
            id: Set(token.id.clone()),
            digest: Set(token.digest.clone()),
            user_name: Set(token.user.clone()),
            label: Set(token.label.clone()),
            scopes: Set(scopes),
            created_at: Set(token.created_at.0),
            expires_at: Set(token.expires_at.map(|at| at.0)),
            last_used: Set(token.last_used.map(|at| at.0)),
            revoked_at: Set(token.revoked_at.map(|at| at.0)),
        };
        let txn = self.0.begin().await?;
        match api_token::Entity::insert(row).exec_without_returning(&txn).await {
            Err(error) if Error::is_duplicate(&error) => {
                return Err(Error::Exists(format!("token {}", token.id)));
            }
            answer => answer?,
        };
        self.0.commit(txn).await
    }

    /// A token by its id, whether it still counts or not.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(&self, id: &str) -> Result<Option<Token>, Error> {
        let row = api_token::Entity::find_by_id(id).one(self.0.reader()).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Tokens of a user, or of all users, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list(&self, user: Option<&str>) -> Result<Vec<Token>, Error> {
        let mut select = api_token::Entity::find();
        if let Some(user) = user {
            select = select.filter(api_token::Column::UserName.eq(user));
        }
        let rows = select
            .order_by_desc(api_token::Column::CreatedAt)
            .order_by_asc(api_token::Column::Id)
            .all(self.0.reader())
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// It was used.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn touch(&self, id: &str, now: Time) -> Result<(), Error> {
        self.set(id, api_token::Column::LastUsed, now).await
    }

    /// It counts no longer.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such token.
    pub async fn revoke(&self, id: &str, now: Time) -> Result<(), Error> {
        self.set(id, api_token::Column::RevokedAt, now).await
    }

    async fn set(&self, id: &str, column: api_token::Column, at: Time) -> Result<(), Error> {
        let txn = self.0.begin().await?;
        let changed = api_token::Entity::update_many()
            .col_expr(column, Expr::value(at.0))
            .filter(api_token::Column::Id.eq(id))
            .exec(&txn)
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::NotFound(format!("token {id}")));
        }
        self.0.commit(txn).await
    }
}

impl TryFrom<api_token::Model> for Token {
    type Error = Error;

    fn try_from(row: api_token::Model) -> Result<Token, Error> {
        let scopes = row.scopes.map(|text| from_json("scopes of a token", &text)).transpose()?;
        Ok(Token {
            id: row.id,
            digest: row.digest,
            user: row.user_name,
            label: row.label,
            scopes,
            created_at: Time(row.created_at),
            expires_at: row.expires_at.map(Time),
            last_used: row.last_used.map(Time),
            revoked_at: row.revoked_at.map(Time),
        })
    }
}
