//! The arrays.

use muster_contract::{ErrorClass, Mode, Outcome, StorageOp};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Span;

use super::rig::{
    BRONZE, COPPER, GOLD, Rig, SILVER, demote, force, promote, reverse, shutdown, site, sync,
};

fn stop_members(rig: &mut Rig, group: &str) {
    for name in rig.members(group) {
        let vm = rig.vm(&name);
        rig.done("paris", shutdown(vm));
    }
}

#[test]
fn a_planned_way_over_loses_nothing_whatever_the_mode() {
    for group in [GOLD, SILVER, BRONZE, COPPER] {
        let mut rig = Rig::instant();
        rig.pass(Span::secs(100));
        rig.refused("lyon", promote(group), "is writable");
        rig.refused("lyon", force(group), "is writable");
        stop_members(&mut rig, group);
        rig.done("paris", demote(group));
        let old = rig.group("paris", group);
        assert!(!old.writable && old.drained, "{group}: {old:?}");
        assert!(rig.done("paris", demote(group)).already);
        rig.pass(Span::secs(100));
        rig.done("lyon", promote(group));
        let new = rig.group("lyon", group);
        assert!(new.writable && new.mounted && new.generation > old.generation, "{new:?}");
        assert_eq!(rig.writers(group), ["lyon"], "{group}");
        assert!(rig.done("lyon", promote(group)).already);
        rig.refused("paris", reverse(group), "not promoted");
        rig.done("lyon", reverse(group));
        rig.pass(Span::mins(1));
        let (source, target) = (rig.group("lyon", group), rig.group("paris", group));
        assert_eq!((source.role, target.role), (ReplicaRole::Source, ReplicaRole::Target));
        assert!(rig.done("lyon", reverse(group)).already);
        let truth = rig.honest();
        assert!(truth.lost.is_empty() && truth.discarded.is_empty(), "{group}");
        assert!(truth.acknowledged > 0);
    }
}

#[test]
fn a_demote_is_undone_by_a_promote_at_the_same_leg() {
    for group in [GOLD, SILVER, BRONZE, COPPER] {
        let mut rig = Rig::instant();
        stop_members(&mut rig, group);
        rig.done("paris", demote(group));
        rig.done("paris", promote(group));
        rig.pass(Span::mins(10));
        let (own, peer) = (rig.group("paris", group), rig.group("lyon", group));
        assert!(own.writable && own.generation == 2, "{group}: {own:?}");
        assert_eq!(peer.role, ReplicaRole::Target, "{group}");
        assert!(rig.honest().lost.is_empty());
    }
}

#[test]
fn a_demote_waits_for_the_vms_and_for_the_link() {
    let mut rig = Rig::instant();
    rig.refused("paris", demote(SILVER), "runs here and has");
    stop_members(&mut rig, SILVER);
    rig.cut("link/paris/lyon");
    rig.refused("paris", demote(SILVER), "does not answer");
    rig.mode = Mode::Unplanned;
    rig.done("paris", demote(SILVER));
    assert!(!rig.group("paris", SILVER).writable);
    rig.honest();
}

#[test]
fn without_evidence_only_a_demoted_and_drained_peer_gives_way() {
    let mut rig = Rig::instant();
    rig.pass(Span::mins(7));
    stop_members(&mut rig, BRONZE);
    rig.cut("link/paris/lyon");
    rig.refused("lyon", promote(BRONZE), "needs evidence");
    rig.mode = Mode::Unplanned;
    assert!(rig.done("paris", demote(BRONZE)).note.unwrap().contains("could not be sent"));
    rig.mode = Mode::Planned;
    rig.refused("lyon", promote(BRONZE), "needs evidence");
    rig.heal("link/paris/lyon");
    rig.refused("lyon", promote(BRONZE), "sync first");
    rig.done("paris", sync(BRONZE));
    rig.done("lyon", promote(BRONZE));
    assert!(rig.honest().lost.is_empty());
}

/// A leg that was left behind by a promotion does not become the production one again by a plan of before.
#[test]
fn what_nothing_is_sent_to_is_no_replica() {
    let mut rig = Rig::instant();
    stop_members(&mut rig, SILVER);
    rig.done("paris", demote(SILVER));
    rig.done("lyon", promote(SILVER));
    rig.done("lyon", demote(SILVER));
    rig.refused("paris", promote(SILVER), "nothing is sent here from lyon");
    rig.done("lyon", promote(SILVER));
    rig.honest();
}

