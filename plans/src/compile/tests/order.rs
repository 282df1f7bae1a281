//! Hosts, settings and order, decided at compile time.

use super::{graph, plan_spec, world};
use crate::document::PlanSpec;
use crate::fixture::{self, NewVm, World};
use crate::graph::{Action, Graph, StepIx, VmIx, VmRef};
use crate::run::RunKind;

fn step_of(graph: &Graph, action: Action) -> Option<StepIx> {
    (0_u32..).zip(&graph.steps).find(|(_, step)| step.action == action).map(|(ix, _)| ix)
}

#[test]
fn the_last_rule_that_sets_a_field_wins() {
    let (mut world, plan) = world("bronze-async");
    let spec = plan_spec(
        r#"{
        "defaults": {"priority": 5, "startup": {"delay": "1s"}},
        "vms": [
            {"match": {"tags": {"app": "shop"}}, "priority": 2, "startup": {"wait": "none"}},
            {"match": {"policy": "bronze-async"}, "priority": 4},
            {"match": {"name": "*-db-??"}, "priority": 1},
            {"match": {"name": "shop-db-[01]*"}, "priority": 5}
        ]}"#,
    );
    let groups = vec!["shop".into()];
    world.config.plans.get_mut(&plan).unwrap().spec =
        PlanSpec { protection_groups: groups, ..spec };
    let graph = graph(&world, &plan, RunKind::Failover, |_| {});
    let said: Vec<String> = graph
        .vms
        .iter()
        .map(|vm| format!("{} {} {:?} {}", vm.name, vm.priority, vm.startup.wait, vm.startup.delay))
        .collect();
    assert_eq!(said, ["shop-app-01 4 None 0s", "shop-db-01 1 None 0s"]);
}

#[test]
fn vms_are_spread_by_memory_and_hosts_are_woken_only_when_needed() {
    let mut world = World::pair(2);
    for n in 0..6 {
        let name = format!("vm-{n}");
        let memory_mib = if n == 0 { 300 * 1024 } else { 100 * 1024 };
        world.add_vm(&NewVm { name: &name, memory_mib, ..NewVm::default() });
    }
    world.add_group("all", ("paris", "lyon"), &["bronze-async"], &[]);
    let plan = world.add_plan("all", &["all"], PlanSpec::default());
    let hosts = |graph: &Graph| -> Vec<String> {
        graph.vms.iter().map(|vm| vm.to_host.to_string()).collect()
    };
    let roomy = graph(&world, &plan, RunKind::Failover, |_| {});
    let expected =
        ["lyon-h1", "lyon-h2", "lyon-h2", "lyon-h2", "lyon-h1", "lyon-h2"].map(str::to_owned);
    assert_eq!(hosts(&roomy), expected);
    assert_eq!(roomy.hosts, []);
    for host in &mut world.inventory.sites.get_mut("lyon").unwrap().hosts {
        host.free_mib = host.free_mib.min(350 * 1024);
    }
    let tight = graph(&world, &plan, RunKind::Failover, |_| {});
    assert_eq!(tight.hosts.len(), 1);
    let woken = step_of(&tight, Action::WakeHost(crate::graph::HostIx(0))).unwrap();
    let late = tight.vms.iter().position(|vm| vm.to_host.as_str() == "lyon-h3").unwrap() as u32;
    let register = step_of(&tight, Action::RegisterVm(VmRef::Production(VmIx(late)))).unwrap();
    assert!(tight.edges.from(woken).any(|edge| edge.to == register));
}

#[test]
fn a_vm_that_is_there_already_keeps_its_host() {
    let (world, plan) = world("bronze-async");
    let world = super::recovered(world);
    let graph = graph(&world, &plan, RunKind::PlannedMigration, |_| {});
    let there = &world.inventory.sites["lyon"].vms;
    for vm in &graph.vms {
        let known = there.iter().find(|known| known.id == vm.id).unwrap();
        assert_eq!(Some(&vm.to_host), known.host.as_ref());
        assert_eq!(vm.from_host, None);
    }
}

#[test]
fn suspended_vms_make_room() {
    let mut world = fixture::examples();
    world.add_group("wiki", ("paris", "lyon"), &["bronze-async"], &[("app", "wiki")]);
    let spec = plan_spec(r#"{"suspend-at-recovery": {"match": {"tags": {"env": "dev"}}}}"#);
    let plan = world.add_plan("wiki", &["wiki"], spec);
    for host in &mut world.inventory.sites.get_mut("lyon").unwrap().hosts {
        host.free_mib = 0;
        host.memory_mib = 0;
    }
    let graph = graph(&world, &plan, RunKind::PlannedMigration, |_| {});
    let names: Vec<&str> = graph.others.iter().map(|other| &*other.name).collect();
    assert_eq!(names, ["lyon-dev-01"]);
    let dev = world.inventory.sites["lyon"].vms[0].host.clone().unwrap();
    assert_eq!(graph.vms[0].to_host, dev);
}

#[test]
fn many_that_wait_for_many_meet_at_one_hub() {
    let world = fixture::fleet(1000);
    let plan = "all".into();
    let graph = graph(&world, &plan, RunKind::Failover, |_| {});
    // 400 application servers wait for 200 caches: 80,000 edges without a hub.
    assert!(graph.edges.len() < 20 * graph.vms.len(), "{} edges", graph.edges.len());
}

#[test]
fn equal_requests_give_equal_digests_and_changed_ones_do_not() {
    let (mut world, plan) = world("bronze-async");
    let digest =
        |world: &World| crate::compile::digest(&graph(world, &plan, RunKind::Failover, |_| {}));
    let first = digest(&world);
    assert_eq!(first.len(), 64);
    assert_eq!(first, digest(&world));
    world.config.plans.get_mut(&plan).unwrap().spec.defaults.priority = Some(4);
    assert_eq!(first, digest(&world), "both VMs have a rule of their own");
    world.config.plans.get_mut(&plan).unwrap().spec.vms.pop();
    assert_ne!(first, digest(&world));
}
