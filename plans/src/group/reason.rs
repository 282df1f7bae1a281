//! Why a VM is not better protected, in words.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::id::{ContainerId, GroupName, PolicyName, SiteName, VolumeId};
use crate::policy::Broken;

/// Why a VM is excluded or only partly protected, or what else should be known about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are the values in the sentence of each variant")]
pub enum Reason {
    /// The object carries no policy.
    NoPolicy { object: Arc<str> },
    /// The object carries a policy that the group does not have.
    OtherPolicy { object: Arc<str>, policy: PolicyName },
    /// The object's policy belongs to no group.
    PolicyInNoGroup { object: Arc<str>, policy: PolicyName },
    /// No document describes the object's policy.
    PolicyNotKnown { object: Arc<str>, policy: PolicyName },
    /// The object's policy does not hold where the object is placed.
    PolicyNotMet { object: Arc<str>, policy: PolicyName, broken: Arc<[Broken]> },
    /// The site does not report the container that the object is placed in.
    ContainerNotKnown { object: Arc<str>, container: ContainerId },
    /// The site does not report the volume that the object is bound to.
    VolumeNotKnown { object: Arc<str>, volume: VolumeId },
    /// The volume does not replicate.
    NotReplicated { object: Arc<str>, volume: VolumeId },
    /// The volume replicates to a site outside the pair.
    ReplicatesElsewhere { object: Arc<str>, volume: VolumeId, to: SiteName, wanted: SiteName },
    /// A tag differs from what the group's narrowing asks for.
    TagDiffers { tag: Arc<str>, found: Option<Arc<str>>, wanted: Arc<str> },
    /// The VM has neither a home nor a disk.
    NothingToRecover,
    /// Another group claims the VM too.
    AlsoIn { group: GroupName },
    /// The VM runs at both sites of the pair.
    RunsAtBoth { other: SiteName },
}

impl Reason {
    /// Whether the VM could be protected better; the others are only worth knowing.
    pub fn lowers(&self) -> bool {
        !matches!(self, Reason::AlsoIn { .. } | Reason::RunsAtBoth { .. })
    }

    /// The object that it is about, if it is about one.
    pub fn object(&self) -> Option<&Arc<str>> {
        match self {
            Reason::NoPolicy { object }
            | Reason::OtherPolicy { object, .. }
            | Reason::PolicyInNoGroup { object, .. }
            | Reason::PolicyNotKnown { object, .. }
            | Reason::PolicyNotMet { object, .. }
            | Reason::ContainerNotKnown { object, .. }
            | Reason::VolumeNotKnown { object, .. }
            | Reason::NotReplicated { object, .. }
            | Reason::ReplicatesElsewhere { object, .. } => Some(object),
            Reason::TagDiffers { .. }
            | Reason::NothingToRecover
            | Reason::AlsoIn { .. }
            | Reason::RunsAtBoth { .. } => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoPolicy { object } => write!(f, "{object} carries no policy"),
            Reason::OtherPolicy { object, policy } => {
                write!(f, "{object} carries policy {policy}, which is not a policy of this group")
            }
            Reason::PolicyInNoGroup { object, policy } => {
                write!(f, "{object} carries policy {policy}, which is in no group of this site")
            }
            Reason::PolicyNotKnown { object, policy } => {
                write!(f, "{object} carries policy {policy}, which no document describes")
            }
            Reason::PolicyNotMet { object, policy, broken } => {
                write!(f, "policy {policy} of {object} is not met: ")?;
                for (i, broken) in broken.iter().enumerate() {
                    write!(f, "{}{broken}", if i == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            Reason::ContainerNotKnown { object, container } => {
                write!(f, "{object} lies in container {container}, which its site does not report")
            }
            Reason::VolumeNotKnown { object, volume } => {
                write!(f, "{object} is bound to volume {volume}, which its site does not report")
            }
            Reason::NotReplicated { object, volume } => {
                write!(f, "volume {volume} of {object} does not replicate")
            }
            Reason::ReplicatesElsewhere { object, volume, to, wanted } => {
                write!(f, "volume {volume} of {object} replicates to {to}, not to {wanted}")
            }
            Reason::TagDiffers { tag, found: Some(found), wanted } => {
                write!(f, "tag {tag} is {found}, not {wanted}")
            }
            Reason::TagDiffers { tag, found: None, wanted } => {
                write!(f, "it has no tag {tag}; the group wants {wanted}")
            }
            Reason::NothingToRecover => f.write_str("it has neither a home nor a disk"),
            Reason::AlsoIn { group } => write!(f, "group {group} claims it too"),
            Reason::RunsAtBoth { other } => write!(f, "it runs at {other} too"),
        }
    }
}
