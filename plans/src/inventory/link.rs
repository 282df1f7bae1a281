//! Links between sites, and witnesses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{SiteName, WitnessName};
use crate::time::Time;

/// A link between two sites, as measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// One end.
    pub a: SiteName,
    /// The other end.
    pub b: SiteName,
    /// Round-trip time in milliseconds.
    pub rtt_ms: f64,
    /// Bandwidth in megabits per second.
    pub bandwidth_mbps: f64,
    /// Share of packets lost, 0 to 1.
    pub loss: f64,
    /// Whether traffic passes.
    pub up: bool,
    /// When it was measured.
    pub measured_at: Time,
}

/// A witness in a third failure domain and whom it sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Witness {
    /// Its name.
    pub name: WitnessName,
    /// The sites it judges between.
    pub sites: Vec<SiteName>,
    /// Whether it answers.
    pub up: bool,
}
