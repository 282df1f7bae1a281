//! Rules that hold for every graph of every plan.

use proptest::prelude::*;

use super::try_compile;
use crate::compile::isolation_proof;
use crate::document::PlanSpec;
use crate::fixture::{NewVm, POLICIES, World};
use crate::graph::{Action, BubbleNetwork, Graph, Needs, OnFailure, StepIx, VmRef};
use crate::id::PlanName;
use crate::run::RunKind;

/// One VM: policy, priority, which earlier VMs it waits for, whether it shares its group.
type Drawn = (usize, u8, Vec<prop::sample::Index>, bool);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let vm = (
        0..4_usize,
        1..=5_u8,
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        any::<bool>(),
    );
    prop::collection::vec(vm, 1..14)
}

/// A world in which every drawn wait is possible: a VM waits only for those of no later priority that
/// come before it.
fn world(drawn: &[Drawn]) -> (World, PlanName) {
    let mut world = World::pair(2);
    let mut rules = Vec::new();
    for (n, (policy, priority, waits, shares)) in drawn.iter().enumerate() {
        let (policy, short) = POLICIES[*policy];
        let (name, shared) = (format!("vm-{n:02}"), format!("cg-{short}-shared"));
        world.add_vm(&NewVm {
            name: &name,
            policy: Some(policy),
            group: shares.then_some(shared.as_str()),
            ..NewVm::default()
        });
        let after: Vec<String> = waits
            .iter()
            .filter(|_| n > 0)
            .map(|wait| wait.index(n))
            .filter(|&earlier| drawn[earlier].1 <= *priority)
            .map(|earlier| format!("vm-{earlier:02}"))
            .collect();
        rules.push(serde_json::json!({
            "match": {"name": name}, "priority": priority, "after": after,
        }));
    }
    let policies: Vec<&str> = POLICIES.iter().map(|(policy, _)| *policy).collect();
    world.add_group("all", ("paris", "lyon"), &policies, &[]);
    let vms = serde_json::from_value(serde_json::Value::Array(rules)).unwrap();
    let plan = world.add_plan("all", &["all"], PlanSpec { vms, ..PlanSpec::default() });
    (world, plan)
}

fn compiled(drawn: &[Drawn], kind: RunKind, forced: bool, live: bool) -> Graph {
    let (world, plan) = world(drawn);
    let compiled = try_compile(&world, &plan, kind, |request| {
        request.forced = forced;
        request.live = live;
    });
    compiled.unwrap().graph
}

/// Steps from which each step can be reached.
fn before(graph: &Graph) -> Vec<Vec<bool>> {
    let mut before = vec![vec![false; graph.len()]; graph.len()];
    for ix in graph.edges.topological() {
        for edge in graph.edges.from(ix) {
            let mut of_this = before[ix as usize].clone();
            of_this[ix as usize] = true;
            for (into, from) in before[edge.to as usize].iter_mut().zip(of_this) {
                *into |= from;
            }
        }
    }
    before
}

