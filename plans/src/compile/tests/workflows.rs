//! One snapshot for each workflow and replication mode.

use super::{graph, recovered, world};
use crate::fixture::{POLICIES, World};
use crate::graph::render::text;
use crate::graph::{Action, Step};
use crate::inventory::ReplicaRole;
use crate::run::RunKind;

fn each_mode(name: &str, of: impl Fn(&str) -> String) {
    for (policy, short) in POLICIES {
        insta::assert_snapshot!(format!("{name}-{short}"), of(policy));
    }
}

#[test]
fn test() {
    each_mode("test", |policy| {
        let (world, plan) = world(policy);
        text(&graph(&world, &plan, RunKind::Test, |_| {}))
    });
}

#[test]
fn cleanup() {
    each_mode("cleanup", |policy| {
        let (world, plan) = world(policy);
        let test = graph(&world, &plan, RunKind::Test, |_| {});
        let derivation = world.derive();
        let mut request = world.request(&plan, &derivation, RunKind::Cleanup);
        request.test = Some(&test);
        text(&crate::compile::compile(&request).unwrap().graph)
    });
}

#[test]
fn planned() {
    each_mode("planned", |policy| {
        let (world, plan) = world(policy);
        text(&graph(&world, &plan, RunKind::PlannedMigration, |_| {}))
    });
}

#[test]
fn planned_live() {
    each_mode("planned-live", |policy| {
        let (mut world, plan) = world(policy);
        let methods =
            r#"{"prefer": ["long-distance/active-active", "long-distance/active-passive"]}"#;
        let plan_spec = &mut world.config.plans.get_mut(&plan).unwrap().spec;
        plan_spec.defaults.mobility = Some(serde_json::from_str(methods).unwrap());
        text(&graph(&world, &plan, RunKind::PlannedMigration, |request| request.live = true))
    });
}

#[test]
fn planned_live_or_halt() {
    let (mut world, plan) = world("gold-metro");
    world.config.plans.get_mut(&plan).unwrap().spec.live_failure =
        crate::document::LiveFailure::Halt;
    let graph = graph(&world, &plan, RunKind::PlannedMigration, |request| request.live = true);
    insta::assert_snapshot!(text(&graph));
}

#[test]
fn failover() {
    each_mode("failover", |policy| {
        let (world, plan) = world(policy);
        text(&graph(&world, &plan, RunKind::Failover, |_| {}))
    });
}

#[test]
fn forced_failover() {
    each_mode("forced", |policy| {
        let (world, plan) = world(policy);
        text(&graph(&world, &plan, RunKind::Failover, |request| request.forced = true))
    });
}

#[test]
fn owed() {
    each_mode("owed", |policy| {
        let (world, plan) = world(policy);
        let failover = graph(&world, &plan, RunKind::Failover, |request| request.forced = true);
        let derivation = world.derive();
        let mut request = world.request(&plan, &derivation, RunKind::Failover);
        request.owed = Some(&failover);
        text(&crate::compile::compile(&request).unwrap().graph)
    });
}

#[test]
fn reprotect() {
    each_mode("reprotect", |policy| {
        let (world, plan) = world(policy);
        text(&graph(&recovered(world), &plan, RunKind::Reprotect, |_| {}))
    });
}

#[test]
fn reprotect_brings_a_torn_stretched_group_together() {
    let (world, plan) = world("gold-metro");
    let mut world = recovered(world);
    let lyon = world.inventory.sites.get_mut("lyon").unwrap();
    lyon.groups.iter_mut().for_each(|leg| leg.role = ReplicaRole::FailedOver);
    let graph = graph(&world, &plan, RunKind::Reprotect, |_| {});
    insta::assert_snapshot!(text(&graph));
}

/// A failover had promoted it and stopped half-way: nothing will be in sync before a reprotect.
#[test]
fn a_migration_asks_no_torn_stretched_group_to_be_in_sync() {
    let (mut world, plan) = world("gold-metro");
    for (name, role) in
        [("paris", ReplicaRole::RemoteFailedOver), ("lyon", ReplicaRole::FailedOver)]
    {
        let site = world.inventory.sites.get_mut(name).unwrap();
        site.groups.iter_mut().for_each(|leg| leg.role = role);
    }
    let graph = graph(&world, &plan, RunKind::PlannedMigration, |_| {});
    let text = text(&graph);
    assert!(!text.contains("Check cg-") && !text.contains("Prefer lyon for"), "{text}");
    assert!(text.contains("Power on shop-app-01 at lyon"), "{text}");
}

#[test]
fn planned_back() {
    let (world, plan) = world("bronze-async");
    let graph = graph(&reprotected(world), &plan, RunKind::PlannedMigration, |request| {
        request.reversed = true;
    });
    insta::assert_snapshot!(text(&graph));
}

/// A recovery whose storage replicates the other way since.
fn reprotected(world: World) -> World {
    let mut world = recovered(world);
    world.fences.up.clear();
    for (name, site) in &mut world.inventory.sites {
        let turned = match name.as_str() {
            "paris" => ReplicaRole::Target,
            _ => ReplicaRole::Source,
        };
        site.groups.iter_mut().for_each(|leg| leg.role = turned);
    }
    world
}

/// The storage already replicates the way that the run leads to: nothing is sent over what is newer, and
/// the copy that is written there stands as it is.
#[test]
fn what_is_written_at_the_end_of_the_way_is_not_sent_there() {
    let (world, plan) = world("bronze-async");
    let graph = graph(&reprotected(world), &plan, RunKind::PlannedMigration, |_| ());
    let is_sync = |step: &Step| matches!(step.action, Action::SyncStorage(_));
    assert!(!graph.steps.iter().any(is_sync), "{}", text(&graph));
    assert!(graph.groups.iter().all(|group| group.generation == 1), "{:?}", graph.groups);
}
