//! Users, sessions and API tokens. Secrets stand here as hashes only.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, text, text_null};

use crate::{index, points, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let user = table("user_account")
            .col(text("name").primary_key())
            .col(text_null("password_hash"))
            .col(boolean("one_time"))
            .col(text("roles"))
            .col(boolean("disabled"))
            .col(big_integer("created_at"))
            .col(big_integer("changed_at"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(user).await?;

        let session = table("session")
            .col(text("digest").primary_key())
            .col(text("user_name"))
            .col(big_integer("created_at"))
            .col(big_integer("last_seen"))
            .col(big_integer("idle_expires_at"))
            .col(big_integer("expires_at"))
            .col(text_null("address"))
            .foreign_key(&mut points(("session", "user_name"), ("user_account", "name")))
            .to_owned();
        manager.create_table(session).await?;
        manager.create_index(index("session_by_user", "session", &["user_name"])).await?;

        let token = table("api_token")
            .col(text("id").primary_key())
            .col(text("digest"))
            .col(text("user_name"))
            .col(text("label"))
            .col(text_null("scopes"))
            .col(big_integer("created_at"))
            .col(big_integer_null("expires_at"))
            .col(big_integer_null("last_used"))
            .col(big_integer_null("revoked_at"))
            .foreign_key(&mut points(("api_token", "user_name"), ("user_account", "name")))
            .to_owned();
        manager.create_table(token).await?;
        manager.create_index(index("api_token_by_user", "api_token", &["user_name"])).await
    }
}
