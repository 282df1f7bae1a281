//! What is wrong is said, all at once.

use super::{plan_spec, sentences, try_compile, world};
use crate::document::PlanSpec;
use crate::finding::Finding;
use crate::fixture::{NewVm, World};
use crate::graph::{Action, Step};
use crate::id::PlanName;
use crate::inventory::{HostState, ReplicaRole};
use crate::run::RunKind;

fn errors(world: &World, plan: &PlanName, kind: RunKind) -> String {
    sentences(&try_compile(world, plan, kind, |_| {}).unwrap_err())
}

fn warnings(world: &World, plan: &PlanName, kind: RunKind) -> String {
    sentences(&try_compile(world, plan, kind, |_| {}).unwrap().warnings)
}

fn set(world: &mut World, plan: &PlanName, json: &str) {
    let old = &mut world.config.plans.get_mut(plan).unwrap().spec;
    let groups = std::mem::take(&mut old.protection_groups);
    *old = PlanSpec { protection_groups: groups, ..plan_spec(json) };
}

#[test]
fn everything_wrong_is_found_at_once() {
    let (mut world, plan) = world("bronze-async");
    world.config.mappings.clear();
    set(
        &mut world,
        &plan,
        r#"{"vms": [
        {"match": {"name": "shop-db-*"}, "after": ["shop-app-1"]},
        {"match": {"name": "shop-app-*"}, "priority": 1, "after": ["shop-db-01"]}
    ]}"#,
    );
    let lyon = world.inventory.sites.get_mut("lyon").unwrap();
    lyon.hosts.iter_mut().for_each(|host| host.state = HostState::Down);
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Failover));
}

#[test]
fn a_circle_is_printed_with_its_names() {
    let (mut world, plan) = world("bronze-async");
    set(
        &mut world,
        &plan,
        r#"{"vms": [
        {"match": {"name": "shop-db-01"}, "after": ["shop-app-01"]},
        {"match": {"name": "shop-app-01"}, "after": [{"match": {"tags": {"tier": "db"}}}]}
    ]}"#,
    );
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Test));
}

#[test]
fn a_match_that_waits_for_itself_is_a_circle_of_two() {
    let (mut world, plan) = world("bronze-async");
    set(
        &mut world,
        &plan,
        r#"{"vms": [
        {"match": {"tags": {"app": "shop"}}, "after": [{"match": {"tags": {"app": "shop"}}}]}
    ]}"#,
    );
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Test));
}

#[test]
fn a_group_torn_by_the_plan_names_the_volume_outside() {
    let mut world = World::pair(1);
    for name in ["in-01", "out-01"] {
        let tags: &[(&str, &str)] = if name == "in-01" { &[("app", "in")] } else { &[] };
        world.add_vm(&NewVm { name, group: Some("cg-both"), tags, ..NewVm::default() });
    }
    world.add_group("in", ("paris", "lyon"), &["bronze-async"], &[("app", "in")]);
    let plan = world.add_plan("in", &["in"], PlanSpec::default());
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Failover));
}

#[test]
fn a_disk_that_does_not_replicate_is_a_warning_and_a_home_an_error() {
    for (volume, kind) in [("shop-db-01-disk-0", "disk"), ("shop-db-01-home", "home")] {
        let (mut world, plan) = world("bronze-async");
        let paris = world.inventory.sites.get_mut("paris").unwrap();
        let volume = paris.volumes.iter_mut().find(|v| v.id.as_str() == volume).unwrap();
        volume.group = None;
        for site in world.inventory.sites.values_mut() {
            for leg in &mut site.groups {
                leg.volumes.retain(|v| {
                    *v != format!("shop-db-01-{kind}").as_str().into()
                        && *v != format!("shop-db-01-{kind}-0").as_str().into()
                });
            }
        }
        let said = match try_compile(&world, &plan, RunKind::Failover, |_| {}) {
            Ok(compiled) => sentences(&compiled.warnings),
            Err(findings) => sentences(&findings),
        };
        insta::assert_snapshot!(format!("partly-{kind}"), said);
    }
}

#[test]
fn too_little_memory_forbids_a_migration_and_warns_in_a_disaster() {
    let (mut world, plan) = world("bronze-async");
    for vm in &mut world.inventory.sites.get_mut("paris").unwrap().vms {
        vm.memory_mib = 400 * 1024;
    }
    world.inventory.sites.get_mut("lyon").unwrap().hosts.truncate(1);
    insta::assert_snapshot!(errors(&world, &plan, RunKind::PlannedMigration));
    insta::assert_snapshot!(warnings(&world, &plan, RunKind::Failover));
}

#[test]
fn a_test_never_gets_a_network_that_nobody_marked() {
    let (mut world, plan) = world("bronze-async");
    set(
        &mut world,
        &plan,
        r#"{"networks": [
        {"protected": "prod-app", "recovery": "lyon-app", "test": {"network": "lyon-db"}},
        {"protected": "prod-db", "recovery": "lyon-test", "test": {"network": "lyon-test"}}
    ]}"#,
    );
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Test));
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Failover));
}

