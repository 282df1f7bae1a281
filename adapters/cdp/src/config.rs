//! What an administrator writes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_plans::id::{ConsistencyGroupId, ContainerId, SiteName};
use muster_plans::policy::{CapabilityId, PropertyValues};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Deserializer};

use muster_contract::name::{NameError, check};

/// Says what time it is. Handed in, so that tests have their own.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// One site's storage.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// A folder that belongs to this alone, the same path on every host of the site.
    pub root: PathBuf,
    /// The container that it is for the inventory.
    pub container: ContainerId,
    /// Size to report, where the file system is larger than what is meant for this.
    #[serde(default)]
    pub size_gib: Option<u64>,
    /// What the container advertises to storage policies.
    #[serde(default)]
    pub capabilities: BTreeMap<CapabilityId, PropertyValues>,
    /// The other site.
    pub peer: PeerConfig,
    /// Where the other site's agent reaches this one.
    pub listen: SocketAddr,
    /// File with the bearer token that the other site must show.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// How groups are replicated that say nothing else.
    #[serde(default)]
    pub mode: Mode,
    /// For how long guests of a mirrored group wait for the other site before they go on without it.
    #[serde(default = "ten_seconds", deserialize_with = "span")]
    pub patience: Span,
    /// How often a point is taken and sent, where a group says nothing else.
    #[serde(default = "five_minutes", deserialize_with = "span")]
    pub interval: Span,
    /// How many points are kept.
    #[serde(default = "eight")]
    pub keep: usize,
    /// Groups that are made here where they do not exist. Those on disk are served whether they are
    /// listed or not.
    #[serde(default)]
    pub groups: Vec<GroupConfig>,
}

/// How a group is replicated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A guest's write is acknowledged when it is at both sites.
    Sync,
    /// A point in time is sent every interval.
    #[default]
    Incremental,
}

/// How the other site is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PeerConfig {
    /// Its name.
    pub site: SiteName,
    /// Address of its agent's peer listener, such as `http://10.0.2.5:7450`.
    pub url: String,
    /// File with the bearer token to show there.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
}

/// One group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupConfig {
    /// Its id, the same at both sites.
    pub id: ConsistencyGroupId,
    /// How it is replicated; said at both sites.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// How often a point is taken and sent.
    #[serde(default, deserialize_with = "some_span")]
    pub interval: Option<Span>,
    /// Whether it begins its life here: made as a source where there is no leg of it yet.
    #[serde(default)]
    pub protected: bool,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Anybody on the network could replace data.
    #[error("{0} can be reached from other machines: give the peer listener a token (tokenFile)")]
    Open(SocketAddr),
    /// A token.
    #[error("the token file {0} cannot be read: {1}")]
    TokenFile(PathBuf, std::io::Error),
    /// A token that guards nothing.
    #[error("the token file {0} is empty")]
    EmptyToken(PathBuf),
    /// The root.
    #[error("{0} cannot be used as root: {1}")]
    Root(PathBuf, String),
    /// A name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The address of the other site.
    #[error("`{0}` is no address of a peer; expected http://HOST:PORT without a password in it")]
    Url(String),
    /// Nothing would be kept to send from.
    #[error("keep must be at least 2: the newest point and the one that it is sent on top of")]
    Keep,
    /// No time at all.
    #[error("an interval must be at least a second")]
    Interval,
    /// Nobody could wait for so short.
    #[error("patience must be at least two seconds")]
    Patience,
    /// Sockets have short addresses.
    #[error("{0} is too long for a root: at most 80 bytes, as sockets lie below it")]
    Long(PathBuf),
    /// A site cannot be its own peer.
    #[error("the peer of site `{0}` cannot be `{0}` itself")]
    OwnPeer(SiteName),
}