/// For each VM its power-on and the step that ends its recovery.
fn recoveries(graph: &Graph) -> Vec<(StepIx, StepIx)> {
    let find = |wanted: &dyn Fn(&Action) -> Option<VmRef>, vm: u32| {
        (0_u32..).zip(&graph.steps).find_map(|(ix, step)| {
            let of = match wanted(&step.action)? {
                VmRef::Production(of) => of.0,
                VmRef::Test(of) => of.0,
            };
            (of == vm).then_some(ix)
        })
    };
    let power_on = |action: &Action| match action {
        Action::PowerOn(vm) => Some(*vm),
        _ => None,
    };
    let healthy = |action: &Action| match action {
        Action::WaitHealthy(vm) => Some(*vm),
        _ => None,
    };
    (0..graph.vms.len() as u32)
        .map(|vm| (find(&power_on, vm).unwrap(), find(&healthy, vm).unwrap()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_vm_is_recovered_in_the_order_of_priorities_and_waits(
        drawn in drawn(), kind in 0..3_usize, forced: bool, live: bool,
    ) {
        let kind = [RunKind::Test, RunKind::PlannedMigration, RunKind::Failover][kind];
        let graph = compiled(&drawn, kind, forced, live);
        prop_assert_eq!(graph.edges.topological().len(), graph.len());
        let (before, recoveries) = (before(&graph), recoveries(&graph));
        prop_assert_eq!(recoveries.len(), drawn.len());
        let position = |name: &str| graph.vms.iter().position(|vm| &*vm.name == name).unwrap();
        for (a, one) in graph.vms.iter().enumerate() {
            for (b, other) in graph.vms.iter().enumerate() {
                let held = before[recoveries[b].0 as usize][recoveries[a].1 as usize];
                prop_assert!(one.priority >= other.priority || held, "{} {}", one.name, other.name);
            }
        }
        for (n, (_, priority, waits, _)) in drawn.iter().enumerate() {
            for wait in waits.iter().filter(|_| n > 0) {
                let earlier = wait.index(n);
                if drawn[earlier].1 <= *priority {
                    let (vm, on) =
                        (position(&format!("vm-{n:02}")), position(&format!("vm-{earlier:02}")));
                    prop_assert!(before[recoveries[vm].0 as usize][recoveries[on].1 as usize]);
                }
            }
        }
    }

    #[test]
    fn nothing_is_promoted_before_its_vms_are_off_and_it_is_demoted(drawn in drawn(), live: bool) {
        let graph = compiled(&drawn, RunKind::PlannedMigration, false, live);
        let before = before(&graph);
        let pivot = graph.pivot.unwrap() as usize;
        for (ix, step) in graph.steps.iter().enumerate() {
            match step.action {
                Action::PromoteStorage(group) => {
                    prop_assert!(before[ix][pivot]);
                    let demoted = graph.steps.iter().position(
                        |step| step.action == Action::DemoteStorage(group)).unwrap();
                    prop_assert!(before[ix][demoted]);
                    let off = |vm: usize| graph.steps.iter().position(|step| {
                        step.action == Action::GuestShutdown(crate::graph::VmIx(vm as u32))
                    });
                    for (vm, target) in graph.vms.iter().enumerate() {
                        if target.storage.contains(&group) {
                            prop_assert!(before[demoted][off(vm).unwrap()]);
                        }
                    }
                }
                Action::GuestShutdown(_) | Action::DemoteStorage(_) | Action::Migrate(..) => {
                    prop_assert!(before[pivot][ix]);
                }
                Action::RegisterVm(_) | Action::PowerOn(_) => prop_assert!(before[ix][pivot]),
                _ => {}
            }
        }
    }

    #[test]
    fn a_test_names_nothing_of_production(drawn in drawn()) {
        let graph = compiled(&drawn, RunKind::Test, false, false);
        prop_assert!(graph.vms.iter().all(|vm| vm.nics.is_empty()));
        for copy in &graph.test_vms {
            for nic in &copy.nics {
                prop_assert!(matches!(nic.network, BubbleNetwork::Made(_)));
            }
        }
        for step in &graph.steps {
            prop_assert!(!matches!(step.action.vm(), Some(VmRef::Production(_))));
            prop_assert!(!matches!(
                step.action,
                Action::DemoteStorage(_) | Action::PromoteStorage(_) | Action::Unmount(_)
                    | Action::SetSitePreference(..) | Action::ReverseReplication(_)
                    | Action::Fence(_)
            ));
        }
    }

    #[test]
    fn a_failover_does_not_depend_on_the_site_it_leaves(drawn in drawn(), forced: bool) {
        let graph = compiled(&drawn, RunKind::Failover, forced, false);
        let proof = isolation_proof(&graph).unwrap();
        prop_assert_eq!(proof.tried == 0, forced);
        if forced {
            prop_assert!(graph.steps.iter().all(|step| step.site == graph.recovery));
        }
        // Behind whatever is tried at the site it is fenced, behind the fence stands the gate, behind
        // that each promotion, and each is blocked where the one before it fails.
        let position = |wanted: fn(&Action) -> bool| {
            graph.steps.iter().position(|step| wanted(&step.action)).unwrap()
        };
        let fence = position(|action| matches!(action, Action::Fence(_)));
        let gate = position(|action| matches!(action, Action::Gate(_)));
        let needed = |earlier: usize, later: usize| {
            graph.edges.from(earlier as u32)
                .any(|edge| edge.to as usize == later && edge.needs == Needs::Success)
        };
        prop_assert!(needed(fence, gate));
        prop_assert_eq!(graph.steps[fence].on_failure, OnFailure::Policy);
        prop_assert_eq!(graph.steps[fence].site, graph.steps[gate].site);
        let before = before(&graph);
        for (ix, step) in graph.steps.iter().enumerate() {
            match step.action {
                Action::PromoteStorage(_) => prop_assert!(needed(gate, ix)),
                Action::GuestShutdown(_) | Action::Unmount(_) | Action::DemoteStorage(_)
                    | Action::SyncStorage(_) => prop_assert!(before[fence][ix]),
                _ => {}
            }
        }
    }
}

#[test]
fn a_step_that_needs_the_failed_site_breaks_the_proof() {
    let mut graph = compiled(&[(2, 3, Vec::new(), false)], RunKind::Failover, false, false);
    let shutdown = graph
        .steps
        .iter()
        .position(|step| matches!(step.action, Action::GuestShutdown(_)))
        .unwrap();
    assert!(isolation_proof(&graph).is_ok());
    graph.steps[shutdown].on_failure = OnFailure::Policy;
    assert_eq!(isolation_proof(&graph), Err(vec![shutdown as u32]));
    graph.steps[shutdown].on_failure = OnFailure::Owe;
    graph.forced = true;
    assert!(isolation_proof(&graph).unwrap_err().contains(&(shutdown as u32)));
}
