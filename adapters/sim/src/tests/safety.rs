//! Whatever breaks, in whatever order: who acts on evidence only never breaks a promise.

use muster_contract::{
    FenceState, FencingOp, HypervisorOp, Mode, Observation, Query, StorageOp, WitnessSight,
};
use muster_plans::time::Span;
use proptest::prelude::*;

use super::rig::{
    BRONZE, COPPER, GOLD, Op, Rig, SILVER, demote, force, power_on, promote, reverse,
};
use super::rig::{shutdown, site, sync};
use crate::world::Settings;

const THINGS: [&str; 8] = [
    "site/paris",
    "site/lyon",
    "link/paris/lyon",
    "link/bordeaux/paris",
    "link/bordeaux/lyon",
    "witness",
    "array/paris",
    "array/lyon",
];
const GROUPS: [&str; 4] = [GOLD, SILVER, BRONZE, COPPER];

#[derive(Clone, Debug)]
enum Deed {
    Pass(u64),
    Cut(usize),
    Heal(usize),
    /// Verb, group, at the second site.
    Store(usize, usize, bool),
    Start(usize, bool),
    Stop(usize, bool),
    Fence(bool),
    Unfence(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (1u64..14_000).prop_map(Deed::Pass),
        3 => (0..THINGS.len()).prop_map(Deed::Cut),
        3 => (0..THINGS.len()).prop_map(Deed::Heal),
        4 => (0usize..6, 0..GROUPS.len(), any::<bool>()).prop_map(|(v, g, l)| Deed::Store(v, g, l)),
        3 => (0usize..8, any::<bool>()).prop_map(|(vm, lyon)| Deed::Start(vm, lyon)),
        1 => (0usize..8, any::<bool>()).prop_map(|(vm, lyon)| Deed::Stop(vm, lyon)),
        1 => any::<bool>().prop_map(Deed::Fence),
        1 => any::<bool>().prop_map(Deed::Unfence),
    ]
}

fn ends(lyon: bool) -> (&'static str, &'static str) {
    if lyon { ("lyon", "paris") } else { ("paris", "lyon") }
}

/// What an operator may rely on: the witness, or a fence that is read back.
fn evidence(rig: &mut Rig, at: &str, against: &str) -> bool {
    let mut ask = |query| rig.world.query(&site(at), &query).map(|observed| observed.state);
    let dead = match ask(Query::Witness(site(against))) {
        Ok(Observation::Witness(state)) => state.sight == Some(WitnessSight::Dead),
        _ => false,
    };
    let fenced = ask(Query::Fence(site(against)));
    dead || matches!(fenced, Ok(Observation::Fence(FenceState::Fenced)))
}

fn submit(rig: &mut Rig, at: &str, op: impl Into<Op>) {
    let ctx = rig.ctx(at);
    rig.world.submit(&site(at), &ctx, &op.into().0);
}

fn act(rig: &mut Rig, deed: &Deed) {
    let vms: Vec<String> = GROUPS.iter().flat_map(|group| rig.members(group)).collect();
    match deed {
        Deed::Pass(millis) => rig.pass(Span(*millis)),
        Deed::Cut(nr) => rig.cut(THINGS[*nr]),
        Deed::Heal(nr) => rig.heal(THINGS[*nr]),
        Deed::Store(verb, group, lyon) => {
            let ((at, other), group) = (ends(*lyon), GROUPS[*group]);
            let op = match verb {
                0 => demote(group),
                1 => promote(group),
                2 if evidence(rig, at, other) => {
                    rig.mode = Mode::Unplanned;
                    force(group)
                }
                2 => return,
                3 => reverse(group),
                4 => StorageOp::SetPreference { group: group.into(), site: site(at) },
                _ => sync(group),
            };
            submit(rig, at, op);
            rig.mode = Mode::Planned;
        }
        Deed::Start(nr, lyon) => {
            let (at, other) = ends(*lyon);
            let name = &vms[*nr * 3 % vms.len()];
            // Out of contact the disk lock does not help, so that starting needs evidence as well.
            if rig.world.contact(&site(at), &site(other)) || evidence(rig, at, other) {
                let (vm, spec) = (rig.vm(name), rig.spec(name, &format!("{at}-h02")));
                submit(rig, at, HypervisorOp::Register(spec));
                submit(rig, at, power_on(vm));
            }
        }
        Deed::Stop(nr, lyon) => {
            let vm = rig.vm(&vms[*nr * 3 % vms.len()]);
            submit(rig, ends(*lyon).0, shutdown(vm));
        }
        Deed::Fence(lyon) => {
            let (at, other) = ends(*lyon);
            submit(rig, at, FencingOp::FenceSite { site: site(other) });
        }
        Deed::Unfence(lyon) => {
            let (at, other) = ends(*lyon);
            submit(rig, at, FencingOp::UnfenceSite { site: site(other) });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("SIM_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn evidence_is_enough(
        deeds in prop::collection::vec(deed(), 1..50),
        instant in any::<bool>(),
    ) {
        let speed = if instant { 1000.0 } else { 20.0 };
        let mut rig = Rig::with(Settings { speed, ..Settings::default() });
        rig.pass(Span::secs(20));
        for deed in &deeds {
            act(&mut rig, deed);
            let violations = rig.world.truth().violations;
            prop_assert!(violations.is_empty(), "{violations:?} after {deed:?}");
        }
        rig.pass(Span::mins(2));
        let violations = rig.world.truth().violations;
        prop_assert!(violations.is_empty(), "{violations:?} at the end");
    }
}
