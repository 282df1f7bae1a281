//! Kinds of run.

use super::Tone;

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Starts copies in a bubble; production is not touched.
    Test,
    /// Removes what a test made.
    Cleanup,
    /// Moves everything, losing nothing; both sites are healthy.
    PlannedMigration,
    /// Recovers without the protected site.
    Failover,
    /// Turns the direction round after a recovery.
    Reprotect,
}

/// How starting a run is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    /// As a noun: `Planned migration`.
    pub title: &'static str,
    /// One sentence on what it does to production.
    pub promise: &'static str,
    /// The label of the button that starts it.
    pub verb: &'static str,
    /// What its colour stands for.
    pub tone: Tone,
}

impl RunKind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [RunKind; 5] = [
        RunKind::Test,
        RunKind::Cleanup,
        RunKind::PlannedMigration,
        RunKind::Failover,
        RunKind::Reprotect,
    ];

    /// Its name in URLs, documents and the API.
    pub fn slug(self) -> &'static str {
        match self {
            RunKind::Test => "test",
            RunKind::Cleanup => "cleanup",
            RunKind::PlannedMigration => "planned-migration",
            RunKind::Failover => "failover",
            RunKind::Reprotect => "reprotect",
        }
    }

    /// The kind with this [`RunKind::slug`].
    pub fn from_slug(slug: &str) -> Option<RunKind> {
        RunKind::ALL.into_iter().find(|kind| kind.slug() == slug)
    }

    /// As a noun: `Planned migration`.
    pub fn title(self) -> &'static str {
        match self {
            RunKind::Test => "Test",
            RunKind::Cleanup => "Cleanup",
            RunKind::PlannedMigration => "Planned migration",
            RunKind::Failover => "Failover",
            RunKind::Reprotect => "Reprotect",
        }
    }

    /// One sentence on what it does to production.
    pub fn promise(self) -> &'static str {
        match self {
            RunKind::Test => "Starts copies in an isolated network. Production is not touched.",
            RunKind::Cleanup => "Removes what a test made, and nothing else.",
            RunKind::PlannedMigration => {
                "Moves the VMs to the recovery site. Needs both sites, and loses no data."
            }
            RunKind::Failover => {
                "Recovers the VMs without the protected site. Data newer than the recovery point is lost."
            }
            RunKind::Reprotect => {
                "Turns replication round, so that the VMs are protected where they run now."
            }
        }
    }

    /// The label of the button that starts it.
    pub fn verb(self) -> &'static str {
        match self {
            RunKind::Test => "Start test",
            RunKind::Cleanup => "Clean up",
            RunKind::PlannedMigration => "Start planned migration",
            RunKind::Failover => "Fail over",
            RunKind::Reprotect => "Reprotect",
        }
    }

    /// What its colour stands for: tests are told from the real thing at a glance.
    pub fn tone(self) -> Tone {
        match self {
            RunKind::Test | RunKind::Cleanup => Tone::Test,
            RunKind::PlannedMigration | RunKind::Reprotect => Tone::Info,
            RunKind::Failover => Tone::Bad,
        }
    }

    /// How starting it is presented; `owed`: the failover has been, and only what it left at the
    /// protected site is done.
    pub fn face(self, owed: bool) -> Face {
        if owed && self == RunKind::Failover {
            return Face {
                title: "Owed steps",
                promise: "Does at the site that is back what the failover could not do there. Nothing is promoted.",
                verb: "Do what is owed",
                tone: Tone::Info,
            };
        }
        Face { title: self.title(), promise: self.promise(), verb: self.verb(), tone: self.tone() }
    }

    /// Icon of the sprite.
    pub fn icon(self) -> &'static str {
        match self {
            RunKind::Test => "flask",
            RunKind::Cleanup => "broom",
            RunKind::PlannedMigration => "move",
            RunKind::Failover => "failover",
            RunKind::Reprotect => "swap",
        }
    }
}