/// What the first promotion left behind is lost once.
#[test]
fn what_was_lost_at_a_promotion_is_not_lost_again_at_the_next_one() {
    let mut rig = Rig::instant();
    rig.pass(Span::mins(7));
    rig.mode = Mode::Unplanned;
    rig.cut("site/paris");
    rig.done("lyon", force(BRONZE));
    rig.heal("site/paris");
    rig.pass(Span::mins(1));
    let lost = rig.honest().lost;
    assert!(lost.len() == 1 && lost[0].records > 0, "{lost:?}");
    rig.mode = Mode::Planned;
    stop_members(&mut rig, BRONZE);
    rig.done("lyon", demote(BRONZE));
    rig.done("lyon", promote(BRONZE));
    assert_eq!(rig.honest().lost, lost);
}

#[test]
fn out_of_contact_only_the_source_takes_back_what_it_gave_up() {
    let mut rig = Rig::instant();
    stop_members(&mut rig, SILVER);
    rig.done("paris", demote(SILVER));
    rig.cut("link/paris/lyon");
    rig.refused("lyon", promote(SILVER), "needs evidence");
    rig.done("paris", promote(SILVER));
    assert_eq!(rig.writers(SILVER), ["paris"]);
    rig.heal("link/paris/lyon");
    assert_eq!(rig.group("lyon", SILVER).role, ReplicaRole::Target);

    // A stretched leg that stayed open goes on alone, so that the other one has no way back.
    let mut rig = Rig::instant();
    rig.done("paris", demote(GOLD));
    rig.cut("link/paris/lyon");
    assert_eq!(rig.writers(GOLD), ["lyon"]);
    rig.refused("paris", promote(GOLD), "needs evidence");
    rig.honest();
}

#[test]
fn an_asynchronous_target_has_whole_points_only() {
    let mut rig = Rig::instant();
    rig.pass(Span::mins(31));
    let points = rig.group("lyon", BRONZE).points;
    assert_eq!(points.len(), 6);
    let steps: Vec<u64> =
        points.windows(2).map(|two| two[0].taken_at.since(two[1].taken_at).0).collect();
    assert_eq!(steps, [300_000; 5]);
    assert!(rig.group("paris", BRONZE).points.is_empty());

    // The link goes in the middle of a cycle: nothing of it is offered.
    let newest = points[0].clone();
    rig.cut("link/paris/lyon");
    rig.pass(Span::mins(2));
    assert_eq!(rig.group("lyon", BRONZE).points[0], newest);
    assert_eq!(rig.group("lyon", BRONZE).lag, Some(rig.world.now().since(newest.taken_at)));
}

#[test]
fn sync_sends_what_is_there_at_this_instant() {
    let mut rig = Rig::instant();
    rig.pass(Span::mins(7));
    rig.done("paris", sync(BRONZE));
    let now = rig.world.now();
    assert_eq!(rig.group("lyon", BRONZE).points[0].taken_at, now);
    assert!(rig.done("paris", sync(SILVER)).already);
    assert!(rig.done("paris", sync(GOLD)).already);
    rig.cut("link/paris/lyon");
    match rig.run("paris", sync(BRONZE)) {
        Outcome::Refused(reason) => assert_eq!(reason.class, ErrorClass::Retry),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_older_point_loses_exactly_what_came_after_it() {
    for (group, vms) in [(BRONZE, 3), (COPPER, 3)] {
        let mut rig = Rig::instant();
        rig.mode = Mode::Unplanned;
        rig.pass(Span::mins(22));
        rig.cut("site/paris");
        let died = rig.world.now();
        rig.pass(Span::secs(30));
        let points = rig.group("lyon", group).points;
        let older = points[1].clone();
        let op = StorageOp::Promote {
            group: group.into(),
            point: Some(older.id.clone()),
            forced: true,
            above: 0,
        };
        rig.done("lyon", op);
        let truth = rig.honest();
        // Each VM writes once a second, and its first write came a second after the start.
        let seconds = died.since(older.taken_at).0 / 1000;
        let expected = seconds * vms;
        let lost = truth.lost[0].records;
        assert!(lost.abs_diff(expected) <= vms, "{group}: {lost} lost, expected {expected}");
        assert_eq!(truth.lost[0].point, older.id);
        assert_eq!(rig.group("lyon", group).promoted_point, Some(older.id));
    }
}

#[test]
fn a_journal_gives_any_instant_of_its_window() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    rig.pass(Span::mins(90));
    rig.cut("site/paris");
    let at = |minutes: u64| {
        let point = format!("cdp@{}", super::rig::START.0 + minutes as i64 * 60_000 + 12_345);
        let point = Some(point.as_str().into());
        StorageOp::Promote { group: COPPER.into(), point, forced: true, above: 0 }
    };
    rig.refused("lyon", at(20), "no recovery point");
    rig.refused("lyon", at(91), "no recovery point");
    rig.done("lyon", at(80));
    rig.honest();
}

#[test]
fn a_promotion_goes_above_what_is_known_of_the_other_leg() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    rig.cut("site/paris");
    // A promotion at paris of which the array of lyon has not heard.
    let op = StorageOp::Promote { group: BRONZE.into(), point: None, forced: true, above: 7 };
    rig.done("lyon", op);
    assert_eq!(rig.group("lyon", BRONZE).generation, 8);
}