impl Config {
    pub(crate) fn check(&self, site: &SiteName) -> Result<(), ConfigError> {
        if !self.listen.ip().is_loopback() && self.token_file.is_none() {
            return Err(ConfigError::Open(self.listen));
        }
        if self.keep < 2 {
            return Err(ConfigError::Keep);
        }
        if self.patience < Span::secs(2) {
            return Err(ConfigError::Patience);
        }
        if self.root.as_os_str().len() > 80 {
            return Err(ConfigError::Long(self.root.clone()));
        }
        if self.peer.site == *site {
            return Err(ConfigError::OwnPeer(site.clone()));
        }
        let spans = self.groups.iter().filter_map(|group| group.interval);
        if std::iter::once(self.interval).chain(spans).any(|span| span < Span::secs(1)) {
            return Err(ConfigError::Interval);
        }
        self.groups.iter().try_for_each(|group| Ok(check(group.id.as_str()).map(drop)?))
    }

    pub(crate) fn mode(&self, group: &ConsistencyGroupId) -> Mode {
        let own = self.groups.iter().find(|listed| listed.id == *group);
        own.and_then(|group| group.mode).unwrap_or(self.mode)
    }

    pub(crate) fn interval(&self, group: &ConsistencyGroupId) -> Span {
        let own = self.groups.iter().find(|listed| listed.id == *group);
        own.and_then(|group| group.interval).unwrap_or(self.interval)
    }
}

/// Reads a token; the line's end that editors add is no part of it.
pub(crate) fn token(file: Option<&Path>) -> Result<Option<String>, ConfigError> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError::TokenFile(file.to_owned(), error))?;
    match text.trim() {
        "" => Err(ConfigError::EmptyToken(file.to_owned())),
        token => Ok(Some(token.to_owned())),
    }
}

fn five_minutes() -> Span {
    Span::mins(5)
}

fn ten_seconds() -> Span {
    Span::secs(10)
}

fn eight() -> usize {
    8
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn some_span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    span(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(change: &[(&str, serde_json::Value)]) -> Result<Config, String> {
        let mut value = serde_json::json!({
            "root": "/srv/muster", "container": "paris-files", "listen": "127.0.0.1:0",
            "peer": {"site": "lyon", "url": "http://127.0.0.1:7450"},
            "groups": [{"id": "erp", "interval": "90s", "protected": true}, {"id": "web"}],
        });
        for (key, new) in change {
            value[*key] = new.clone();
        }
        let config: Config = serde_json::from_value(value).map_err(|error| error.to_string())?;
        config.check(&"paris".into()).map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn what_is_not_said_has_a_sensible_value() {
        let config = config(&[]).unwrap();
        assert_eq!(config.interval(&"erp".into()), Span::secs(90));
        assert_eq!(config.interval(&"web".into()), Span::mins(5));
        assert_eq!((config.keep, config.patience), (8, Span::secs(10)));
        assert_eq!(config.mode(&"erp".into()), Mode::Incremental);
    }

    #[test]
    fn the_example_of_the_readme_can_be_used() {
        let (_, rest) = include_str!("../README.md").split_once("```json").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let config: Config = serde_json::from_str(example).unwrap();
        config.check(&"paris".into()).unwrap();
        assert_eq!(config.mode(&"erp".into()), Mode::Sync);
        assert_eq!(config.interval(&"web".into()), Span::mins(1));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |key: &str, value: serde_json::Value| config(&[(key, value)]).unwrap_err();
        let found = [
            wrong("listen", "0.0.0.0:7450".into()),
            wrong("keep", 1.into()),
            wrong("patience", "1s".into()),
            wrong("mode", "async".into()),
            wrong("root", "/very-long".repeat(9).into()),
            wrong("interval", "10ms".into()),
            wrong("groups", serde_json::json!([{"id": "../etc"}])),
            wrong("peer", serde_json::json!({"site": "paris", "url": "http://127.0.0.1:1"})),
            wrong("tokenfile", "x".into()),
        ];
        insta::assert_snapshot!(found.join("\n"));
    }
}
