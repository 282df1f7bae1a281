//! Every version that a document ever had.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub deleted: bool,
    pub json: String,
    pub source: Option<String>,
    pub digest: String,
    pub generation: i64,
    pub changed_at: i64,
    pub changed_by: String,
}

super::alone!();
