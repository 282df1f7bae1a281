//! What the two sites' adapters say to each other, over HTTP with JSON.

mod client;
mod exchange;
mod incoming;
mod serve;
mod turn;

use std::collections::BTreeMap;

use muster_contract::Reason;
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

pub(crate) use client::Client;
pub(crate) use serve::serve;

use muster_adapter_pair::Report;

/// Where all paths begin.
pub(crate) const ROOT: &str = "/cdp/v1";

/// What a connection becomes that carries a mirror.
pub(crate) const NBD: &str = "muster-nbd";

/// How much a message may hold; a block is one.
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

/// Where something is sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Place {
    /// A point on its way in.
    Point(RecoveryPointId),
    /// The mirror: files that no guest has open.
    Mirror,
}

/// Who sends what; in every message about data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Describes {
    pub(crate) site: SiteName,
    pub(crate) generation: u64,
    pub(crate) origin: Option<String>,
    pub(crate) place: Place,
}

/// Tell me what you have of a file, which is to be this long.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DigestRequest {
    pub(crate) describes: Describes,
    pub(crate) file: String,
    pub(crate) size: u64,
    /// The first block.
    pub(crate) from: u64,
}

/// A file as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) size: u64,
    /// Of the digests of its blocks.
    pub(crate) digest: String,
}

/// The point is whole if it is this.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Commit {
    pub(crate) describes: Describes,
    pub(crate) files: BTreeMap<String, Part>,
}

/// Make room for mirrors of these files, of these sizes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BeginMirror {
    pub(crate) describes: Describes,
    pub(crate) files: BTreeMap<String, u64>,
}

/// Said every second while there is a mirror.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Beat {
    pub(crate) describes: Describes,
    /// When all of it was the same at both sites; `None`: it is not.
    pub(crate) at: Option<Time>,
    /// All files that there are.
    pub(crate) files: Vec<String>,
}

/// A refusal.
pub(crate) type Refusal = Reason;
