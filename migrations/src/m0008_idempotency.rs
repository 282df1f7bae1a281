//! Answers to requests that carried an Idempotency-Key.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer_null, text, text_null};

use crate::{index, key, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key_row = table("idempotency")
            .col(text("user_name"))
            .col(text("route"))
            .col(text("request_key"))
            .col(text("request_hash"))
            .col(big_integer("created_at"))
            .col(text_null("outcome"))
            .col(integer_null("status"))
            .col(text_null("headers"))
            .col(text_null("body"))
            .primary_key(&mut key(&["user_name", "route", "request_key"]))
            .to_owned();
        manager.create_table(key_row).await?;
        manager.create_index(index("idempotency_by_age", "idempotency", &["created_at"])).await
    }
}
