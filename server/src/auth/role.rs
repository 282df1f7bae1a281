//! Roles: which privileges go together. Users have roles, never single privileges.

use std::fmt;
use std::str::FromStr;

use super::Privilege::{self, *};
use super::error::AuthError;
use super::privilege::Privileges;

/// What everybody who works with Muster may see.
const SEE: [Privilege; 3] = [PlanRead, InventoryRead, RunRead];
const TEST: [Privilege; 3] = [RunTest, RunCleanup, TestSteer];

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($list:expr),+;)*) => {
        /// A role.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$doc])* $name),*
        }

        impl Role {
            /// All of them.
            pub const ALL: &[Role] = &[$(Role::$name),*];

            /// As people and programs see it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Role::$name => $text),*
                }
            }

            /// What it allows.
            pub fn privileges(self) -> Privileges {
                match self {
                    $(Role::$name => Privileges::default()$(.or(Privileges::of(&$list)))+),*
                }
            }
        }
    };
}

roles! {
    /// Configures everything, administers users, and does not run recoveries: who can change a plan
    /// and who can run it may be two persons.
    Administrator = "administrator": SEE, TEST, [
        PlanWrite, GroupWrite, SiteWrite, RestoreSettle, UserAdmin, AuditRead, SettingsWrite, SimControl
    ];
    /// Says what is protected.
    ProtectionGroupAdmin = "protection-group-admin": SEE, [GroupWrite];
    /// Writes plans and tests them.
    PlanAdmin = "plan-admin": SEE, TEST, [PlanWrite];
    /// Runs recoveries, and writes no plans.
    RecoveryAdmin = "recovery-admin": SEE, TEST, [
        RunPlanned, RunFailover, RunReprotect, RunAnswer, RunCancel, RunResume, RunRule, RunAttest, RunApprove
    ];
    /// Tests, and nothing else.
    TestAdmin = "test-admin": SEE, TEST;
    /// Answers for others: prompts, the word that a site cannot write, approvals of failovers.
    Approver = "approver": SEE, [RunAnswer, RunAttest, RunApprove];
    /// Sees everything and changes nothing.
    Auditor = "auditor": SEE, [AuditRead];
}

impl Role {
    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.iter().copied().find(|role| role.as_str() == name)
    }

    /// What several roles allow together. A name that is no role allows nothing: it can only come
    /// from a newer server.
    pub(crate) fn together<T: AsRef<str>>(names: &[T]) -> Privileges {
        names
            .iter()
            .filter_map(|name| Role::from_name(name.as_ref()))
            .fold(Privileges::default(), |all, role| all.or(role.privileges()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = AuthError;

    fn from_str(name: &str) -> Result<Role, AuthError> {
        Role::from_name(name).ok_or_else(|| {
            let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
            AuthError::UnknownRole { name: name.to_owned(), known: known.join(", ") }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, as an operator reads it.
    #[test]
    fn the_table() {
        let mut table = String::new();
        for role in Role::ALL {
            let list: Vec<_> = role.privileges().iter().map(Privilege::as_str).collect();
            table.push_str(&format!("{role}: {}\n", list.join(" ")));
        }
        insta::assert_snapshot!(table, @r#"
        administrator: plan.read plan.write group.write site.write inventory.read run.read run.test run.cleanup test.steer restore.settle user.admin audit.read settings.write sim.control
        protection-group-admin: plan.read group.write inventory.read run.read
        plan-admin: plan.read plan.write inventory.read run.read run.test run.cleanup test.steer
        recovery-admin: plan.read inventory.read run.read run.test run.cleanup test.steer run.planned run.failover run.reprotect run.answer run.cancel run.resume run.rule run.attest run.approve
        test-admin: plan.read inventory.read run.read run.test run.cleanup test.steer
        approver: plan.read inventory.read run.read run.answer run.attest run.approve
        auditor: plan.read inventory.read run.read audit.read
        "#);
    }

    #[test]
    fn who_writes_plans_does_not_run_them() {
        let run = Privileges::of(&[RunPlanned, RunFailover, RunReprotect]);
        for role in Role::ALL {
            let privileges = role.privileges();
            let both = privileges.has(PlanWrite) && privileges.and(run) != Privileges::default();
            assert!(!both, "{role} writes and runs");
        }
    }

    #[test]
    fn every_privilege_is_in_a_role() {
        let all = Role::ALL.iter().fold(Privileges::default(), |all, r| all.or(r.privileges()));
        assert_eq!(all, Privileges::of(Privilege::ALL));
    }

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), *role);
        }
        let error = "root".parse::<Role>().unwrap_err().to_string();
        assert!(error.starts_with("there is no role `root`; there are administrator, "), "{error}");
        assert_eq!(Role::together(&["root", "auditor"]), Role::Auditor.privileges());
    }
}
