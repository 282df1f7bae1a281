//! Who may write, under events.

use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::DetachRule;
use muster_plans::time::Span;

use super::rig::{BRONZE, GOLD, Rig, force, site};

/// One row of the table: what is broken, in this order, and who writes right after.
#[test]
fn the_table_of_writers() {
    let rows: [(&[&str], &[&str]); 10] = [
        (&[], &["paris", "lyon"]),
        (&["witness"], &["paris", "lyon"]),
        (&["link/paris/lyon"], &["paris"]),
        (&["link/bordeaux/lyon", "link/paris/lyon"], &["paris"]),
        (&["link/bordeaux/paris", "link/paris/lyon"], &["lyon"]),
        (&["witness", "link/paris/lyon"], &["paris"]),
        (&["site/paris"], &["lyon"]),
        (&["witness", "site/paris"], &[]),
        (&["witness", "site/lyon"], &["paris"]),
        (&["site/lyon"], &["paris"]),
    ];
    for (broken, writers) in rows {
        let mut rig = Rig::instant();
        for thing in broken {
            rig.cut(thing);
        }
        assert_eq!(rig.writers(GOLD), writers, "{broken:?}");
        rig.pass(Span::mins(5));
        assert_eq!(rig.writers(GOLD), writers, "{broken:?} five minutes later");
        rig.honest();
    }
}

#[test]
fn without_a_witness_and_without_a_winner_both_stop() {
    let mut rig = Rig::instant();
    let group = rig.world.groups.get_mut(&ConsistencyGroupId::from(GOLD)).unwrap();
    group.detach = Some(DetachRule::NoAutomaticWinner);
    rig.cut("witness");
    assert_eq!(rig.writers(GOLD).len(), 2);
    rig.cut("link/paris/lyon");
    assert!(rig.writers(GOLD).is_empty());
    rig.heal("link/paris/lyon");
    assert_eq!(rig.writers(GOLD).len(), 2);
    rig.honest();
}

#[test]
fn a_writer_that_loses_the_witness_after_the_link_stops() {
    let mut rig = Rig::instant();
    rig.cut("link/paris/lyon");
    rig.cut("link/bordeaux/paris");
    assert_eq!(rig.writers(GOLD), ["paris"]);
    rig.pass(Span::secs(6));
    assert!(rig.writers(GOLD).is_empty());
    // Its asynchronous groups stop as well, because the witness will call it dead.
    assert!(rig.writers(BRONZE).is_empty());
    rig.heal("link/bordeaux/paris");
    assert_eq!(rig.writers(GOLD), ["paris"]);
    rig.honest();
}

#[test]
fn a_leg_that_is_behind_never_takes_over_by_itself() {
    let mut rig = Rig::instant();
    rig.cut("link/paris/lyon");
    rig.pass(Span::secs(60));
    rig.cut("site/paris");
    rig.pass(Span::mins(5));
    assert!(rig.writers(GOLD).is_empty());
    rig.mode = muster_contract::Mode::Unplanned;
    rig.done("lyon", force(GOLD));
    assert_eq!(rig.writers(GOLD), ["lyon"]);
    let truth = rig.honest();
    // Two VMs wrote once a second for a minute on the leg that is gone.
    assert_eq!(truth.lost[0].records, 120);
}

#[test]
fn a_healed_link_brings_the_legs_together_again() {
    let mut rig = Rig::instant();
    rig.cut("link/paris/lyon");
    rig.pass(Span::mins(1));
    assert!(!rig.group("lyon", GOLD).in_sync);
    rig.heal("link/paris/lyon");
    assert!(rig.group("lyon", GOLD).in_sync);
    assert_eq!(rig.writers(GOLD).len(), 2);
    rig.honest();
}

#[test]
fn a_catch_up_takes_its_time_and_can_be_interrupted() {
    let mut rig = Rig::with(crate::Settings::default());
    rig.cut("link/paris/lyon");
    rig.pass(Span::mins(10));
    rig.heal("link/paris/lyon");
    rig.pass(Span::secs(1));
    assert!(!rig.group("lyon", GOLD).in_sync);
    assert_eq!(rig.writers(GOLD), ["paris"]);
    rig.cut("link/paris/lyon");
    rig.pass(Span::mins(1));
    assert!(!rig.group("lyon", GOLD).in_sync);
    rig.heal("link/paris/lyon");
    rig.pass(Span::secs(30));
    assert!(rig.group("lyon", GOLD).in_sync);
    rig.honest();
}

/// Vms whose storage is gone are ended after a while, and come back with it.
#[test]
fn vms_follow_their_storage() {
    let mut rig = Rig::instant();
    rig.pass(Span::secs(10));
    assert!(rig.vm_state("paris", "shop-db-01").unwrap().wrote);
    rig.cut("array/paris");
    let hanging = rig.vm_state("paris", "shop-db-01").unwrap();
    assert!(!hanging.heartbeat);
    assert_eq!(hanging.power, muster_plans::inventory::Power::On);
    rig.pass(Span::secs(6));
    let ended = rig.vm_state("paris", "shop-db-01").unwrap();
    assert_eq!(ended.power, muster_plans::inventory::Power::Off);
    rig.heal("array/paris");
    rig.pass(Span::secs(6));
    assert!(rig.vm_state("paris", "shop-db-01").unwrap().wrote);
    assert!(!rig.world.fenced(&site("paris"), &site("lyon")));
    rig.honest();
}
