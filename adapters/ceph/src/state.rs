//! What is remembered: in Ceph where both sites must read it, in files where it is this site's own.

use std::collections::BTreeMap;

use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, RunTag, SiteName};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

/// Who leads a mirrored group. It is kept at each image as `muster.leg`, is written only where the image is
/// primary, and goes to the other site as the data does: so both sites read the same, the copy a little later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Word {
    pub(crate) site: SiteName,
    pub(crate) generation: u64,
    pub(crate) phase: Phase,
}

/// How the leading leg of a mirrored group came to lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// The other leg receives from it.
    Source,
    /// It was promoted, and replication was not turned round yet.
    FailedOver,
}

/// What this site alone knows of a group, in `groups/GROUP.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Local {
    /// Whether hosts may use it; `None`: nobody has said anything yet.
    #[serde(default)]
    pub(crate) mounted: Option<bool>,
    /// A promotion that was begun: the word to leave at the images once they are primary.
    #[serde(default)]
    pub(crate) promoting: Option<Word>,
    /// The point that was promoted here last.
    #[serde(default)]
    pub(crate) promoted: Option<RecoveryPointId>,
    /// The images of a mirrored group, and about when each was seen last. A copy that is made anew is not there
    /// for a while, and then not marked until it is whole.
    #[serde(default)]
    pub(crate) members: BTreeMap<String, Time>,
    /// When this leg was demoted last.
    #[serde(default)]
    pub(crate) demoted_at: Option<Time>,
}

/// A test's clone, in `clones/NAME.json`. Written before the first image is made: what was made is found by its
/// tag, whatever happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CloneFile {
    pub(crate) group: ConsistencyGroupId,
    pub(crate) tag: RunTag,
    /// Pool and image of what it is a clone of.
    pub(crate) images: Vec<(String, String)>,
    /// Whether all of it was made.
    pub(crate) whole: bool,
    pub(crate) mounted: bool,
}

/// A fence against the other site, in `fence.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fence {
    pub(crate) raised: bool,
}

/// What both sites of a stretched cluster say of a group: one record, kept by the monitors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Shared {
    /// Raised at each change, so that one that was overwritten is noticed.
    pub(crate) revision: u64,
    pub(crate) preferred: SiteName,
    /// Whether the legs belong together; a failover tears them apart.
    pub(crate) replicating: bool,
    pub(crate) legs: BTreeMap<SiteName, SharedLeg>,
}

/// A leg of a stretched group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SharedLeg {
    pub(crate) role: ReplicaRole,
    /// Whether it was made writable and was not demoted since.
    pub(crate) open: bool,
    pub(crate) generation: u64,
}

impl Shared {
    /// A group that nobody has touched: both sites write.
    pub(crate) fn first(preferred: &SiteName, sites: [&SiteName; 2]) -> Shared {
        let leg = |site: &SiteName| {
            let role = if site == preferred { ReplicaRole::Source } else { ReplicaRole::Target };
            (site.clone(), SharedLeg { role, open: true, generation: 0 })
        };
        let legs = sites.into_iter().map(leg).collect();
        Shared { revision: 0, preferred: preferred.clone(), replicating: true, legs }
    }
}
