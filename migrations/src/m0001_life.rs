//! Which life the journal lives, and the counter of epochs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, text};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let life = table("life")
            .col(integer("id").primary_key())
            .col(text("mark"))
            .col(big_integer("incarnation"))
            .col(boolean("restored"))
            .to_owned();
        manager.create_table(life).await?;
        let counter = table("epoch_counter")
            .col(integer("id").primary_key())
            .col(big_integer("epoch"))
            .to_owned();
        manager.create_table(counter).await
    }
}
