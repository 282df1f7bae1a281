//! What can be wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

use muster_plans::id::HostId;

/// One thing that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// Nothing would be served.
    #[error("hosts is empty")]
    NoHost,
    /// A host twice.
    #[error("the host {0} is listed twice")]
    Twice(HostId),
    /// No way to a host.
    #[error("{0}: it needs redfish, ipmi or both")]
    NoWay(HostId),
    /// Two hosts with one switch: one would be taken for off when the other is.
    #[error("{0} and {1} are the same system at the same BMC")]
    Same(HostId, HostId),
    /// An address.
    #[error(
        "{0}: `{1}` is no https:// address without user and path (http:// is for this machine alone)"
    )]
    Address(HostId, String),
    /// A system.
    #[error("{0}: `{1}` is no path of a system, which begins with /redfish/")]
    System(HostId, String),
    /// A fingerprint.
    #[error("{0}: the fingerprint is no SHA-256: 64 hexadecimal digits")]
    Fingerprint(HostId),
    /// Two answers to one question.
    #[error("{0}: caFile and fingerprint cannot both say whom to believe")]
    Both(HostId),
    /// A word that `ipmitool` could take for something else.
    #[error("{0}: `{1}` is no name for ipmitool")]
    Word(HostId, String),
    /// A password file.
    #[error("{0}: {1}")]
    Password(HostId, String),
    /// A connection cannot be prepared.
    #[error("{0}: {1}")]
    Client(HostId, String),
    /// A length of time.
    #[error("{0} must be from 1 to {1}")]
    Seconds(&'static str, u64),
    /// The folder for the state.
    #[error("{0} cannot be used as state: {1}")]
    State(PathBuf, String),
}

/// Why a configuration cannot be used: all that is wrong with it.
#[derive(Debug)]
pub struct ConfigError(pub Vec<Wrong>);

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&all.join("; "))
    }
}
