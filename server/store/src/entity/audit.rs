//! Who did what.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at: i64,
    pub actor: String,
    pub via: String,
    pub action: String,
    pub object: String,
    pub outcome: String,
    pub detail: String,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub previous: String,
    pub hash: String,
}

super::alone!();
