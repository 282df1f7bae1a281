//! The description of a world, as a value and as a JSON file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use muster_plans::id::{NetworkName, PolicyName, SiteName, WitnessName};
use muster_plans::inventory::{Network, ReplicationMode};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::world::{Settings, World};

/// A site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSpec {
    /// Its name.
    pub name: SiteName,
    /// Hosts that are up.
    pub hosts: u32,
    /// Hosts in standby.
    #[serde(default)]
    pub standby: u32,
    /// Memory of each host in MiB; left out: enough for all VMs of the world on the hosts that are
    /// up, with a third to spare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_memory_mib: Option<u64>,
    /// CPU family of its hosts.
    #[serde(default = "default_cpu")]
    pub cpu_family: String,
    /// Its networks.
    pub networks: Vec<Network>,
}

fn default_cpu() -> String {
    "icelake".to_owned()
}

/// A link between two sites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkSpec {
    /// One end.
    pub a: SiteName,
    /// The other end.
    pub b: SiteName,
    /// Round-trip time in milliseconds.
    pub rtt_ms: f64,
    /// Bandwidth in megabits per second.
    pub bandwidth_mbps: f64,
}

/// VMs of one tier of an application, under one policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppSpec {
    /// VMs are called `NAME-01`, `NAME-02`, …
    pub name: String,
    /// Tag `app`.
    pub app: String,
    /// Tag `tier`.
    pub tier: String,
    /// Further tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How many.
    pub count: u32,
    /// The policy of their config and data objects.
    pub policy: PolicyName,
    /// How their volumes replicate.
    pub mode: ReplicationMode,
    /// Interval of asynchronous replication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// VMs that share a consistency group.
    pub per_group: u32,
    /// Where they run.
    pub site: SiteName,
    /// Where the other leg lies.
    pub peer: SiteName,
    /// The network they are on.
    pub network: NetworkName,
    /// Virtual CPUs.
    pub vcpus: u16,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Memory dirtied, in MiB per second.
    pub dirty_mib_s: u32,
    /// Data disks.
    pub disks: u32,
    /// Size of a data disk in GiB.
    pub disk_gib: u64,
    /// TCP ports that the guest opens.
    pub ports: Vec<u16>,
}

/// VMs without replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalSpec {
    /// VMs are called `NAME-01`, `NAME-02`, …
    pub name: String,
    /// How many.
    pub count: u32,
    /// Tag `env`.
    pub env: String,
    /// Where they run.
    pub site: SiteName,
    /// The network they are on.
    pub network: NetworkName,
    /// Memory in MiB.
    pub memory_mib: u32,
}

/// A world, described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorldSpec {
    /// The same seed makes the same world.
    pub seed: u64,
    /// Sites.
    pub sites: Vec<SiteSpec>,
    /// Links.
    pub links: Vec<LinkSpec>,
    /// The witness, which sees all sites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<WitnessName>,
    /// Replicated VMs.
    pub apps: Vec<AppSpec>,
    /// Others.
    #[serde(default)]
    pub locals: Vec<LocalSpec>,
    /// How long things take.
    #[serde(default)]
    pub settings: Settings,
}

/// Why a description makes no world.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file cannot be read.
    #[error("the world description {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no description.
    #[error("the world description {path}: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// Why, with line and column.
        source: serde_json::Error,
    },
    /// Names in it lead nowhere, or numbers make no sense; all of them.
    #[error("the world description is wrong: {}", .0.join("; "))]
    Wrong(Vec<String>),
}

impl WorldSpec {
    /// Reads a description from a JSON file.
    ///
    /// # Errors
    /// Where it cannot be read, or is no description.
    pub fn read(path: &Path) -> Result<WorldSpec, SpecError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SpecError::Io { path: path.to_owned(), source })?;
        serde_json::from_str(&text)
            .map_err(|source| SpecError::Json { path: path.to_owned(), source })
    }

    /// The same world with other times.
    pub fn with_settings(self, settings: Settings) -> WorldSpec {
        WorldSpec { settings, ..self }
    }

    /// Makes the world, with everything running since `start`.
    ///
    /// # Errors
    /// Where names lead nowhere or numbers make no sense.
    pub fn build(&self, start: Time) -> Result<World, SpecError> {
        let wrong = self.findings();
        if wrong.is_empty() { Ok(self.assemble(start)) } else { Err(SpecError::Wrong(wrong)) }
    }

    fn findings(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let site = |name: &SiteName| self.sites.iter().find(|site| &site.name == name);
        for (nr, one) in self.sites.iter().enumerate() {
            if self.sites[..nr].iter().any(|other| other.name == one.name) {
                wrong.push(format!("the site {} is there twice", one.name));
            }
            if one.hosts == 0 {
                wrong.push(format!("the site {} needs a host that is up", one.name));
            }
        }
        for link in &self.links {
            if site(&link.a).is_none() || site(&link.b).is_none() || link.a == link.b {
                wrong.push(format!("the link {}/{} needs two sites", link.a, link.b));
            }
        }
        let mut names: Vec<&str> = Vec::new();
        for app in &self.apps {
            names.push(&app.name);
            let what = &app.name;
            let on_network = |s: &SiteSpec| s.networks.iter().any(|n| n.name == app.network);
            if !site(&app.site).is_some_and(on_network) {
                wrong.push(format!("{what}: {} has no network {}", app.site, app.network));
            }
            if site(&app.peer).is_none() || app.peer == app.site {
                wrong.push(format!("{what}: the other leg needs another site"));
            }
            if app.per_group == 0 {
                wrong.push(format!("{what}: a group needs a VM"));
            }
            if app.mode == ReplicationMode::Async && app.interval.is_none_or(|i| i.0 == 0) {
                wrong.push(format!("{what}: asynchronous replication needs an interval"));
            }
        }
        for local in &self.locals {
            names.push(&local.name);
            let on_network = |s: &SiteSpec| s.networks.iter().any(|n| n.name == local.network);
            if !site(&local.site).is_some_and(on_network) {
                let (what, site) = (&local.name, &local.site);
                wrong.push(format!("{what}: {site} has no network {}", local.network));
            }
        }
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|two| two[0] == two[1]) {
            wrong.push(format!("VMs called {} are there twice", twice[0]));
        }
        if self.settings.write_every.0 == 0 {
            wrong.push("writeEvery must not be zero".to_owned());
        }
        wrong
    }
}
