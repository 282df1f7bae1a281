//! A document as it stands.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub json: String,
    pub source: Option<String>,
    pub digest: String,
    pub version: i64,
    pub generation: i64,
    pub changed_at: i64,
    pub changed_by: String,
}

super::alone!();