#[test]
fn a_point_can_be_exchanged_while_nothing_runs_on_it() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    rig.pass(Span::mins(22));
    rig.cut("site/paris");
    let points = rig.group("lyon", BRONZE).points;
    let pick = |nr: usize| StorageOp::Promote {
        group: BRONZE.into(),
        point: Some(points[nr].id.clone()),
        forced: true,
        above: 0,
    };
    rig.done("lyon", pick(0));
    assert!(rig.done("lyon", pick(0)).already);
    rig.done("lyon", pick(2));
    let state = rig.group("lyon", BRONZE);
    assert_eq!((state.generation, state.promoted_point), (3, Some(points[2].id.clone())));
    let lost: Vec<u64> = rig.honest().lost.iter().map(|loss| loss.records).collect();
    assert!(lost[1] > lost[0], "{lost:?}");
}

#[test]
fn a_reverse_keeps_a_snapshot_of_what_it_discards() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    rig.pass(Span::mins(7));
    rig.cut("site/paris");
    rig.pass(Span::secs(20));
    rig.done("lyon", force(BRONZE));
    let lost = rig.world.truth().lost[0].records;
    assert!(lost > 0);
    rig.heal("site/paris");
    rig.pass(Span::secs(5));
    assert_eq!(rig.group("paris", BRONZE).role, ReplicaRole::RemoteFailedOver);
    rig.refused("lyon", reverse(BRONZE), "does not speak to the other site");
    rig.mode = Mode::Planned;
    rig.done("lyon", reverse(BRONZE));
    let truth = rig.honest();
    assert_eq!(truth.discarded[0].records, lost);
    assert_eq!(truth.snapshots[0].site, site("paris"));
    rig.pass(Span::mins(11));
    let target = rig.group("paris", BRONZE);
    assert_eq!(target.role, ReplicaRole::Target);
    assert!(!target.points.is_empty() && target.lag.is_some(), "{target:?}");
}

#[test]
fn a_stretched_group_follows_its_preference() {
    let mut rig = Rig::instant();
    let prefer =
        |group: &str, to: &str| StorageOp::SetPreference { group: group.into(), site: site(to) };
    rig.done("paris", prefer(GOLD, "lyon"));
    assert!(rig.done("lyon", prefer(GOLD, "lyon")).already);
    assert_eq!(rig.group("lyon", GOLD).role, ReplicaRole::Source);
    rig.refused("paris", prefer(SILVER, "lyon"), "not stretched");
    rig.cut("link/paris/lyon");
    assert_eq!(rig.writers(GOLD), ["lyon"]);
    rig.refused("lyon", prefer(GOLD, "paris"), "not up to date");
}

#[test]
fn clones_belong_to_their_test() {
    let mut rig = Rig::instant();
    let snap = StorageOp::SnapshotForTest { group: SILVER.into(), clone: "c1".to_owned() };
    let gone = StorageOp::DropTest { group: SILVER.into(), clone: "c1".to_owned() };
    rig.mode = Mode::Test;
    rig.refused("lyon", snap.clone(), "run tag");
    rig.tag = Some("t1".into());
    rig.done("lyon", snap.clone());
    assert!(rig.done("lyon", snap.clone()).already);
    assert_eq!(rig.group("lyon", SILVER).role, ReplicaRole::InTest);
    assert_eq!(rig.world.truth().leftovers, ["lyon: clone/c1"]);
    rig.tag = Some("t2".into());
    rig.refused("lyon", snap, "not the tag of this run");
    rig.refused("lyon", gone.clone(), "not the tag of this run");
    rig.tag = Some("t1".into());
    rig.mode = Mode::Cleanup;
    rig.done("lyon", gone.clone());
    assert!(rig.done("lyon", gone).already);
    assert_eq!(rig.group("lyon", SILVER).role, ReplicaRole::Target);
    assert!(rig.honest().leftovers.is_empty());
}
