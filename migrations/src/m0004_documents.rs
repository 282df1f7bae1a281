//! Documents, every version of them, and the generation of the whole set.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, text, text_null};

use crate::{index, key, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let document = table("document")
            .col(text("kind"))
            .col(text("name"))
            .col(text("json"))
            .col(text_null("source"))
            .col(text("digest"))
            .col(big_integer("version"))
            .col(big_integer("generation"))
            .col(big_integer("changed_at"))
            .col(text("changed_by"))
            .primary_key(&mut key(&["kind", "name"]))
            .to_owned();
        manager.create_table(document).await?;

        let version = table("document_version")
            .col(text("kind"))
            .col(text("name"))
            .col(big_integer("version"))
            .col(boolean("deleted"))
            .col(text("json"))
            .col(text_null("source"))
            .col(text("digest"))
            .col(big_integer("generation"))
            .col(big_integer("changed_at"))
            .col(text("changed_by"))
            .primary_key(&mut key(&["kind", "name", "version"]))
            .to_owned();
        manager.create_table(version).await?;
        manager
            .create_index(index(
                "document_version_by_generation",
                "document_version",
                &["generation"],
            ))
            .await?;

        let set = table("document_set")
            .col(integer("id").primary_key())
            .col(big_integer("generation"))
            .col(text("digest"))
            .to_owned();
        manager.create_table(set).await
    }
}
