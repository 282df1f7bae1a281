//! What an administrator writes.

use std::path::PathBuf;
use std::sync::Arc;

use muster_plans::id::{HostId, SiteName};
use muster_plans::time::Time;
use serde::Deserialize;
use uuid::Uuid;

/// Says what time it is. Handed in, so that tests have their own.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// Hosts whose power this site may switch off.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The hosts. A site is fenced when all of its hosts that are listed here are off: list all that can write.
    pub hosts: Vec<HostConfig>,
    /// A folder for what must survive a restart.
    pub state: PathBuf,
    /// How long a BMC may take for one answer.
    #[serde(default = "five")]
    pub answer_seconds: u64,
    /// How long a host may take to go off once its BMC has said yes.
    #[serde(default = "thirty")]
    pub land_seconds: u64,
    /// How long after it was read to be off it is read again.
    #[serde(default = "three")]
    pub confirm_seconds: u64,
}

/// A host, with one way to its power or both. The second is tried where the first does not lead to a proof.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostConfig {
    /// Its id in the inventory.
    pub id: HostId,
    /// Where it stands.
    pub site: SiteName,
    /// The first way.
    #[serde(default)]
    pub redfish: Option<RedfishConfig>,
    /// The second.
    #[serde(default)]
    pub ipmi: Option<IpmiConfig>,
}

/// A BMC that speaks Redfish.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedfishConfig {
    /// `https://HOST[:PORT]`.
    pub address: String,
    /// Who signs in; may read systems and reset them, and needs nothing else.
    pub user: String,
    /// The first line of it is the password.
    pub password_file: PathBuf,
    /// The path of the host's system, where the BMC knows several.
    #[serde(default)]
    pub system: Option<String>,
    /// The UUID of the system, where it should be made sure that it is the one that is meant.
    #[serde(default)]
    pub uuid: Option<Uuid>,
    /// Who may have signed the BMC's certificate, instead of those whom the machine believes.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// SHA-256 of its certificate, where nobody has signed that.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// A BMC that speaks IPMI 2.0 (`lanplus`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IpmiConfig {
    /// Name or address.
    pub address: String,
    /// UDP.
    #[serde(default = "ipmi")]
    pub port: u16,
    /// Who signs in, with the right of an administrator there.
    pub user: String,
    /// The first line of it is the password, at most 20 bytes.
    pub password_file: PathBuf,
    /// The cipher suite, where asking the BMC for its suites takes too long: 17, or 3 with old ones.
    #[serde(default)]
    pub cipher_suite: Option<u8>,
    /// The program.
    #[serde(default = "ipmitool")]
    pub program: PathBuf,
}

impl Config {
    /// All paths, for whoever counts them from a folder.
    pub fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let of_hosts = self.hosts.iter_mut().flat_map(HostConfig::paths);
        std::iter::once(&mut self.state).chain(of_hosts)
    }
}

impl HostConfig {
    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let mut paths = Vec::new();
        if let Some(redfish) = &mut self.redfish {
            paths.push(&mut redfish.password_file);
            paths.extend(&mut redfish.ca_file);
        }
        paths.extend(self.ipmi.as_mut().map(|ipmi| &mut ipmi.password_file));
        paths
    }
}

fn three() -> u64 {
    3
}

fn five() -> u64 {
    5
}

fn thirty() -> u64 {
    30
}

fn ipmi() -> u16 {
    623
}

fn ipmitool() -> PathBuf {
    PathBuf::from("ipmitool")
}
