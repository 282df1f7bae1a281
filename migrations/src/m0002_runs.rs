//! Runs, their graphs, and which protection groups they hold.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, text, text_null, uuid, uuid_null,
};

use crate::{index, key, points, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let run = table("run")
            .col(uuid("id").primary_key())
            .col(text("plan"))
            .col(text("kind"))
            .col(big_integer("created_at"))
            .col(text("started_by"))
            .col(text_null("reason"))
            .col(text("graph_digest"))
            .col(uuid_null("chain_id"))
            .col(text_null("tag"))
            .col(text("state"))
            .col(text("summary"))
            .col(boolean("active"))
            .col(text_null("ending"))
            .col(big_integer_null("ended_at"))
            .to_owned();
        manager.create_table(run).await?;
        manager.create_index(index("run_by_plan", "run", &["plan", "id"])).await?;
        manager.create_index(index("run_by_active", "run", &["active", "id"])).await?;
        manager.create_index(index("run_by_chain", "run", &["chain_id", "id"])).await?;

        // Apart from the run, so that a list of runs does not read graphs of many megabytes.
        let graph = table("run_graph")
            .col(uuid("run_id").primary_key())
            .col(text("graph"))
            .foreign_key(&mut points(("run_graph", "run_id"), ("run", "id")))
            .to_owned();
        manager.create_table(graph).await?;

        let group = table("run_group")
            .col(uuid("run_id"))
            .col(text("group_name"))
            .primary_key(&mut key(&["run_id", "group_name"]))
            .foreign_key(&mut points(("run_group", "run_id"), ("run", "id")))
            .to_owned();
        manager.create_table(group).await?;
        manager
            .create_index(index("run_group_by_group", "run_group", &["group_name", "run_id"]))
            .await?;

        // A row exists while its run is active: the primary key lets a group be in one such run.
        let lock = table("group_lock")
            .col(text("group_name").primary_key())
            .col(uuid("run_id"))
            .foreign_key(&mut points(("group_lock", "run_id"), ("run", "id")))
            .to_owned();
        manager.create_table(lock).await?;
        manager.create_index(index("group_lock_by_run", "group_lock", &["run_id"])).await
    }
}
