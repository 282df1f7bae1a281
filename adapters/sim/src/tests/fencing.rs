//! Leases, fences, and the return of the dead site.

use muster_contract::{FenceState, FencingOp, Mode, Observation, Query, WitnessSight};
use muster_plans::id::HostId;
use muster_plans::inventory::{HostState, Power, ReplicaRole};
use muster_plans::time::Span;

use super::rig::{BRONZE, GOLD, Rig, SILVER, force, power_on, reverse, site};

fn fence_state(rig: &mut Rig, from: &str, of: &str) -> FenceState {
    match rig.look(from, Query::Fence(site(of))) {
        Observation::Fence(state) => state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_witness_is_silent_before_it_says_dead() {
    let mut rig = Rig::instant();
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Seen));
    rig.cut("site/paris");
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Silent));
    rig.pass(Span::secs(10));
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Silent));
    rig.pass(Span(1));
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Dead));
    rig.cut("witness");
    assert_eq!(rig.sight("lyon", "paris"), None);
    rig.heal("witness");
    // A witness that was away knows nothing of before.
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Silent));
    rig.heal("site/paris");
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Seen));
}

#[test]
fn a_dead_verdict_means_that_nothing_writes_there() {
    // Whatever is cut off paris, in whatever order: where lyon hears `dead`, paris has stopped.
    let cuts = ["link/paris/lyon", "link/bordeaux/paris", "witness"];
    for first in cuts {
        for second in cuts {
            for third in cuts {
                let mut rig = Rig::instant();
                for thing in [first, second, third] {
                    rig.cut(thing);
                    rig.pass(Span::secs(3));
                }
                for back in [None, Some("witness")] {
                    if let Some(back) = back {
                        rig.heal(back);
                    }
                    for _ in 0..30 {
                        rig.pass(Span::secs(1));
                        if rig.sight("lyon", "paris") == Some(WitnessSight::Dead) {
                            for group in [GOLD, SILVER, BRONZE] {
                                let writers = rig.writers(group);
                                assert!(
                                    !writers.contains(&"paris".to_owned()),
                                    "{first}, {second}, {third}: {group}"
                                );
                            }
                        }
                    }
                }
                rig.honest();
            }
        }
    }
}

#[test]
fn a_site_heard_of_through_the_other_one_is_not_dead() {
    let mut rig = Rig::instant();
    rig.cut("link/bordeaux/paris");
    rig.pass(Span::mins(5));
    assert_eq!(rig.sight("lyon", "paris"), Some(WitnessSight::Silent));
    assert_eq!(rig.writers(BRONZE), ["paris"]);
}

#[test]
fn the_dead_site_returns_and_its_vms_do_not_write() {
    let mut rig = Rig::with(crate::Settings::default());
    rig.mode = Mode::Unplanned;
    rig.pass(Span::mins(12));
    rig.cut("site/paris");
    rig.pass(Span::secs(20));
    for group in [GOLD, SILVER, BRONZE] {
        rig.done("lyon", force(group));
    }
    rig.pass(Span::mins(5));
    rig.heal("site/paris");
    rig.pass(Span::mins(10));
    for group in [GOLD, SILVER, BRONZE] {
        let old = rig.group("paris", group);
        assert_eq!((old.role, old.writable), (ReplicaRole::RemoteFailedOver, false), "{group}");
        assert_eq!(rig.writers(group), ["lyon"]);
    }
    // Registered, told to start by itself, and unable to.
    let old = rig.vm_state("paris", "shop-db-01").unwrap();
    assert_eq!((old.power, old.autostart, old.wrote), (Power::Off, true, false));
    let vm = rig.vm("shop-db-01");
    rig.refused("paris", power_on(vm), "cannot be written here");
    // Groups that nobody promoted go on where they were.
    assert!(rig.vm_state("paris", "archive-05").unwrap().wrote);
    rig.honest();
}

