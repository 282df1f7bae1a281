//! Brings the schema up to date, or refuses.

use muster_migrations::{Migrator, MigratorTrait};
use sea_orm::DatabaseConnection;

use crate::Error;
use crate::open::begin;

/// Applies what is missing in one transaction: after a crash in the middle nothing of it is there.
pub(crate) async fn run(db: &DatabaseConnection) -> Result<(), Error> {
    let txn = begin(db).await?;
    let known = Migrator::names();
    let applied = Migrator::get_migration_models(&txn).await?;
    let newer: Vec<String> = applied
        .into_iter()
        .map(|change| change.version)
        .filter(|name| !known.contains(name))
        .collect();
    if !newer.is_empty() {
        return Err(Error::NewerSchema(newer));
    }
    Migrator::up(&txn, None).await?;
    Ok(txn.commit().await?)
}
