//! What the monitors say of the cluster.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

/// `ceph quorum_status`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Quorum {
    pub(crate) quorum_names: BTreeSet<String>,
    pub(crate) monmap: MonMap,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MonMap {
    #[serde(default)]
    pub(crate) tiebreaker_mon: String,
}

/// `ceph osd dump`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OsdDump {
    /// Older releases than Pacific have none.
    #[serde(default)]
    pub(crate) stretch_mode: StretchMode,
    /// Nobody would mistake another answer for this one.
    #[serde(rename = "epoch")]
    _epoch: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct StretchMode {
    pub(crate) stretch_mode_enabled: bool,
    #[serde(rename = "degraded_stretch_mode", deserialize_with = "truth")]
    pub(crate) degraded: bool,
    #[serde(rename = "recovering_stretch_mode", deserialize_with = "truth")]
    pub(crate) recovering: bool,
}

/// A number in some releases.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Truth(bool),
        Number(u64),
    }
    Ok(match Said::deserialize(deserializer)? {
        Said::Truth(truth) => truth,
        Said::Number(number) => number != 0,
    })
}

/// `ceph status`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) pgmap: PgMap,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PgMap {
    pub(crate) pgs_by_state: Vec<PgState>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PgState {
    pub(crate) state_name: String,
    pub(crate) count: u64,
}

impl Status {
    /// Whether all data can be read and written.
    pub(crate) fn active(&self) -> bool {
        self.all(|state| state.split('+').any(|word| word == "active"))
    }

    /// Whether all data is everywhere where it belongs. Scrubbing reads, and changes nothing of that.
    pub(crate) fn clean(&self) -> bool {
        self.active() && self.all(|state| state.split('+').any(|word| word == "clean"))
    }

    fn all(&self, good: impl Fn(&str) -> bool) -> bool {
        let mut states = self.pgmap.pgs_by_state.iter().filter(|state| state.count > 0);
        !self.pgmap.pgs_by_state.is_empty() && states.all(|state| good(&state.state_name))
    }
}

/// `ceph df`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Df {
    pub(crate) pools: Vec<PoolDf>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PoolDf {
    pub(crate) name: String,
    pub(crate) stats: PoolStats,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct PoolStats {
    #[serde(default)]
    pub(crate) stored: u64,
    pub(crate) max_avail: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretched_cluster_is_read() {
        let text = r#"{"epoch":22,"flags":"","stretch_mode":{"stretch_mode_enabled":true,
            "stretch_bucket_count":2,"degraded_stretch_mode":1,"recovering_stretch_mode":0}}"#;
        let mode = serde_json::from_str::<OsdDump>(text).unwrap().stretch_mode;
        assert!(mode.stretch_mode_enabled && mode.degraded && !mode.recovering);
        let old = serde_json::from_str::<OsdDump>(r#"{"epoch":1}"#).unwrap().stretch_mode;
        assert!(!old.stretch_mode_enabled);
        let text = r#"{"quorum":[0,2],"quorum_names":["a","w"],
            "monmap":{"stretch_mode":true,"tiebreaker_mon":"w","mons":[]}}"#;
        let quorum: Quorum = serde_json::from_str(text).unwrap();
        assert!(quorum.quorum_names.contains("w") && quorum.monmap.tiebreaker_mon == "w");
    }

    fn status(states: &[&str]) -> Status {
        let state = |name: &&str| PgState { state_name: (*name).to_owned(), count: 1 };
        Status { pgmap: PgMap { pgs_by_state: states.iter().map(state).collect() } }
    }

    #[test]
    fn all_data_counts() {
        let clean = status(&["active+clean", "active+clean+scrubbing"]);
        assert!(clean.active() && clean.clean());
        let degraded = status(&["active+clean", "active+undersized+degraded"]);
        assert!(degraded.active() && !degraded.clean());
        assert!(!status(&["active+clean", "peering"]).active());
        assert!(!status(&["creating+peering"]).active() && !status(&["activating"]).active());
        assert!(!status(&[]).active(), "a cluster that knows nothing of its data yet");
    }
}
