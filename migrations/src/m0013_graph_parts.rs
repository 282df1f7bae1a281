//! What of a large graph does not fit into its first row.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text, uuid};

use crate::{key, points, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let part = table("run_graph_part")
            .col(uuid("run_id"))
            .col(integer("part"))
            .col(text("graph"))
            .primary_key(&mut key(&["run_id", "part"]))
            .foreign_key(&mut points(("run_graph_part", "run_id"), ("run", "id")))
            .to_owned();
        manager.create_table(part).await
    }
}
