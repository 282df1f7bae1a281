//! Leases and the journal: one row per committed batch of a run.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, uuid};

use crate::{key, points, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lease = table("lease")
            .col(uuid("run_id").primary_key())
            .col(text("owner"))
            .col(big_integer("epoch"))
            .col(big_integer("incarnation"))
            .col(big_integer("expires_at"))
            .foreign_key(&mut points(("lease", "run_id"), ("run", "id")))
            .to_owned();
        manager.create_table(lease).await?;

        let journal = table("journal")
            .col(uuid("run_id"))
            .col(big_integer("first_seq"))
            .col(big_integer("count"))
            .col(big_integer("epoch"))
            .col(text("payload"))
            .col(big_integer("bytes"))
            .primary_key(&mut key(&["run_id", "first_seq"]))
            .foreign_key(&mut points(("journal", "run_id"), ("run", "id")))
            .to_owned();
        manager.create_table(journal).await
    }
}
