//! A session of a signed-in user.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    pub user_name: String,
    pub created_at: i64,
    pub last_seen: i64,
    pub idle_expires_at: i64,
    pub expires_at: i64,
    pub address: Option<String>,
}

super::alone!();
