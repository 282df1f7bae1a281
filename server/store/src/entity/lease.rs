//! Who executes a run.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lease")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: Uuid,
    pub owner: String,
    pub epoch: i64,
    pub incarnation: i64,
    pub expires_at: i64,
}

super::alone!();
