//! What `rbd` says of an image.

use muster_plans::time::Time;
use serde::Deserialize;

use super::time::ctime;

/// A line of `rbd ls --long`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) image: String,
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) snapshot: Option<String>,
}

/// `rbd info`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ImageInfo {
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) mirroring: Option<Mirroring>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mirroring {
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) primary: bool,
}

impl ImageInfo {
    /// Whether the image is the primary one; `None`: it is not mirrored.
    pub(crate) fn primary(&self) -> Option<bool> {
        let mirroring = self.mirroring.as_ref().filter(|found| found.state == "enabled")?;
        Some(mirroring.primary)
    }
}

/// `rbd image-meta ls`, as far as it is ours.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Meta {
    /// The consistency group.
    #[serde(rename = "muster.group", default)]
    pub(crate) group: Option<String>,
    /// Who leads a mirrored group, by the last word that reached this image.
    #[serde(rename = "muster.leg", default)]
    pub(crate) leg: Option<String>,
    /// The tag of a test's image.
    #[serde(rename = "muster.tag", default)]
    pub(crate) tag: Option<String>,
}

/// A line of `rbd snap ls --all`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Snap {
    pub(crate) id: u64,
    pub(crate) name: String,
    #[serde(default)]
    timestamp: String,
    pub(crate) namespace: SnapKind,
}

/// What a snapshot is for.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum SnapKind {
    User,
    /// Made for the other site, or received from it.
    Mirror {
        /// `primary`, `non-primary` or `demoted`.
        state: String,
        #[serde(default)]
        mirror_peer_uuids: Vec<String>,
        #[serde(default)]
        complete: bool,
        /// Received, of this snapshot there.
        #[serde(default)]
        primary_snap_id: Option<u64>,
    },
    #[serde(other)]
    Other,
}

impl Snap {
    /// When it was made, here.
    pub(crate) fn at(&self) -> Option<Time> {
        ctime(&self.timestamp)
    }
}

/// `rbd status`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Watchers {
    pub(crate) watchers: Vec<Watcher>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Watcher {
    pub(crate) address: String,
}

/// A line of `rbd lock ls`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Locker {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) locker: String,
    pub(crate) address: String,
}

/// The host of `10.0.0.7:0/2280073317`.
pub(crate) fn host(address: &str) -> Option<std::net::IpAddr> {
    let (rest, _) = address.rsplit_once(':')?;
    let rest = rest.rsplit_once(":[").map_or(rest, |(_, rest)| rest);
    let rest = ["v1:", "v2:"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    rest.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

impl Watcher {
    pub(crate) fn host(&self) -> Option<std::net::IpAddr> {
        host(&self.address)
    }
}

impl Locker {
    pub(crate) fn host(&self) -> Option<std::net::IpAddr> {
        host(&self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_says_whether_it_is_primary() {
        let read = |text: &str| serde_json::from_str::<ImageInfo>(text).unwrap().primary();
        assert_eq!(read(r#"{"name":"x","size":16777216,"features":[]}"#), None);
        let mirrored = r#"{"size":1,"mirroring":{"mode":"snapshot","state":"enabled",
            "global_id":"2d6e69ed","primary":true}}"#;
        assert_eq!(read(mirrored), Some(true));
        assert_eq!(read(r#"{"size":1,"mirroring":{"mode":"journal","state":"disabled"}}"#), None);
    }

    #[test]
    fn snapshots_of_all_kinds_are_read() {
        let text = r#"[{"id":12,"name":"t1","size":1,"protected":"false",
              "timestamp":"Sat Nov 28 16:21:29 2026","namespace":{"type":"user"}},
            {"id":17,"name":".mirror.non_primary.2d6e","timestamp":"Sat Nov 28 16:21:40 2026",
              "namespace":{"type":"mirror","state":"demoted","mirror_peer_uuids":["cfb9"],"complete":true,
              "primary_mirror_uuid":"d54d","primary_snap_id":13,"last_copied_object_number":4}},
            {"id":6,"name":".group.2","namespace":{"type":"group","pool":"rbd","group":"g"}},
            {"id":7,"name":"x","namespace":{"type":"trash","original_name":"y"}}]"#;
        let snaps: Vec<Snap> = serde_json::from_str(text).unwrap();
        assert!(matches!(snaps[0].namespace, SnapKind::User) && snaps[0].at().is_some());
        assert!(matches!(&snaps[1].namespace,
            SnapKind::Mirror { state, complete: true, primary_snap_id: Some(13), .. }
                if state == "demoted"));
        assert!(matches!(snaps[2].namespace, SnapKind::Other) && snaps[2].at().is_none());
    }

    #[test]
    fn the_host_of_a_client_is_found() {
        assert_eq!(host("127.0.0.1:0/74708057"), Some([127, 0, 0, 1].into()));
        assert_eq!(host("v1:10.0.0.7:0/1"), Some([10, 0, 0, 7].into()));
        assert_eq!(host("[fd00::1]:0/1"), Some("fd00::1".parse().unwrap()));
        assert_eq!(host("nobody"), None);
    }
}
