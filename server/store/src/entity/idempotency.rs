//! The answer to a request that carried a key.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_name: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub route: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_key: String,
    pub request_hash: String,
    pub created_at: i64,
    pub outcome: Option<String>,
    pub status: Option<i32>,
    pub headers: Option<String>,
    pub body: Option<String>,
}

super::alone!();
