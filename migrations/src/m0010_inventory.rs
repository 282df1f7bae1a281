//! What each site looked like when it was last seen.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let inventory = table("site_inventory")
            .col(text("site").primary_key())
            .col(text("json"))
            .col(text("digest"))
            .col(big_integer("observed_at"))
            .to_owned();
        manager.create_table(inventory).await
    }
}
