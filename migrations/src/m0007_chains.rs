//! Several runs under one command: a failback is three.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, text, text_null, uuid};

use crate::{index, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let chain = table("chain")
            .col(uuid("id").primary_key())
            .col(text("plan"))
            .col(text("kind"))
            .col(big_integer("created_at"))
            .col(text("started_by"))
            .col(integer("stage"))
            .col(text("json"))
            .col(text_null("ending"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(chain).await?;
        manager.create_index(index("chain_by_plan", "chain", &["plan", "id"])).await
    }
}
