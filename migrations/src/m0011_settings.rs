//! Settings that are changed at run time.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let setting = table("setting")
            .col(text("name").primary_key())
            .col(text("json"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(setting).await
    }
}
