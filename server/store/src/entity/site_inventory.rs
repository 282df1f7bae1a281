//! What a site looked like.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "site_inventory")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub site: String,
    pub json: String,
    pub digest: String,
    pub observed_at: i64,
}

super::alone!();
