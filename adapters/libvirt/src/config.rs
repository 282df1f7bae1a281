//! What an agent is told of its hypervisors.

use std::path::PathBuf;

use muster_plans::id::{ClusterId, HostId, ManagerId, SiteName};
use muster_plans::inventory::Network;
use serde::Deserialize;
use uuid::Uuid;

/// Hosts of one site under libvirt.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LibvirtConfig {
    /// Their cluster.
    pub cluster: ClusterId,
    /// What stands above the cluster; live moves between two of the same name need no other manager.
    #[serde(default = "manager")]
    pub manager: ManagerId,
    /// The hosts.
    pub hosts: Vec<HostConfig>,
    /// Networks that VMs may be connected to, by their names in libvirt.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// Hosts of other sites that VMs may be moved to while they run.
    #[serde(default)]
    pub peers: Vec<PeerConfig>,
    /// Certificates for hosts that are reached by TLS.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// How the hosts reach RBD images; without it by `/etc/ceph/ceph.conf` of each, and by no user.
    #[serde(default)]
    pub rbd: Option<RbdConfig>,
}

/// How QEMU signs in where RBD images are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RbdConfig {
    /// The Ceph user, without `client.`.
    pub user: String,
    /// The secret of libvirt with its key, the same on all hosts of the site.
    pub secret: Uuid,
    /// The cluster's settings, where they are on each host.
    #[serde(default)]
    pub conf: Option<PathBuf>,
}

/// One host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HostConfig {
    /// Its id, by which plans and pages name it.
    pub id: HostId,
    /// Where its daemon is: `qemu:///system`, `qemu+tls://kvm-1.example/system`, `qemu+ssh://…`.
    pub uri: String,
    /// CPU family or baseline; `None`: the model that libvirt names.
    #[serde(default)]
    pub cpu_family: Option<String>,
    /// Speed of its migration network in megabits per second.
    #[serde(default = "migration_mbps")]
    pub migration_mbps: u32,
}

/// Hosts of another site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PeerConfig {
    /// The site.
    pub site: SiteName,
    /// Its hosts.
    pub hosts: Vec<PeerHost>,
}

/// A host of another site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PeerHost {
    /// Its id there.
    pub id: HostId,
    /// Where its daemon is, as the hosts of this site reach it.
    pub uri: String,
}

impl LibvirtConfig {
    /// Where a host of another site is.
    pub(crate) fn peer_host(&self, site: &SiteName, host: &HostId) -> Option<&str> {
        let peer = self.peers.iter().find(|peer| peer.site == *site)?;
        peer.hosts.iter().find(|known| known.id == *host).map(|known| known.uri.as_str())
    }
}

/// Files for TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TlsFiles {
    /// Certificates of who is trusted, PEM.
    pub ca: PathBuf,
    /// This agent's certificate, PEM.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

fn manager() -> ManagerId {
    ManagerId::from("libvirt")
}

fn migration_mbps() -> u32 {
    1000
}
