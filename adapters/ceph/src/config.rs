//! What an administrator writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use muster_contract::name::{NameError, check};
use muster_plans::id::{ContainerId, SiteName, WitnessName};
use muster_plans::policy::{CapabilityId, PropertyValues};
use muster_plans::time::{Span, Time};
use serde::Deserialize;

/// Says what time it is. Handed in, so that tests have their own.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// One site's cluster, or its part of a stretched one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The cluster's `ceph.conf`.
    pub conf: PathBuf,
    /// The Ceph user, without `client.`.
    pub user: String,
    /// Its keyring, where it is not where Ceph looks for it.
    #[serde(default)]
    pub keyring: Option<PathBuf>,
    /// The other site.
    pub peer: SiteName,
    /// `ceph.conf` of the other site's cluster, of a mirrored pair. Never used by an unplanned run.
    #[serde(default)]
    pub peer_conf: Option<PathBuf>,
    /// The user there, where it is another one.
    #[serde(default)]
    pub peer_user: Option<String>,
    /// Its keyring.
    #[serde(default)]
    pub peer_keyring: Option<PathBuf>,
    /// The pools that hold volumes.
    pub pools: Vec<PoolConfig>,
    /// The site that a stretched group prefers until somebody says something else; the same at both sites.
    #[serde(default)]
    pub preferred: Option<SiteName>,
    /// The tiebreaker of a stretched cluster.
    #[serde(default)]
    pub witness: Option<WitnessConfig>,
    /// Monitors by site, of a stretched cluster.
    #[serde(default)]
    pub mons: BTreeMap<SiteName, BTreeSet<String>>,
    /// Addresses of the hypervisors' hosts by site: what a fence cuts off. No agent and no `rbd-mirror` may
    /// be among them.
    #[serde(default)]
    pub clients: BTreeMap<SiteName, Vec<IpNet>>,
    /// How long a site must be seen dead until the witness's word counts.
    #[serde(default = "thirty")]
    pub patience_seconds: u64,
    /// A folder for what Ceph does not keep.
    pub state: PathBuf,
}

/// A pool.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolConfig {
    /// Its name, the same at both sites.
    pub pool: String,
    /// The container that it is for the inventory.
    pub container: ContainerId,
    /// How its images get to the other site.
    pub mode: Mode,
    /// What the container advertises to storage policies.
    #[serde(default)]
    pub capabilities: BTreeMap<CapabilityId, PropertyValues>,
    /// How often mirror snapshots are scheduled, by `rbd mirror snapshot schedule`.
    #[serde(default)]
    pub interval_seconds: Option<u64>,
}

/// How the images of a pool get to the other site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// One cluster in stretch mode.
    Stretched,
    /// `rbd-mirror` replays each image's journal.
    MirrorJournal,
    /// `rbd-mirror` copies each image's mirror snapshots.
    MirrorSnapshot,
}

/// The tiebreaker of a stretched cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WitnessConfig {
    /// Its name for Muster.
    pub name: WitnessName,
    /// The monitor.
    pub mon: String,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The folder for the state.
    #[error("{0} cannot be used as state: {1}")]
    State(PathBuf, String),
    /// A name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing would be served.
    #[error("pools is empty")]
    NoPool,
    /// A pool twice.
    #[error("the pool {0} is listed twice")]
    Twice(String),
    /// One cluster is stretched or mirrored.
    #[error("the pools are both stretched and mirrored: give each kind an adapter of its own")]
    Mixed,
    /// A site cannot be its own peer.
    #[error("the peer of site `{0}` cannot be `{0}` itself")]
    OwnPeer(SiteName),
    /// Something that a stretched cluster needs.
    #[error("a stretched cluster needs {0}")]
    Stretched(&'static str),
    /// Something that only a mirrored pair can use.
    #[error("peerConf is for mirrored pools")]
    PeerConf,
    /// A site that is neither here nor there.
    #[error("`{0}` is neither this site nor its peer")]
    Stranger(SiteName),
    /// Addresses that both sites have.
    #[error("{0} and {1} overlap: a fence against one site would cut off the other one")]
    Overlap(IpNet, IpNet),
}

