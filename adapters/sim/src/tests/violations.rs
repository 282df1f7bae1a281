//! The truth sees what it must see.

use muster_contract::{HypervisorOp, Instance, Mode, StorageOp, TestVmSpec};
use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::Power;
use muster_plans::time::Span;

use super::rig::{BRONZE, GOLD, Rig, SILVER, force, power_on, reverse, site};
use crate::truth::ViolationKind::{
    self, Diverged, PlannedLoss, SecondWriter, TestLeak, TwoInstances,
};

fn kinds(rig: &mut Rig) -> Vec<ViolationKind> {
    let mut kinds: Vec<_> = rig.world.truth().violations.iter().map(|one| one.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Somebody attests that paris is off, and it is not.
fn wrong_word(group: &str) -> Rig {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    rig.pass(Span::secs(30));
    rig.cut("witness");
    rig.cut("link/paris/lyon");
    rig.done("lyon", force(group));
    rig
}

#[test]
fn a_forced_promote_against_a_living_writer_is_seen() {
    for group in [GOLD, SILVER, BRONZE] {
        let mut rig = wrong_word(group);
        assert_eq!(kinds(&mut rig), [SecondWriter], "{group}");
        assert_eq!(rig.writers(group).len(), 2);
        rig.pass(Span::secs(10));
        assert_eq!(kinds(&mut rig), [SecondWriter, Diverged], "{group}");
        let vms = rig.members(group).len() as u64;
        assert_eq!(rig.world.truth().diverged[0].records, 10 * vms, "{group}");
    }
}

#[test]
fn the_lower_generation_gives_way_when_they_see_each_other() {
    let mut rig = wrong_word(SILVER);
    rig.pass(Span::secs(5));
    let vm = rig.vm("archive-01");
    rig.done("lyon", HypervisorOp::Register(rig.spec("archive-01", "lyon-h01")));
    rig.refused("lyon", power_on(vm), "it runs at paris");
    // Nobody renews the disk lock that lyon knows of.
    rig.pass(Span::secs(6));
    rig.done("lyon", power_on(vm));
    assert_eq!(kinds(&mut rig), [SecondWriter, Diverged, TwoInstances]);
    rig.heal("link/paris/lyon");
    assert_eq!(rig.writers(SILVER), ["lyon"]);
    assert_eq!(rig.vm_state("paris", "archive-01").unwrap().power, Power::Off);
    let before = rig.world.truth().diverged[0].records;
    rig.pass(Span::secs(10));
    assert_eq!(rig.world.truth().diverged[0].records, before);
    rig.mode = Mode::Planned;
    rig.done("lyon", reverse(SILVER));
    assert_eq!(rig.world.truth().discarded[0].records, before);
}

#[test]
fn two_promotes_on_two_words_leave_it_to_a_person() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    rig.cut("link/paris/lyon");
    rig.cut("link/bordeaux/paris");
    rig.cut("link/bordeaux/lyon");
    rig.pass(Span::secs(20));
    assert!(rig.writers(GOLD).is_empty());
    rig.done("lyon", force(GOLD));
    rig.done("paris", force(GOLD));
    assert_eq!(kinds(&mut rig), [SecondWriter]);
    rig.heal("link/paris/lyon");
    assert!(rig.writers(GOLD).is_empty());
    rig.done("lyon", force(GOLD));
    assert_eq!(rig.writers(GOLD), ["lyon"]);
}

#[test]
fn a_planned_run_that_loses_writes_is_seen() {
    let mut rig = Rig::instant();
    rig.pass(Span::mins(7));
    rig.cut("site/paris");
    rig.done("lyon", force(BRONZE));
    assert_eq!(kinds(&mut rig), [PlannedLoss]);
}

#[test]
fn a_test_copy_on_a_production_network_is_seen() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Test;
    rig.tag = Some("t1".into());
    let vm = rig.vm("archive-01");
    let spec = TestVmSpec {
        copy_of: rig.spec("archive-01", "lyon-h01"),
        clones: vec!["c1".to_owned()],
        tag: "t1".into(),
    };
    rig.done("lyon", StorageOp::SnapshotForTest { group: SILVER.into(), clone: "c1".to_owned() });
    rig.done("lyon", HypervisorOp::RegisterTest(spec));
    rig.done("lyon", HypervisorOp::MountTest { clone: "c1".to_owned() });
    // No operation of the adapter can do this, so it is done behind its back.
    let key = format!("vm/{vm}/t1");
    let plug = |rig: &mut Rig, network: &str| {
        let copy = rig.world.instance_mut(&site("lyon"), &key).unwrap();
        copy.cards[0].network = Some(network.into());
    };
    plug(&mut rig, "lyon-app");
    let on = HypervisorOp::PowerOn(Instance::Test(vm, "t1".into()));
    rig.refused("lyon", on.clone(), "not for tests");
    plug(&mut rig, "lyon-test");
    rig.done("lyon", on);
    rig.honest();
    plug(&mut rig, "lyon-app");
    rig.world.watch_instance(&site("lyon"), &key);
    assert_eq!(kinds(&mut rig), [TestLeak]);
    assert_eq!(rig.world.truth().frames_leaked, 1);
}

#[test]
fn two_legs_that_are_open_without_being_in_sync_are_seen() {
    let mut rig = Rig::instant();
    let id = ConsistencyGroupId::from(SILVER);
    let group = rig.world.groups.get_mut(&id).unwrap();
    group.legs[1].open = true;
    group.legs[1].role = muster_plans::inventory::ReplicaRole::FailedOver;
    rig.world.decide(&id);
    assert_eq!(kinds(&mut rig), [SecondWriter]);
}
