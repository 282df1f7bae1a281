//! What people were asked to approve.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approval")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub plan: String,
    pub digest: String,
    pub created_at: i64,
    pub json: String,
    pub run_id: Option<Uuid>,
    pub version: i64,
}

super::alone!();
