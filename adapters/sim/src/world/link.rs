//! Links between sites, and the witness.

use std::collections::BTreeMap;

use muster_plans::id::{SiteName, WitnessName};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Two sites and the link between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pair {
    pub(crate) a: SiteName,
    pub(crate) b: SiteName,
    pub(crate) up: bool,
    /// Nothing arrives that is sent from this end, first `a`, then `b`.
    #[serde(default)]
    pub(crate) mute: [bool; 2],
    pub(crate) rtt_ms: f64,
    pub(crate) bandwidth_mbps: f64,
    pub(crate) loss: f64,
    /// Both sites lost the witness while they saw each other, and agreed that the detach rule alone
    /// decides until they both see each other with a witness again. Without that agreement a site
    /// cannot tell a dead witness from its own isolation.
    pub(crate) static_rule: bool,
    /// Since when the two do not see each other.
    #[serde(default)]
    pub(crate) apart: Option<Time>,
    /// Since when each end (first `a`, then `b`) sees neither the other one nor the witness.
    pub(crate) isolated: [Option<Time>; 2],
}

impl Pair {
    pub(crate) fn joins(&self, one: &SiteName, other: &SiteName) -> bool {
        (&self.a == one && &self.b == other) || (&self.a == other && &self.b == one)
    }

    /// Whether each end hears the other one. Whatever waits for an acknowledgement, and everything
    /// that arrays tell each other does, needs both.
    pub(crate) fn whole(&self) -> bool {
        self.up && self.mute == [false; 2]
    }

    /// How long a transfer takes.
    pub(crate) fn transfer(&self, mib: f64) -> Span {
        let mbps = self.bandwidth_mbps.max(0.001);
        Span((mib * 8.0 / mbps * 1000.0 + self.rtt_ms).round() as u64)
    }
}

/// What the witness knows of a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Whether the line between them is there.
    pub(crate) line: bool,
    /// Nothing arrives that is sent by the site, or by the witness.
    #[serde(default)]
    pub(crate) mute: [bool; 2],
    /// Whether it hears of the site at this moment, directly or through a site that does.
    pub(crate) heard: bool,
    /// When it heard of it last, where it does not now.
    pub(crate) last: Time,
}

impl Seen {
    /// Whether the site gets answers from the witness.
    pub(crate) fn whole(&self) -> bool {
        self.line && self.mute == [false; 2]
    }

    /// Whether the witness hears the site, whatever the site hears.
    pub(crate) fn heard_directly(&self) -> bool {
        self.line && !self.mute[0]
    }
}

/// A third failure domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Witness {
    pub(crate) name: WitnessName,
    pub(crate) up: bool,
    /// It knows nothing of what happened before.
    pub(crate) up_since: Time,
    pub(crate) seen: BTreeMap<SiteName, Seen>,
}
