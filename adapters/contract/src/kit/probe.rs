//! What the kit is told.

use std::sync::Arc;

use muster_plans::id::{ConsistencyGroupId, RunId, RunTag};
use muster_plans::time::{Span, Time};

use super::hand::Hand;

/// What the kit is told. Start from [`Probe::new`].
#[derive(Clone)]
pub struct Probe {
    /// Against which deadlines are measured: the clock that the agent lives by.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
    /// Made for this verification, and never used again: it is in every operation id.
    pub run: RunId,
    /// How long one operation may take.
    pub patience: Span,
    /// How long an inventory may take.
    pub inventory_limit: Span,
    /// A group to clone where the site makes no bubbles; `None`: the first in its inventory.
    pub group: Option<ConsistencyGroupId>,
    /// A hand on the process, the backend and the line; `None`: cases that need one are not
    /// applicable.
    pub hand: Option<Arc<dyn Hand>>,
    /// What the agent knows and must never say, such as the token that it asks for.
    pub secrets: Vec<String>,
    /// Only these cases; empty: all.
    pub only: Vec<String>,
}

impl Probe {
    /// With a minute for an operation, half a minute for an inventory, and no hand.
    pub fn new(now: Arc<dyn Fn() -> Time + Send + Sync>, run: RunId) -> Probe {
        Probe {
            now,
            run,
            patience: Span::secs(60),
            inventory_limit: Span::secs(30),
            group: None,
            hand: None,
            secrets: Vec::new(),
            only: Vec::new(),
        }
    }

    /// Tags of the kit's objects begin with this.
    pub(super) fn mark(&self) -> String {
        // The end of a UUID v7 is random, its beginning is the time.
        let run = self.run.0.simple().to_string();
        format!("atk-{}", &run[run.len() - 8..])
    }

    /// The tag of the kit's objects.
    pub(super) fn tag(&self) -> RunTag {
        self.mark().into()
    }

    /// A tag of somebody else.
    pub(super) fn other_tag(&self) -> RunTag {
        format!("{}-other", self.mark()).into()
    }
}
