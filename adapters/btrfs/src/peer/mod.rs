//! What the two sites' adapters say to each other, over HTTP with JSON.

mod client;
mod exchange;
mod receive;
mod serve;
mod ship;
mod turn;

use std::collections::BTreeMap;

use muster_contract::Reason;
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};
use serde::{Deserialize, Serialize};

pub(crate) use client::Client;
pub(crate) use serve::serve;

use muster_adapter_pair::Report;

/// Where all paths begin.
pub(crate) const ROOT: &str = "/btrfs/v1";

/// How much a message may hold; points come as streams.
pub(crate) const LIMIT: usize = 8 << 20;

/// Said every few seconds, and answered with an [`Answer`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Hello {
    /// Who speaks.
    pub(crate) site: SiteName,
    /// Whether the one who is spoken to is kept out.
    pub(crate) fences: bool,
    pub(crate) legs: BTreeMap<ConsistencyGroupId, Report>,
    /// Whether to look for whoever may still write, which takes a moment.
    pub(crate) look: bool,
}

/// What comes back, after what was heard had its effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) site: SiteName,
    pub(crate) fences: bool,
    pub(crate) legs: BTreeMap<ConsistencyGroupId, Report>,
    /// For people: what may still write to which leg. `None`: nobody looked.
    pub(crate) writers: Option<Vec<String>>,
}

/// Become my replica.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TurnRequest {
    pub(crate) site: SiteName,
    pub(crate) report: Report,
    /// The point up to which the histories are the same, as far as the sender can know.
    pub(crate) base: Option<RecoveryPointId>,
}

/// Send me what I have not got.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SyncRequest {
    pub(crate) site: SiteName,
    /// How long it is waited for, in milliseconds.
    pub(crate) within: u64,
}

/// What describes a stream, in its address.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Describes {
    pub(crate) site: SiteName,
    pub(crate) generation: u64,
    pub(crate) origin: Option<String>,
    pub(crate) parent: Option<RecoveryPointId>,
}

/// A refusal.
pub(crate) type Refusal = Reason;
