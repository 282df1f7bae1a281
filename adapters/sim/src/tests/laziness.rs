//! Looking often changes nothing, and neither does doing it all again.

use muster_plans::time::Span;
use proptest::prelude::*;

use super::rig::{
    BRONZE, COPPER, GOLD, Op, Rig, SILVER, demote, force, power_on, promote, reverse,
};
use super::rig::{shutdown, site, sync};
use crate::control::Command;
use crate::world::{Settings, World};

#[derive(Clone, Debug)]
enum Deed {
    Pass(u64),
    Cut(usize),
    Heal(usize),
    Operate(usize, usize, bool),
    Power(usize, bool, bool),
}

const THINGS: [&str; 9] = [
    "site/paris",
    "site/lyon",
    "link/paris/lyon",
    "link/bordeaux/paris",
    "link/bordeaux/lyon",
    "witness",
    "array/paris",
    "host/paris-h01",
    "server-link/lyon",
];
const GROUPS: [&str; 4] = [GOLD, SILVER, BRONZE, COPPER];

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (1u64..600_000).prop_map(Deed::Pass),
        2 => (0..THINGS.len()).prop_map(Deed::Cut),
        2 => (0..THINGS.len()).prop_map(Deed::Heal),
        4 => (0usize..5, 0..GROUPS.len(), any::<bool>())
            .prop_map(|(verb, group, lyon)| Deed::Operate(verb, group, lyon)),
        3 => (0usize..6, any::<bool>(), any::<bool>())
            .prop_map(|(vm, on, lyon)| Deed::Power(vm, on, lyon)),
    ]
}

/// Does all deeds without waiting for answers. `look` is called between any two.
fn world(deeds: &[Deed], look: impl Fn(&mut World, Span)) -> World {
    let mut rig = Rig::with(Settings::default());
    rig.mode = muster_contract::Mode::Unplanned;
    let vms: Vec<_> = GROUPS.iter().flat_map(|group| rig.members(group)).collect();
    for deed in deeds {
        match deed {
            Deed::Pass(millis) => {
                let to = rig.world.now() + Span(*millis);
                look(&mut rig.world, Span(*millis));
                rig.world.advance(to);
            }
            Deed::Cut(nr) => rig.cut(THINGS[*nr]),
            Deed::Heal(nr) => rig.heal(THINGS[*nr]),
            Deed::Operate(verb, group, lyon) => {
                let (at, group) = (if *lyon { "lyon" } else { "paris" }, GROUPS[*group]);
                let op = match verb {
                    0 => demote(group),
                    1 => promote(group),
                    2 => force(group),
                    3 => reverse(group),
                    _ => sync(group),
                };
                let ctx = rig.ctx(at);
                rig.world.submit(&site(at), &ctx, &Op::from(op).0);
            }
            Deed::Power(nr, on, lyon) => {
                let at = if *lyon { "lyon" } else { "paris" };
                let name = vms[*nr * 2 % vms.len()].clone();
                let vm = rig.vm(&name);
                let op = if *on { power_on(vm) } else { shutdown(vm) };
                if *lyon && rig.world.instance(&site(at), &format!("vm/{vm}")).is_none() {
                    let ctx = rig.ctx(at);
                    let spec = rig.spec(&name, "lyon-h01");
                    let register = muster_contract::HypervisorOp::Register(spec);
                    rig.world.submit(&site(at), &ctx, &Op::from(register).0);
                    continue;
                }
                let ctx = rig.ctx(at);
                rig.world.submit(&site(at), &ctx, &Op::from(op).0);
            }
        }
    }
    rig.pass(Span::mins(20));
    rig.world.settle_all();
    rig.world
}

fn text(world: &World) -> String {
    serde_json::to_string(world).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn lazy_is_the_same_as_step_by_step(deeds in prop::collection::vec(deed(), 1..24)) {
        let lazy = world(&deeds, |_, _| {});
        let busy = world(&deeds, |world, span| {
            let (from, step) = (world.now(), Span((span.0 / 37).max(1)));
            let mut at = from;
            while at < from + span {
                world.advance(at);
                world.settle_all();
                world.inventory(&site("paris"));
                at = at + step;
            }
        });
        prop_assert_eq!(text(&lazy), text(&busy));
    }

    #[test]
    fn the_same_again_is_the_same(deeds in prop::collection::vec(deed(), 1..24)) {
        prop_assert_eq!(text(&world(&deeds, |_, _| {})), text(&world(&deeds, |_, _| {})));
    }

    /// What the sums must keep, whatever happened.
    #[test]
    fn the_world_stays_whole(deeds in prop::collection::vec(deed(), 1..40)) {
        let mut world = world(&deeds, |_, _| {});
        for (name, place) in &world.sites {
            for (id, host) in &place.hosts {
                let used: u64 = place.instances.values()
                    .filter(|i| &i.host == id && i.power == muster_plans::inventory::Power::On)
                    .map(|i| u64::from(i.memory_mib)).sum();
                prop_assert_eq!(host.used_mib, used, "{}", id);
            }
            for instance in place.instances.values() {
                let on = instance.power == muster_plans::inventory::Power::On;
                for group in world.groups_of(instance.vm) {
                    let streams = &world.groups[&group].data.streams;
                    let writes = streams.iter().any(|s| s.vm == instance.vm && &s.site == name);
                    prop_assert_eq!(writes, on);
                }
            }
        }
        for group in world.groups.values() {
            for branch in &group.data.branches {
                for two in branch.segments.windows(2) {
                    prop_assert!(two[0].from <= two[1].from);
                }
            }
        }
        let before = world.truth();
        prop_assert_eq!(before, world.truth());
    }
}

/// Time passes in one step or in many for the command that lets it pass as well.
#[test]
fn a_command_can_let_time_pass() {
    let mut rig = Rig::instant();
    let to = rig.world.now() + Span::mins(5);
    rig.control(Command::Advance(to));
    assert_eq!(rig.world.now(), to);
}
