//! What can be allowed.

use std::fmt;

use muster_plans::document::Kind;
use muster_plans::run::RunKind;
use serde::{Serialize, Serializer};

macro_rules! privileges {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// One thing that can be allowed. Testing and running are different things.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Privilege {
            $($(#[$doc])* $name),*
        }

        impl Privilege {
            /// All of them.
            pub const ALL: &[Privilege] = &[$(Privilege::$name),*];

            /// As people and programs see it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Privilege::$name => $text),*
                }
            }
        }
    };
}

privileges! {
    /// See documents, plans, groups, forecasts and findings.
    PlanRead = "plan.read",
    /// Write recovery plans, inventory mappings and schedules.
    PlanWrite = "plan.write",
    /// Write protection groups and storage policies.
    GroupWrite = "group.write",
    /// Write sites and backends.
    SiteWrite = "site.write",
    /// See sites, hosts, VMs and volumes.
    InventoryRead = "inventory.read",
    /// See runs and their journals.
    RunRead = "run.read",
    /// Start tests.
    RunTest = "run.test",
    /// Clean up after tests.
    RunCleanup = "run.cleanup",
    /// Answer prompts of tests and cleanups, cancel, resume and rule on them.
    TestSteer = "test.steer",
    /// Start planned migrations.
    RunPlanned = "run.planned",
    /// Start failovers.
    RunFailover = "run.failover",
    /// Start reprotects.
    RunReprotect = "run.reprotect",
    /// Answer prompts of any run.
    RunAnswer = "run.answer",
    /// Cancel any run.
    RunCancel = "run.cancel",
    /// Resume any run.
    RunResume = "run.resume",
    /// Say what became of a step of any run.
    RunRule = "run.rule",
    /// Give one's word that a site cannot write.
    RunAttest = "run.attest",
    /// Approve failovers that others start.
    RunApprove = "run.approve",
    /// Let work go on after the database was restored.
    RestoreSettle = "restore.settle",
    /// Make, change and disable users and their tokens.
    UserAdmin = "user.admin",
    /// Read and check the audit trail.
    AuditRead = "audit.read",
    /// Change settings.
    SettingsWrite = "settings.write",
    /// Break and heal a simulated world.
    SimControl = "sim.control",
}

impl Privilege {
    /// What it takes to write a document of a kind.
    pub fn to_write(kind: Kind) -> Privilege {
        match kind {
            Kind::Site | Kind::Backend => Privilege::SiteWrite,
            Kind::StoragePolicy | Kind::ProtectionGroup => Privilege::GroupWrite,
            Kind::InventoryMapping | Kind::RecoveryPlan | Kind::Schedule => Privilege::PlanWrite,
        }
    }

    /// What it takes to start a run of a kind.
    pub fn to_start(kind: RunKind) -> Privilege {
        match kind {
            RunKind::Test => Privilege::RunTest,
            RunKind::Cleanup => Privilege::RunCleanup,
            RunKind::PlannedMigration => Privilege::RunPlanned,
            RunKind::Failover => Privilege::RunFailover,
            RunKind::Reprotect => Privilege::RunReprotect,
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Privilege {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A set of privileges.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Privileges(u64);

const _: () = assert!(Privilege::ALL.len() <= 64, "the set is one word");

impl Privileges {
    /// Of these.
    pub fn of(list: &[Privilege]) -> Privileges {
        Privileges(list.iter().fold(0, |bits, privilege| bits | bit(*privilege)))
    }

    /// Whether it is in the set.
    pub fn has(self, privilege: Privilege) -> bool {
        self.0 & bit(privilege) != 0
    }

    /// In either.
    #[must_use]
    pub fn or(self, other: Privileges) -> Privileges {
        Privileges(self.0 | other.0)
    }

    /// In both.
    #[must_use]
    pub fn and(self, other: Privileges) -> Privileges {
        Privileges(self.0 & other.0)
    }

    /// In order.
    pub fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.iter().copied().filter(move |privilege| self.has(*privilege))
    }
}

impl fmt::Debug for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Privilege::as_str)).finish()
    }
}

fn bit(privilege: Privilege) -> u64 {
    1 << (privilege as u64)
}
