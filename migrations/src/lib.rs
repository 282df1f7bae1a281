//! Schema changes, one file each, expand then contract.
//!
//! The list is append-only. The server applies what is missing in one transaction at start, and
//! refuses a database that knows a change which is not in this list.

#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait::up` elides the lifetime itself")]

mod m0001_life;
mod m0002_runs;
mod m0003_journal;
mod m0004_documents;
mod m0005_identity;
mod m0006_plan_state;
mod m0007_chains;
mod m0008_idempotency;
mod m0009_audit;
mod m0010_inventory;
mod m0011_settings;
mod m0012_approvals;
mod m0013_graph_parts;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// Applies the changes in order.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_life::Migration),
            Box::new(m0002_runs::Migration),
            Box::new(m0003_journal::Migration),
            Box::new(m0004_documents::Migration),
            Box::new(m0005_identity::Migration),
            Box::new(m0006_plan_state::Migration),
            Box::new(m0007_chains::Migration),
            Box::new(m0008_idempotency::Migration),
            Box::new(m0009_audit::Migration),
            Box::new(m0010_inventory::Migration),
            Box::new(m0011_settings::Migration),
            Box::new(m0012_approvals::Migration),
            Box::new(m0013_graph_parts::Migration),
        ]
    }
}

impl Migrator {
    /// Names of all changes that this server knows, oldest first.
    pub fn names() -> Vec<String> {
        Self::migrations().iter().map(|change| change.name().to_owned()).collect()
    }
}

/// A table under a name, to be filled with columns.
fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

/// An index over columns in order.
fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for &column in columns {
        index.col(column);
    }
    index
}

/// A primary key of several columns.
fn key(columns: &[&'static str]) -> IndexCreateStatement {
    let mut key = Index::create();
    for &column in columns {
        key.col(column);
    }
    key
}

/// Points from a column to a column of another table; the row pointed at cannot be deleted.
fn points(
    from: (&'static str, &'static str),
    to: (&'static str, &'static str),
) -> ForeignKeyCreateStatement {
    let mut points = ForeignKey::create();
    points.from(from.0, from.1).to(to.0, to.1).on_delete(ForeignKeyAction::Restrict);
    points
}
