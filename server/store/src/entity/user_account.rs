//! A user.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub password_hash: Option<String>,
    pub one_time: bool,
    pub roles: String,
    pub disabled: bool,
    pub created_at: i64,
    pub changed_at: i64,
    pub version: i64,
}

super::alone!();