#[test]
fn callouts_that_nobody_marked_safe_are_left_out_of_a_test() {
    let (mut world, plan) = world("bronze-async");
    set(
        &mut world,
        &plan,
        r#"{"vms": [{"match": {}, "before-power-on":
        [{"callout": "warm-cache"}, {"prompt": "Go on?"}, {"callout": "harmless"}]}]}"#,
    );
    world.test_safe_callouts.insert("harmless".into());
    let compiled = try_compile(&world, &plan, RunKind::Test, |_| {}).unwrap();
    insta::assert_snapshot!(sentences(&compiled.warnings));
    let names: Vec<&str> = compiled.graph.callouts.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["harmless", "harmless"]);
    assert_eq!(compiled.graph.prompts.len(), 2);
}

#[test]
fn an_old_or_unknown_recovery_point_is_said_with_its_age() {
    let (mut world, plan) = world("bronze-async");
    set(&mut world, &plan, r#"{"objectives": {"rpo": "1m"}}"#);
    insta::assert_snapshot!(warnings(&world, &plan, RunKind::Failover));
    for leg in &mut world.inventory.sites.get_mut("lyon").unwrap().groups {
        leg.points.clear();
        leg.lag = None;
    }
    insta::assert_snapshot!(warnings(&world, &plan, RunKind::Failover));
}

#[test]
fn a_recovery_point_that_is_gone_is_an_error() {
    let (mut world, plan) = world("copper-cdp");
    world.points.insert("cg-shop-db-01".into(), "cg-shop-db-01@-70s".into());
    let graph = super::graph(&world, &plan, RunKind::Failover, |_| {});
    assert_eq!(graph.groups.iter().filter(|group| group.point.is_some()).count(), 1);
    world.points.insert("cg-shop-app-01".into(), "yesterday".into());
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Failover));
}

#[test]
fn reprotect_wants_a_complete_recovery() {
    let (world, plan) = world("bronze-async");
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Reprotect));
}

#[test]
fn why_a_vm_restarts_although_it_should_move_live() {
    let (mut world, plan) = world("gold-metro");
    set(
        &mut world,
        &plan,
        r#"{"vms": [{"match": {"name": "shop-app-01"},
        "ip": {"rules": [{"from": "10.10.0.0/24", "to": "10.20.0.0/24"}]}}]}"#,
    );
    world.inventory.links[0].rtt_ms = 12.0;
    let compiled = try_compile(&world, &plan, RunKind::PlannedMigration, |r| r.live = true);
    insta::assert_snapshot!(sentences(&compiled.unwrap().warnings));
}

#[test]
fn nothing_to_do_and_no_such_plan() {
    let (mut world, plan) = world("bronze-async");
    let all = |findings: Vec<Finding>| sentences(&findings);
    let missing = PlanName::from("missing");
    let none = all(try_compile(&world, &missing, RunKind::Test, |_| {}).unwrap_err());
    world.add_group("shop", ("paris", "lyon"), &["silver-sync"], &[]);
    let empty = errors(&world, &plan, RunKind::Test);
    insta::assert_snapshot!(format!("{none}\n{empty}"));
}

#[test]
fn a_site_is_never_left_and_gone_to_by_one_plan() {
    let (mut world, plan) = world("bronze-async");
    world.add_vm(&NewVm { name: "back-01", at: "lyon", to: "paris", ..NewVm::default() });
    world.add_group("back", ("lyon", "paris"), &["bronze-async"], &[]);
    world.config.plans.get_mut(&plan).unwrap().spec.protection_groups.push("back".into());
    let said = errors(&world, &plan, RunKind::Failover);
    insta::assert_snapshot!(
        said.lines().filter(|l| l.contains("leaves")).collect::<Vec<_>>().join("\n")
    );
}

/// The roles of a group's legs at paris and at lyon.
fn legs(world: &mut World, roles: [ReplicaRole; 2]) {
    for (site, role) in ["paris", "lyon"].into_iter().zip(roles) {
        for leg in &mut world.inventory.sites.get_mut(site).unwrap().groups {
            leg.role = role;
        }
    }
}

#[test]
fn a_failover_to_a_copy_that_was_replaced_is_an_error() {
    let (mut world, plan) = world("silver-sync");
    legs(&mut world, [ReplicaRole::FailedOver, ReplicaRole::RemoteFailedOver]);
    insta::assert_snapshot!(errors(&world, &plan, RunKind::Failover));
}

/// A migration that stopped behind its pivot is started again: what was promoted is not sent again, and
/// its promotion counts as it is.
#[test]
fn a_planned_migration_sends_nothing_from_a_side_that_was_given_up() {
    let (mut world, plan) = world("silver-sync");
    legs(&mut world, [ReplicaRole::RemoteFailedOver, ReplicaRole::FailedOver]);
    let generation = |world: &World| world.inventory.sites["lyon"].groups[0].generation;
    let before = generation(&world);
    let graph = try_compile(&world, &plan, RunKind::PlannedMigration, |_| {}).unwrap().graph;
    let sends = |step: &Step| matches!(step.action, Action::SyncStorage(_));
    assert!(!graph.steps.iter().any(sends));
    let promotes = |step: &Step| matches!(step.action, Action::PromoteStorage(_));
    assert!(graph.steps.iter().any(promotes));
    assert!(graph.groups.iter().all(|group| group.generation < before.max(1)));

    // A leg that does not know may hold writes of its own.
    legs(&mut world, [ReplicaRole::Source, ReplicaRole::FailedOver]);
    let graph = try_compile(&world, &plan, RunKind::PlannedMigration, |_| {}).unwrap().graph;
    assert!(graph.steps.iter().any(sends));
}
