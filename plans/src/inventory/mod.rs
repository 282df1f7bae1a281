//! What exists: sites, links, witnesses, and at each site managers, hosts, storage and VMs.
//!
//! One [`Inventory`] is a value. It is assembled by the server from what the site agents answer and
//! handed to everything here that decides. Sites are symmetrical; *protected* and *recovery* are
//! roles in a plan.

mod compute;
mod link;
mod storage;
mod vm;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use compute::{Cluster, Host, HostState, Manager, Network, NetworkRole};
pub use link::{Link, Witness};
pub use storage::{
    Consistency, ConsistencyGroup, DetachRule, ProtocolEndpoint, RecoveryPoint, ReplicaRole,
    ReplicationMode, StorageContainer, Volume,
};
pub use vm::{Nic, ObjectKind, Power, VirtualMachine, VmObject};

use crate::id::SiteName;
use crate::time::Time;

/// Everything that Muster knows of all sites.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inventory {
    /// Rises with every change that could change a derivation.
    pub generation: u64,
    /// What each site reported last, also when it is out of reach now.
    pub sites: BTreeMap<SiteName, SiteInventory>,
    /// Measured links between sites.
    pub links: Vec<Link>,
    /// Third failure domains.
    pub witnesses: Vec<Witness>,
}

/// What one site's agent reports. Volumes and consistency groups are this site's *legs*; the peer
/// reports its own legs under the same ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SiteInventory {
    /// The site.
    pub site: SiteName,
    /// When the agent saw it, by the agent's clock.
    pub observed_at: Time,
    /// Managers of hypervisors.
    pub managers: Vec<Manager>,
    /// Clusters of hosts.
    pub clusters: Vec<Cluster>,
    /// Hosts.
    pub hosts: Vec<Host>,
    /// Networks.
    pub networks: Vec<Network>,
    /// Storage containers with what they advertise.
    pub containers: Vec<StorageContainer>,
    /// Protocol endpoints.
    pub endpoints: Vec<ProtocolEndpoint>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Legs of consistency groups.
    pub groups: Vec<ConsistencyGroup>,
    /// Virtual machines registered at this site.
    pub vms: Vec<VirtualMachine>,
}

impl SiteInventory {
    /// A site with nothing in it.
    pub fn empty(site: SiteName, observed_at: Time) -> SiteInventory {
        SiteInventory {
            site,
            observed_at,
            managers: Vec::new(),
            clusters: Vec::new(),
            hosts: Vec::new(),
            networks: Vec::new(),
            containers: Vec::new(),
            endpoints: Vec::new(),
            volumes: Vec::new(),
            groups: Vec::new(),
            vms: Vec::new(),
        }
    }
}

impl Inventory {
    /// The link between two sites, whichever way round it was written.
    pub fn link(&self, a: &SiteName, b: &SiteName) -> Option<&Link> {
        self.links.iter().find(|l| (&l.a == a && &l.b == b) || (&l.a == b && &l.b == a))
    }

    /// How many VMs are registered, at all sites together.
    pub(crate) fn vms(&self) -> usize {
        self.sites.values().map(|site| site.vms.len()).sum()
    }
}
