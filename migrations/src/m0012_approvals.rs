//! What people were asked to approve, and who has.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, uuid, uuid_null};

use crate::{index, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let approval = table("approval")
            .col(uuid("id").primary_key())
            .col(text("plan"))
            .col(text("digest"))
            .col(big_integer("created_at"))
            .col(text("json"))
            .col(uuid_null("run_id"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(approval).await?;
        manager.create_index(index("approval_by_plan", "approval", &["plan", "digest"])).await
    }
}