#[test]
fn a_returning_site_waits_until_somebody_vouches_for_it() {
    let mut rig = Rig::instant();
    rig.cut("site/paris");
    rig.cut("link/paris/lyon");
    rig.cut("link/bordeaux/paris");
    rig.mode = Mode::Unplanned;
    rig.done("lyon", force(SILVER));
    rig.heal("site/paris");
    rig.pass(Span::mins(10));
    assert_eq!(rig.writers(SILVER), ["lyon"]);
    assert!(rig.writers(BRONZE).is_empty(), "nobody could vouch for it");
    // Through the witness it learns that one leg was promoted, and that the other was not.
    rig.heal("link/bordeaux/paris");
    assert_eq!(rig.writers(SILVER), ["lyon"]);
    assert_eq!(rig.writers(BRONZE), ["paris"]);
    assert_eq!(rig.group("paris", SILVER).role, ReplicaRole::RemoteFailedOver);
    rig.honest();
}

#[test]
fn a_fenced_site_stays_read_only_until_it_is_let_in() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    let fence = FencingOp::FenceSite { site: site("paris") };
    let unfence = FencingOp::UnfenceSite { site: site("paris") };
    rig.cut("site/paris");
    let note = rig.done("lyon", fence.clone()).note;
    assert!(note.unwrap().contains("has not heard of it yet"));
    assert_eq!(fence_state(&mut rig, "lyon", "paris"), FenceState::Asked);
    rig.pass(Span::secs(11));
    assert_eq!(fence_state(&mut rig, "lyon", "paris"), FenceState::Fenced);
    rig.heal("site/paris");
    rig.pass(Span::mins(5));
    assert_eq!(rig.writers(BRONZE), [""; 0]);
    assert_eq!(fence_state(&mut rig, "lyon", "paris"), FenceState::Fenced);
    assert!(rig.done("lyon", fence).already);
    rig.done("lyon", unfence.clone());
    assert_eq!(rig.writers(BRONZE), ["paris"]);
    assert!(rig.done("lyon", unfence).already);
    rig.honest();
}

#[test]
fn fencing_a_living_site_stops_it_at_once() {
    let mut rig = Rig::instant();
    rig.mode = Mode::Unplanned;
    rig.done("lyon", FencingOp::FenceSite { site: site("paris") });
    assert_eq!(fence_state(&mut rig, "lyon", "paris"), FenceState::Fenced);
    assert_eq!(rig.writers(GOLD), ["lyon"]);
    assert_eq!(rig.vm_state("paris", "bank-app-01").unwrap().power, Power::Off);
    rig.done("lyon", force(BRONZE));
    assert_eq!(rig.writers(BRONZE), ["lyon"]);
    rig.mode = Mode::Planned;
    rig.done("lyon", reverse(BRONZE));
    rig.refused("lyon", FencingOp::FenceSite { site: site("lyon") }, "itself");
    rig.refused("lyon", FencingOp::FenceSite { site: site("nice") }, "does not exist");
    rig.honest();
}

#[test]
fn a_host_that_was_powered_off_stays_off() {
    let mut rig = Rig::instant();
    let host = HostId::from("paris-h01");
    rig.done("paris", FencingOp::PowerOffHost { host: host.clone() });
    assert!(rig.done("paris", FencingOp::PowerOffHost { host: host.clone() }).already);
    rig.cut("site/paris");
    rig.heal("site/paris");
    rig.pass(Span::mins(1));
    let state = |rig: &mut Rig| match rig.look("paris", Query::Host(host.clone())) {
        Observation::Host(Some(host)) => host.state,
        other => panic!("{other:?}"),
    };
    assert_eq!(state(&mut rig), HostState::Down);
    rig.heal("host/paris-h01");
    assert_eq!(state(&mut rig), HostState::Up);
    let on_it = rig.world.sites[&site("paris")].instances.values();
    assert!(on_it.filter(|i| i.host == host).all(|i| i.power == Power::On));
}
