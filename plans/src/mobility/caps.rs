//! What may happen at once, and what each move uses of it. Over a cap an operation waits, it does
//! not fail.

use serde::{Deserialize, Serialize};

use super::Method;

/// Units that one operation holds while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Units {
    /// Of each host that takes part.
    pub host: u32,
    /// Of each datastore that takes part.
    pub datastore: u32,
    /// Of the migration network.
    pub network: u32,
}

/// Caps and costs. The numbers are VMware's published limits for simultaneous migrations
/// (vSphere 6.5, "Limits on simultaneous migrations").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caps {
    /// Units of one host.
    pub host: u32,
    /// Units of one datastore.
    pub datastore: u32,
    /// Units of a migration network slower than 10 Gbit/s.
    pub network_1g: u32,
    /// Units of a migration network of 10 Gbit/s or more.
    pub network_10g: u32,
    /// A live move over storage that both hosts see.
    pub vmotion: Units,
    /// A live move of disks.
    pub storage_vmotion: Units,
    /// A live move with its disks.
    pub xvmotion: Units,
    /// Anything else that a host is asked for: registering, powering on.
    pub provisioning: Units,
    /// Where these numbers come from.
    pub source: String,
}

impl Default for Caps {
    fn default() -> Caps {
        Caps {
            host: 8,
            datastore: 128,
            network_1g: 4,
            network_10g: 8,
            vmotion: Units { host: 1, datastore: 1, network: 1 },
            storage_vmotion: Units { host: 4, datastore: 16, network: 0 },
            xvmotion: Units { host: 4, datastore: 16, network: 1 },
            provisioning: Units { host: 1, datastore: 0, network: 0 },
            source: "VMware vSphere 6.5, limits on simultaneous migrations".to_owned(),
        }
    }
}

impl Caps {
    /// What a move by this method holds of each host, datastore and network that takes part.
    pub fn of(&self, method: Method) -> Units {
        match method {
            Method::VMotion
            | Method::LongDistanceActiveActive
            | Method::LongDistanceActivePassive => self.vmotion,
            Method::StorageVMotion => self.storage_vmotion,
            Method::XvMotion | Method::CrossManager | Method::LongDistance => self.xvmotion,
            Method::Restart => self.provisioning,
        }
    }

    /// Units of a migration network of this speed.
    pub fn network(&self, mbps: u32) -> u32 {
        if mbps < 10_000 { self.network_1g } else { self.network_10g }
    }
}