impl Config {
    pub(crate) fn check(&self, site: &SiteName) -> Result<(), ConfigError> {
        if self.peer == *site {
            return Err(ConfigError::OwnPeer(site.clone()));
        }
        check(&self.user)?;
        self.peer_user.as_deref().map(check).transpose()?;
        let first = self.pools.first().ok_or(ConfigError::NoPool)?;
        let mut seen = BTreeSet::new();
        for pool in &self.pools {
            check(&pool.pool)?;
            if !seen.insert(&pool.pool) {
                return Err(ConfigError::Twice(pool.pool.clone()));
            }
            if (pool.mode == Mode::Stretched) != (first.mode == Mode::Stretched) {
                return Err(ConfigError::Mixed);
            }
        }
        let sites = self.mons.keys().chain(self.clients.keys()).chain(&self.preferred);
        if let Some(stranger) =
            sites.into_iter().find(|name| **name != *site && **name != self.peer)
        {
            return Err(ConfigError::Stranger(stranger.clone()));
        }
        for own in self.clients_of(site) {
            for other in self.clients_of(&self.peer) {
                if own.contains(&other.network()) || other.contains(&own.network()) {
                    return Err(ConfigError::Overlap(*own, *other));
                }
            }
        }
        if !self.is_stretched() {
            return Ok(());
        }
        if self.peer_conf.is_some() {
            return Err(ConfigError::PeerConf);
        }
        if self.preferred.is_none() {
            return Err(ConfigError::Stretched("preferred, the same at both sites"));
        }
        let has = |site| self.mons.get(site).is_some_and(|mons| !mons.is_empty());
        if !has(site) || !has(&self.peer) {
            return Err(ConfigError::Stretched("mons of both sites"));
        }
        Ok(())
    }

    /// Whether it is one cluster over both sites.
    pub fn is_stretched(&self) -> bool {
        self.pools.iter().any(|pool| pool.mode == Mode::Stretched)
    }

    pub(crate) fn pool(&self, name: &str) -> Option<&PoolConfig> {
        self.pools.iter().find(|pool| pool.pool == name)
    }

    pub(crate) fn clients_of(&self, site: &SiteName) -> &[IpNet] {
        self.clients.get(site).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn patience(&self) -> Span {
        Span::secs(self.patience_seconds)
    }
}

impl PoolConfig {
    pub(crate) fn interval(&self) -> Option<Span> {
        self.interval_seconds.map(Span::secs)
    }
}

fn thirty() -> u64 {
    30
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, change: &[(&str, serde_json::Value)]) -> Result<(), String> {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
        for (key, new) in change {
            value[*key] = new.clone();
        }
        let config: Config = serde_json::from_value(value).map_err(|error| error.to_string())?;
        config.check(&"paris".into()).map_err(|error| error.to_string())
    }

    fn examples() -> Vec<&'static str> {
        let blocks = include_str!("../README.md").split("```json").skip(1);
        blocks.filter_map(|block| Some(block.split_once("```")?.0)).collect()
    }

    #[test]
    fn the_examples_of_the_readme_can_be_used() {
        assert_eq!(examples().len(), 2);
        for example in examples() {
            check(example, &[]).unwrap();
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let [stretched, mirrored] = examples().try_into().unwrap();
        let pool = |mode: &str| serde_json::json!({"pool": "rbd", "container": "c", "mode": mode});
        let wrong = [
            check(stretched, &[("pool", "rbd".into())]),
            check(stretched, &[("peer", "paris".into())]),
            check(stretched, &[("user", "--conf".into())]),
            check(stretched, &[("pools", serde_json::json!([]))]),
            check(stretched, &[("pools", vec![pool("stretched"), pool("stretched")].into())]),
            check(stretched, &[("mons", serde_json::json!({"paris": ["a"]}))]),
            check(stretched, &[("mons", serde_json::json!({"rome": ["a"]}))]),
            check(stretched, &[("preferred", serde_json::Value::Null)]),
            check(stretched, &[("peerConf", "/x".into())]),
            check(mirrored, &[("pools", vec![pool("stretched")].into())]),
            check(
                mirrored,
                &[(
                    "clients",
                    serde_json::json!({"paris": ["10.0.0.0/8"], "lyon": ["10.1.0.0/16"]}),
                )],
            ),
        ];
        let said: Vec<String> = wrong.into_iter().map(Result::unwrap_err).collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
