//! What the programs say, read into values. Fields that are not needed are not read; what is needed and missing
//! is nonsense.

mod blocklist;
mod cluster;
mod image;
mod mirror;
mod time;

pub(crate) use blocklist::{Blocklist, blocklist};
pub(crate) use cluster::{Df, OsdDump, Quorum, Status};
pub(crate) use image::{ImageInfo, Listed, Locker, Meta, Snap, SnapKind, Watcher, Watchers};
pub(crate) use mirror::{MirrorStatus, PeerState, Position, Replay};

use serde::de::DeserializeOwned;

use crate::error::Error;

/// An answer that is one object. A list is none, though it could be read as one.
pub(crate) fn json<T: DeserializeOwned>(verb: &'static str, text: &[u8]) -> Result<T, Error> {
    match text.trim_ascii_start().first() {
        Some(b'{') => list(verb, text),
        _ => Err(Error::Nonsense { verb, why: "it is no object".to_owned() }),
    }
}

/// An answer that is a list.
pub(crate) fn list<T: DeserializeOwned>(verb: &'static str, text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| Error::Nonsense { verb, why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_an_error_and_never_a_guess() {
        for text in ["", "[", "null", "{}", "[1]", "\"x\"", "{\"quorum_names\": 3}", "\u{0}"] {
            assert!(json::<Quorum>("x", text.as_bytes()).is_err(), "{text}");
            assert!(json::<OsdDump>("x", text.as_bytes()).is_err(), "{text}");
            assert!(json::<Status>("x", text.as_bytes()).is_err(), "{text}");
            assert!(json::<Df>("x", text.as_bytes()).is_err(), "{text}");
            assert!(json::<ImageInfo>("x", text.as_bytes()).is_err(), "{text}");
            assert!(json::<MirrorStatus>("x", text.as_bytes()).is_err(), "{text}");
            assert!(list::<Vec<Snap>>("x", text.as_bytes()).is_err(), "{text}");
            assert!(json::<Watchers>("x", text.as_bytes()).is_err(), "{text}");
            assert!(blocklist(text.as_bytes()).is_err() || text.is_empty(), "{text}");
        }
        let error = json::<Quorum>("ceph quorum_status", b"{}").unwrap_err();
        assert_eq!(error.class(), muster_contract::ErrorClass::Bug);
    }
}
