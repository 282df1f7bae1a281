//! Several runs under one command.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chain")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub plan: String,
    pub kind: String,
    pub created_at: i64,
    pub started_by: String,
    pub stage: i32,
    pub json: String,
    pub ending: Option<String>,
    pub version: i64,
}

super::alone!();
