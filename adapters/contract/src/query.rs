//! Everything that can be looked at.

use muster_plans::id::{ConsistencyGroupId, HostId, NetworkName, RunTag, SiteName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::Instance;

/// A question about one object. A query changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Query {
    /// The leg of a group here. Answer: [`crate::Observation::Group`].
    Group(ConsistencyGroupId),
    /// An instance of a VM here. Answer: [`crate::Observation::Vm`].
    Vm(Instance),
    /// A host. Answer: [`crate::Observation::Host`].
    Host(HostId),
    /// A test clone. Answer: [`crate::Observation::Clone`].
    Clone {
        /// The group that it was made of.
        group: ConsistencyGroupId,
        /// Its name.
        clone: String,
    },
    /// A bubble network. Answer: [`crate::Observation::Bubble`].
    Bubble(NetworkName),
    /// Whether a peer site is fenced, as seen from here. Answer: [`crate::Observation::Fence`].
    Fence(SiteName),
    /// What the witness says of a site, as seen from here. Answer:
    /// [`crate::Observation::Witness`].
    Witness(SiteName),
    /// Everything here that carries a test's tag. Answer: [`crate::Observation::Leftovers`].
    Leftovers(RunTag),
    /// Whether the site answers at all. Answer: [`crate::Observation::Alive`].
    Alive,
}
