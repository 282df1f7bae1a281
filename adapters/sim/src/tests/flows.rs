//! Whole workflows by hand, as a run would do them, with nothing lost and nobody writing twice.

use muster_contract::{FencingOp, HypervisorOp, Instance, Mode, NicSpec, WitnessSight};
use muster_plans::inventory::Power;
use muster_plans::time::Span;

use super::rig::{BRONZE, COPPER, GOLD, Rig, SILVER, demote, force, power_on, promote, reverse};
use super::rig::{shutdown, site};
use crate::world::Settings;

const ALL: [&str; 4] = [GOLD, SILVER, BRONZE, COPPER];

fn bring_up(rig: &mut Rig, at: &str, group: &str) {
    for (nr, name) in rig.members(group).into_iter().enumerate() {
        let (vm, host) = (rig.vm(&name), format!("{at}-h{:02}", nr % 3 + 1));
        rig.done(at, HypervisorOp::Register(rig.spec(&name, &host)));
        let db = name.contains("-db-");
        let network = match (at, db) {
            ("lyon", true) => "lyon-db",
            ("lyon", false) => "lyon-app",
            (_, true) => "prod-db",
            (_, false) => "prod-app",
        };
        let mac = rig.vm_state(at, &name).unwrap().nics[0].mac.as_str().into();
        let nics = vec![NicSpec { mac, network: network.into() }];
        rig.done(at, HypervisorOp::ConnectNics { vm, nics });
        rig.done(at, power_on(vm));
    }
    rig.pass(Span::mins(1));
    for name in rig.members(group) {
        let state = rig.vm_state(at, &name).unwrap();
        assert!(state.heartbeat && state.wrote, "{name}: {state:?}");
    }
}

fn planned(rig: &mut Rig, from: &str, to: &str) {
    for group in ALL {
        for name in rig.members(group) {
            let vm = rig.vm(&name);
            rig.done(from, shutdown(vm));
        }
        rig.done(from, HypervisorOp::Unmount { group: group.into() });
        rig.done(from, demote(group));
        assert!(rig.group(from, group).drained, "{group}");
        rig.done(to, promote(group));
        bring_up(rig, to, group);
        assert_eq!(rig.writers(group), [to], "{group}");
    }
}

fn reprotect(rig: &mut Rig, old: &str, new: &str) {
    for group in ALL {
        for name in rig.members(group) {
            let gone = Instance::Production(rig.vm(&name));
            rig.done(old, HypervisorOp::PowerOff(gone.clone()));
            rig.done(old, HypervisorOp::Unregister(gone));
        }
        rig.done(new, reverse(group));
    }
    rig.pass(Span::mins(10));
}

#[test]
fn there_and_back_again() {
    let mut rig = Rig::with(Settings::default());
    rig.pass(Span::mins(3));
    planned(&mut rig, "paris", "lyon");
    reprotect(&mut rig, "paris", "lyon");
    planned(&mut rig, "lyon", "paris");
    reprotect(&mut rig, "lyon", "paris");
    assert_eq!(rig.writers(GOLD).len(), 2);
    let truth = rig.honest();
    assert!(truth.lost.is_empty(), "{:?}", truth.lost);
    assert!(truth.discarded.is_empty(), "{:?}", truth.discarded);
}

#[test]
fn a_disaster_with_evidence_and_the_way_back() {
    let mut rig = Rig::with(Settings::default());
    rig.pass(Span::mins(13));
    rig.cut("site/paris");
    rig.mode = Mode::Unplanned;
    while rig.sight("lyon", "paris") != Some(WitnessSight::Dead) {
        rig.pass(Span::secs(1));
    }
    rig.done("lyon", FencingOp::FenceSite { site: site("paris") });
    for group in ALL {
        rig.done("lyon", force(group));
        bring_up(&mut rig, "lyon", group);
    }
    let lost: Vec<String> = rig.honest().lost.iter().map(|loss| loss.group.to_string()).collect();
    assert_eq!(lost, [BRONZE, COPPER], "only what is not synchronous");

    rig.heal("site/paris");
    rig.pass(Span::mins(5));
    for group in ALL {
        assert_eq!(rig.writers(group), ["lyon"], "{group}");
        for name in rig.members(group) {
            assert_eq!(rig.vm_state("paris", &name).unwrap().power, Power::Off, "{name}");
        }
    }
    rig.mode = Mode::Planned;
    for group in ALL {
        // The owed steps.
        rig.done("paris", demote(group));
    }
    rig.done("lyon", FencingOp::UnfenceSite { site: site("paris") });
    reprotect(&mut rig, "paris", "lyon");
    let truth = rig.honest();
    let sum = |records: Vec<u64>| records.iter().sum::<u64>();
    assert_eq!(
        sum(truth.discarded.iter().map(|one| one.records).collect()),
        sum(truth.lost.iter().map(|one| one.records).collect()),
        "what is discarded is what was known to be lost"
    );
    planned(&mut rig, "lyon", "paris");
    rig.honest();
}
