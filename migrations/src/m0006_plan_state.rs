//! Where each plan stands.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let state = table("plan_state")
            .col(text("plan").primary_key())
            .col(text("json"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(state).await
    }
}
