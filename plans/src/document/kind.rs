//! Kinds as text.

use std::fmt;

use super::Kind;

impl Kind {
    /// All of them, in the order in which exports list them: what is referred to comes first.
    pub const ALL: [Kind; 7] = [
        Kind::Site,
        Kind::Backend,
        Kind::StoragePolicy,
        Kind::InventoryMapping,
        Kind::ProtectionGroup,
        Kind::RecoveryPlan,
        Kind::Schedule,
    ];

    /// As documents write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Site => "Site",
            Kind::Backend => "Backend",
            Kind::StoragePolicy => "StoragePolicy",
            Kind::InventoryMapping => "InventoryMapping",
            Kind::ProtectionGroup => "ProtectionGroup",
            Kind::RecoveryPlan => "RecoveryPlan",
            Kind::Schedule => "Schedule",
        }
    }

    /// The kind of this name, written exactly so.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
