//! Who did what, each row chained to the one before by its hash.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, text_null};

use crate::{index, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let audit = table("audit")
            .col(big_integer("seq").primary_key())
            .col(big_integer("at"))
            .col(text("actor"))
            .col(text("via"))
            .col(text("action"))
            .col(text("object"))
            .col(text("outcome"))
            .col(text("detail"))
            .col(text_null("address"))
            .col(text_null("request_id"))
            .col(text("previous"))
            .col(text("hash"))
            .to_owned();
        manager.create_table(audit).await?;
        manager.create_index(index("audit_by_object", "audit", &["object", "seq"])).await?;
        manager.create_index(index("audit_by_actor", "audit", &["actor", "seq"])).await
    }
}
