//! `rbd mirror image status`: how far an image is, by the daemons of both sites.

use muster_plans::time::Time;
use serde::Deserialize;

use super::time::plain;

/// What the daemon here and the one there say.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MirrorStatus {
    #[serde(flatten)]
    pub(crate) own: PeerState,
    #[serde(default)]
    pub(crate) peer_sites: Vec<PeerState>,
}

/// What one daemon says. It says it when something changes, and every half a minute.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct PeerState {
    /// `up+replaying`, `down+unknown`.
    pub(crate) state: String,
    pub(crate) description: String,
    #[serde(default)]
    last_update: String,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Replay {
    /// Of a journal.
    #[serde(default)]
    pub(crate) entries_behind_primary: Option<u64>,
    /// Of snapshots, in seconds since 1970: when the newest one that is whole at the copy was made.
    #[serde(default)]
    pub(crate) local_snapshot_timestamp: Option<i64>,
    /// Of a journal: where its writer was, as far as that has said so.
    #[serde(default, deserialize_with = "position")]
    pub(crate) primary_position: Option<Position>,
    /// Of a journal: what the copy holds.
    #[serde(default, deserialize_with = "position")]
    pub(crate) non_primary_position: Option<Position>,
}

/// A place in a journal. What a later writer adds comes behind all of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Position {
    pub(crate) tag_tid: u64,
    pub(crate) entry_tid: u64,
}

/// Where nothing was written yet there is none, in various words.
fn position<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Position>, D::Error> {
    let said = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(said).ok())
}

impl Replay {
    pub(crate) fn copied_at(&self) -> Option<Time> {
        self.local_snapshot_timestamp.map(|seconds| Time(seconds.saturating_mul(1000)))
    }
}

impl PeerState {
    pub(crate) fn at(&self) -> Option<Time> {
        plain(&self.last_update)
    }

    /// Whether the daemon works.
    pub(crate) fn up(&self) -> bool {
        self.state.starts_with("up+")
    }

    /// Whether the image there is the primary one.
    pub(crate) fn primary(&self) -> bool {
        self.up() && self.description == "local image is primary"
    }

    /// Whether the image there receives.
    pub(crate) fn replays(&self) -> bool {
        matches!(self.state.as_str(), "up+replaying" | "up+syncing")
    }

    /// Whether it has met a demoted primary: all that was written there before is here.
    pub(crate) fn met_the_end(&self) -> bool {
        let words = ["remote image demoted", "remote image is not primary"];
        self.up() && words.contains(&self.description.as_str())
    }

    /// Whether both sites were written.
    pub(crate) fn split(&self) -> bool {
        self.up() && self.description.contains("split-brain")
    }

    /// How far it is, where it says that.
    pub(crate) fn replay(&self) -> Option<Replay> {
        if !self.replays() {
            return None;
        }
        let (_, json) = self.description.split_once('{')?;
        serde_json::from_str(&format!("{{{json}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOURNAL: &str = r#"{"name":"j1","global_id":"7011","state":"up+stopped",
        "description":"local image is primary","daemon_service":{"service_id":"4149"},
        "last_update":"2026-11-28 16:21:16","peer_sites":[{"site_name":"pb","mirror_uuids":"66ca",
        "state":"up+replaying","description":"replaying, {\"bytes_per_second\":17.5,\"entries_behind_primary\":3,\"entries_per_second\":0.2,\"non_primary_position\":{\"entry_tid\":3},\"primary_position\":{\"entry_tid\":3}}",
        "last_update":"2026-11-28 16:21:16"}]}"#;

    fn state(state: &str, description: &str) -> PeerState {
        let last_update = String::new();
        PeerState { state: state.to_owned(), description: description.to_owned(), last_update }
    }

    #[test]
    fn a_journal_says_how_many_entries_are_missing() {
        let status: MirrorStatus = serde_json::from_str(JOURNAL).unwrap();
        assert!(status.own.primary() && !status.own.replays());
        let peer = &status.peer_sites[0];
        assert_eq!(peer.replay().unwrap().entries_behind_primary, Some(3));
        assert_eq!(peer.at(), Some(Time(1_795_882_876_000)));
        assert_eq!(peer.replay().unwrap().primary_position, None, "without its tag it is no place");
        let said = r#"replaying, {"entries_behind_primary":2,"non_primary_position":{"entry_tid":8531,"object_number":3,"tag_tid":2},"primary_position":""}"#;
        let replay = state("up+replaying", said).replay().unwrap();
        assert_eq!(replay.non_primary_position, Some(Position { tag_tid: 2, entry_tid: 8531 }));
        assert_eq!(replay.primary_position, None);
    }

    #[test]
    fn snapshots_say_what_is_whole() {
        let said = r#"replaying, {"bytes_per_second":0.0,"local_snapshot_timestamp":1795882849,"remote_snapshot_timestamp":1795882849,"replay_state":"idle"}"#;
        let replay = state("up+replaying", said).replay().unwrap();
        assert_eq!(replay.copied_at(), Some(Time(1_795_882_849_000)));
        let first = state("up+replaying", r#"replaying, {"replay_state":"idle"}"#);
        assert_eq!(first.replay().unwrap().copied_at(), None);
    }

    #[test]
    fn other_states_are_told_apart() {
        assert!(state("up+unknown", "remote image demoted").met_the_end());
        assert!(state("up+unknown", "remote image is not primary").met_the_end());
        assert!(!state("down+unknown", "remote image demoted").met_the_end());
        assert!(state("up+error", "split-brain").split());
        let gone = state("down+unknown", "status not found");
        assert!(!gone.up() && !gone.primary() && gone.replay().is_none() && gone.at().is_none());
        assert_eq!(state("up+replaying", "replaying, {oops").replay(), None);
        assert_eq!(state("up+replaying", "replaying").replay(), None);
    }
}
