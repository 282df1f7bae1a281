//! Settings that are changed at run time.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::Error;
use crate::entity::setting;
use crate::open::Store;
use crate::plan_state::Versioned;
use crate::text::{int, nat};

/// Settings of a store.
#[derive(Debug)]
pub struct Settings<'a>(pub(crate) &'a Store);

impl Settings<'_> {
    /// A setting, if it was ever set.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, name: &str) -> Result<Option<Versioned>, Error> {
        let row = setting::Entity::find_by_id(name).one(self.0.reader()).await?;
        Ok(row.map(|row| Versioned { json: row.json, version: nat(row.version) }))
    }

    /// Sets it if it is still at the expected version (0: never set); answers the new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not.
    pub async fn put(&self, name: &str, json: &str, expected: u64) -> Result<u64, Error> {
        let txn = self.0.begin().await?;
        let there = setting::Entity::find_by_id(name).one(&txn).await?;
        let found = there.map(|row| nat(row.version));
        if found.unwrap_or(0) != expected {
            return Err(Error::Conflict { what: format!("setting {name}"), expected, found });
        }
        let version = int(expected + 1);
        if found.is_none() {
            let row = setting::ActiveModel {
                name: Set(name.to_owned()),
                json: Set(json.to_owned()),
                version: Set(version),
            };
            setting::Entity::insert(row).exec_without_returning(&txn).await?;
        } else {
            setting::Entity::update_many()
                .col_expr(setting::Column::Json, Expr::value(json))
                .col_expr(setting::Column::Version, Expr::value(version))
                .filter(setting::Column::Name.eq(name))
                .exec(&txn)
                .await?;
        }
        self.0.commit(txn).await?;
        Ok(expected + 1)
    }
}
