//! The workflows that plots are about.

use muster_plans::run::RunKind;

/// The workflow that a plot is about, with what has to be done before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Act {
    /// A test.
    Test,
    /// The cleanup of a test.
    Cleanup,
    /// A planned migration.
    Planned,
    /// A failover of a site without power.
    Failover,
    /// A reprotect after a planned migration.
    Reprotect,
    /// The planned migration back, after a reprotect.
    Failback,
    /// What a failover owes to a site that has come back.
    Owed,
    /// A failover that somebody wants although the site may be alive.
    Split,
}

impl Act {
    /// The six workflows of the product.
    pub const WORKFLOWS: [Act; 6] =
        [Act::Test, Act::Cleanup, Act::Planned, Act::Failover, Act::Reprotect, Act::Failback];

    /// All of them.
    pub const ALL: [Act; 8] = [
        Act::Test,
        Act::Cleanup,
        Act::Planned,
        Act::Failover,
        Act::Reprotect,
        Act::Failback,
        Act::Owed,
        Act::Split,
    ];

    pub(super) fn deeds(self) -> Vec<Deed> {
        use Deed::{Disaster, Return, Run};
        use RunKind::{Cleanup, Failover, PlannedMigration, Reprotect, Test};
        match self {
            Act::Test => vec![Run(Test)],
            Act::Cleanup => vec![Run(Test), Run(Cleanup)],
            Act::Planned => vec![Run(PlannedMigration)],
            Act::Failover => vec![Disaster, Run(Failover)],
            Act::Reprotect => vec![Run(PlannedMigration), Run(Reprotect)],
            Act::Failback => vec![Run(PlannedMigration), Run(Reprotect), Run(PlannedMigration)],
            Act::Owed => vec![Disaster, Run(Failover), Return, Run(Failover)],
            Act::Split => vec![Run(Failover)],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Disaster,
    Return,
    Run(RunKind),
}
