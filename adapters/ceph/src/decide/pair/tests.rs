//! Legs to decide about. Paris leads, lyon receives.

use muster_plans::inventory::ReplicaRole;

use super::*;
use crate::state::Phase;

pub(crate) const PRIMARY: &str = "local image is primary";
pub(crate) const BEHIND: &str =
    r#"replaying, {"entries_behind_primary":3,"local_snapshot_timestamp":40}"#;

pub(crate) fn word(site: &str, generation: u64, phase: Phase) -> Word {
    Word { site: site.into(), generation, phase }
}

pub(crate) fn said(state: &str, description: &str) -> PeerState {
    let json = serde_json::json!({"state": state, "description": description,
        "last_update": "1970-01-01 00:01:00"});
    serde_json::from_value(json).unwrap()
}

pub(crate) fn end() -> PeerState {
    said("up+unknown", "remote image is not primary")
}

/// Mirror snapshots of a primary: number, second, and whether the other site needs it.
pub(crate) fn snaps(all: &[(u64, u32, bool)]) -> Vec<Snap> {
    let snap = |(id, second, needed): &(u64, u32, bool)| {
        let uuids: Vec<&str> = needed.then_some("cfb9").into_iter().collect();
        serde_json::json!({"id": id, "name": ".mirror", "timestamp": format!("Thu Jan  1 00:00:{second:02} 1970"),
            "namespace": {"type": "mirror", "state": "primary", "mirror_peer_uuids": uuids, "complete": true}})
    };
    serde_json::from_value(all.iter().map(snap).collect()).unwrap()
}

fn received() -> Vec<Snap> {
    let snap = serde_json::json!({"id": 17, "name": ".mirror", "timestamp": "Thu Jan  1 00:00:50 1970",
        "namespace": {"type": "mirror", "state": "demoted", "complete": true, "primary_snap_id": 13}});
    vec![serde_json::from_value(snap).unwrap()]
}

fn sight(site: &str, peer: &str, image: impl Fn(&str) -> Image) -> Sight {
    Sight {
        group: "shop".into(),
        site: site.into(),
        peer: peer.into(),
        images: vec![image("db"), image("web")],
        local: Local::default(),
        fenced: false,
        now: Time(100_000),
    }
}

fn image(name: &str, primary: bool, own: PeerState, there: PeerState) -> Image {
    Image {
        pool: "rbd".into(),
        name: name.into(),
        mode: Mode::MirrorSnapshot,
        interval: Some(Span::secs(5)),
        primary: Some(primary),
        word: Some(word("paris", 1, Phase::Source)),
        own: Some(own),
        there: Some(there),
        snaps: if primary { snaps(&[(4, 30, true)]) } else { received() },
        copied: None,
    }
}

pub(crate) fn source() -> Sight {
    let (own, there) = (said("up+stopped", PRIMARY), said("up+replaying", BEHIND));
    sight("paris", "lyon", |name| image(name, true, own.clone(), there.clone()))
}

pub(crate) fn demoted() -> Sight {
    let mut sight = sight("paris", "lyon", |name| image(name, false, end(), end()));
    sight.local.demoted_at = Some(Time(60_400));
    sight
}

pub(crate) fn target() -> Sight {
    let (own, there) = (said("up+replaying", BEHIND), said("up+stopped", PRIMARY));
    sight("lyon", "paris", |name| image(name, false, own.clone(), there.clone()))
}

#[test]
fn each_leg_stands_where_its_images_say() {
    let standing = source().standing();
    assert_eq!(standing.role, ReplicaRole::Source);
    assert!(standing.writable && !standing.drained && standing.points.is_empty());
    assert_eq!((standing.lag, standing.generation), (Some(Span(60_000)), 1));
    let standing = target().standing();
    assert_eq!(standing.role, ReplicaRole::Target);
    assert!(!standing.writable && standing.drained && !standing.in_sync);
    assert_eq!(standing.points.len(), 1);
    // Receiving began at 50, and the interval is 5.
    assert_eq!(standing.points[0].taken_at, Time(45_000));
    let standing = demoted().standing();
    assert_eq!(standing.role, ReplicaRole::Source);
    assert!(!standing.writable && standing.drained && standing.in_sync);
    let mut late = demoted();
    late.local.demoted_at = Some(Time(61_000));
    assert!(!late.standing().drained, "it was said before the demotion");
}

#[test]
fn nobody_knows_how_far_behind_a_copy_is_of_which_nothing_is_said() {
    let mut sight = target();
    sight.images[0].own = Some(said("down+unknown", "status not found"));
    sight.images[0].interval = None;
    let standing = sight.standing();
    assert_eq!((standing.lag, standing.points.len()), (None, 0));
    sight.images[1].mode = Mode::MirrorJournal;
    assert_eq!(sight.images[1].copied_at(), None, "three entries are missing");
}

#[test]
fn a_promotion_is_heard_of_before_its_word_arrives() {
    let mut sight = demoted();
    for image in &mut sight.images {
        (image.own, image.there) =
            (Some(said("up+replaying", BEHIND)), Some(said("up+stopped", PRIMARY)));
    }
    assert_eq!(sight.role(), ReplicaRole::RemoteFailedOver);
    sight.images[0].word = Some(word("lyon", 2, Phase::FailedOver));
    assert_eq!((sight.role(), sight.generation()), (ReplicaRole::RemoteFailedOver, 2));
    sight.images[0].word = Some(word("lyon", 2, Phase::Source));
    assert_eq!(sight.role(), ReplicaRole::Target);
    sight.images.iter_mut().for_each(|image| image.primary = Some(true));
    assert_eq!(sight.role(), ReplicaRole::FailedOver);
}

#[test]
fn a_group_that_nobody_has_touched_stands_by_its_images() {
    let mut sight = source();
    sight.images.iter_mut().for_each(|image| image.word = None);
    assert_eq!((sight.role(), sight.generation()), (ReplicaRole::Source, 0));
    let mut sight = target();
    sight.images.iter_mut().for_each(|image| image.word = None);
    assert_eq!(sight.role(), ReplicaRole::Target);
    sight.images[0].primary = Some(true);
    let standing = sight.standing();
    assert!(!standing.writable && standing.role == ReplicaRole::Source, "mixed takes no writes");
}

#[test]
fn a_copy_that_is_made_anew_is_a_target_that_nobody_can_promote() {
    let mut sight = demoted();
    for image in &mut sight.images {
        (image.own, image.there, image.word) = (None, None, None);
        image.snaps.clear();
    }
    let standing = sight.standing();
    assert_eq!((standing.role, standing.writable), (ReplicaRole::Target, false));
    assert_eq!((standing.lag, standing.points.len(), standing.in_sync), (None, 0, false));
    for mode in [Mode::MirrorSnapshot, Mode::MirrorJournal] {
        sight.images.iter_mut().for_each(|image| image.mode = mode);
        assert!(!sight.images[0].whole());
    }
}
