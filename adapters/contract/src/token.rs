//! Fencing tokens and the domains in which they are compared.

use std::fmt;

use muster_plans::id::{GroupName, SiteName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says whose word counts. Ordered by its fields in turn; never a clock.
///
/// `incarnation` rises whenever the journal may have lost its tail, `epoch` with every change of the
/// executor of a run (it is drawn from one counter for all runs), `seq` is the journal position of
/// the intent. A token per lease would not do: a late duplicate of an operation of the same lease
/// would carry an equal one.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct Token {
    /// Which life of the journal.
    pub incarnation: u64,
    /// Which owner.
    pub epoch: u64,
    /// Which intent.
    pub seq: u64,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.incarnation, self.epoch, self.seq)
    }
}

/// Where a fence holds: one protection group at one site, or everything at a site.
///
/// Inside a domain tokens are compared per object, so that operations on different objects of one
/// group may be under way at once; a raised fence is the floor for all of them.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct FenceDomain {
    /// The site.
    pub site: SiteName,
    /// The protection group; `None`: everything at the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
}
