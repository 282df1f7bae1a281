//! What must survive a restart: which sites are held, in `fence.json`.

use std::collections::BTreeMap;

use muster_plans::id::SiteName;
use serde::{Deserialize, Serialize};

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Holds {
    /// Sites that somebody asked to be fenced, and did not let in again.
    #[serde(default)]
    pub(crate) sites: BTreeMap<SiteName, Hold>,
}

/// A site whose hosts are to be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Hold {
    /// Whether all of its hosts were proven to be off since.
    pub(crate) proven: bool,
}
