//! Compliance of one VM object.

use std::collections::BTreeMap;

use super::{Compliance, StoragePolicy, evaluate};
use crate::id::PolicyName;
use crate::inventory::{ObjectKind, StorageContainer, VmObject};

impl ObjectKind {
    /// Whether storage policies bind this kind. Swap is made anew at each power-on and the memory of
    /// a snapshot is not needed to recover, so their policies say nothing about protection.
    pub fn is_bound(self) -> bool {
        !matches!(self, ObjectKind::Swap | ObjectKind::Mem)
    }

    /// Whether a VM cannot be recovered without it: its home and its disks.
    pub fn is_needed(self) -> bool {
        matches!(self, ObjectKind::Config | ObjectKind::Data)
    }
}

/// Compliance of an object with its own policy in the container that it is placed in. `None` as the
/// container: its site does not report it. A policy that no document describes gives
/// [`Compliance::Unknown`]. [`Compliance::OutOfDate`] never comes from here: documents are
/// evaluated afresh each time, only a provider can lag behind.
pub fn compliance(
    object: &VmObject,
    policies: &BTreeMap<PolicyName, StoragePolicy>,
    container: Option<&StorageContainer>,
) -> Compliance {
    let Some(name) = object.policy.as_ref().filter(|_| object.kind.is_bound()) else {
        return Compliance::NotApplicable;
    };
    let (Some(policy), Some(container)) = (policies.get(name), container) else {
        return Compliance::Unknown;
    };
    if evaluate(policy, &container.capabilities).compliant {
        Compliance::Compliant
    } else {
        Compliance::NonCompliant
    }
}
