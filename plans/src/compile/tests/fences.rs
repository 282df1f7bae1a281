//! Fences that other plans need, and fences in the way.

use super::{graph, plan_spec, recovered, sentences, try_compile, world};
use crate::compile::Wall;
use crate::fixture::{NewVm, Place, World};
use crate::graph::{Action, Graph, Step};
use crate::id::PlanName;
use crate::run::RunKind;

fn paris_by_lyon() -> Wall {
    ("paris".into(), "lyon".into())
}

fn lyon_by_paris() -> Wall {
    ("lyon".into(), "paris".into())
}

fn need(world: &mut World, wall: Wall) {
    world.fences.needed.insert(wall, vec![PlanName::from("archive")]);
}

/// Positions of the steps that lift a fence.
fn lifts(graph: &Graph) -> Vec<usize> {
    let steps = graph.steps.iter().enumerate();
    steps.filter(|(_, s)| matches!(s.action, Action::Unfence(_))).map(|(nr, _)| nr).collect()
}

#[test]
fn what_is_owed_is_done_behind_a_fence_that_another_plan_needs() {
    let (mut world, plan) = world("silver-sync");
    let failover = graph(&world, &plan, RunKind::Failover, |request| request.forced = true);
    let owed = |world: &World| {
        let derivation = world.derive();
        let mut request = world.request(&plan, &derivation, RunKind::Failover);
        request.owed = Some(&failover);
        crate::compile::compile(&request).unwrap()
    };
    let alone = owed(&world);
    assert_eq!((lifts(&alone.graph).len(), sentences(&alone.warnings).as_str()), (1, ""));
    // The fence the other way round is another one.
    need(&mut world, lyon_by_paris());
    assert_eq!(owed(&world), alone);
    need(&mut world, paris_by_lyon());
    let beside = owed(&world);
    assert_eq!(lifts(&beside.graph), Vec::<usize>::new());
    assert_eq!(beside.graph.len() + 1, alone.graph.len(), "everything else is done");
    insta::assert_snapshot!(sentences(&beside.warnings), @"fence-stays: paris stays fenced by lyon: a failover of archive counts on it");
}

#[test]
fn a_reprotect_lifts_a_fence_and_waits_for_plans_that_need_it() {
    let (world, plan) = world("silver-sync");
    let mut world = recovered(world);
    assert_eq!(lifts(&graph(&world, &plan, RunKind::Reprotect, |_| {})).len(), 1);
    need(&mut world, paris_by_lyon());
    let refused = try_compile(&world, &plan, RunKind::Reprotect, |_| {}).unwrap_err();
    insta::assert_snapshot!(sentences(&refused), @"site-kept-out: paris is fenced by lyon, and a failover of archive counts on that");
    // One that waits for its own reprotect is not waited for: each would wait for the other.
    world.fences.unsettled = std::mem::take(&mut world.fences.needed);
    let beside = try_compile(&world, &plan, RunKind::Reprotect, |_| {}).unwrap();
    assert_eq!(lifts(&beside.graph), Vec::<usize>::new());
    assert!(sentences(&beside.warnings).starts_with("fence-stays: paris stays fenced by lyon"));
}

#[test]
fn a_migration_lets_in_the_site_that_it_goes_to_once_its_replicas_are_seen() {
    for policy in ["silver-sync", "gold-metro"] {
        let (mut world, plan) = world(policy);
        world.fences.up.insert(paris_by_lyon());
        let planned = |world: &World| graph(world, &plan, RunKind::PlannedMigration, |_| {});
        assert_eq!(lifts(&planned(&world)), Vec::<usize>::new(), "it goes to lyon");
        world.fences.up.insert(lyon_by_paris());
        insta::assert_snapshot!(
            format!("let-in-{policy}"),
            crate::graph::render::text(&planned(&world))
        );
    }
}

#[test]
fn a_migration_to_a_site_that_another_plan_keeps_out_is_refused() {
    let (mut world, plan) = world("silver-sync");
    world.fences.up.insert(lyon_by_paris());
    need(&mut world, lyon_by_paris());
    let refused = try_compile(&world, &plan, RunKind::PlannedMigration, |_| {}).unwrap_err();
    insta::assert_snapshot!(sentences(&refused), @"site-kept-out: lyon is fenced by paris, and a failover of archive counts on that");
}

#[test]
fn a_site_that_is_left_for_several_is_fenced_from_each_and_let_in_by_each() {
    let mut world = World::pair(2);
    world.add_site(&Place { name: "rome", net: 30, hosts: 2 });
    world.add_link("paris", "rome", 2.0);
    world.add_mapping("paris", "rome");
    for (name, app, to) in [("a-1", "a", "lyon"), ("b-1", "b", "rome")] {
        let tags: &[(&str, &str)] = &[("app", app)];
        world.add_vm(&NewVm { name, to, policy: Some("silver-sync"), tags, ..NewVm::default() });
        world.add_group(app, ("paris", to), &["silver-sync"], tags);
    }
    let plan = world.add_plan("both", &["a", "b"], plan_spec(r#"{}"#));
    let failover = graph(&world, &plan, RunKind::Failover, |request| request.forced = true);
    let (from, gates): (Vec<_>, Vec<_>) = failover
        .steps
        .iter()
        .filter(|s| matches!(s.action, Action::Fence(_) | Action::Gate(_)))
        .partition(|s| matches!(s.action, Action::Fence(_)));
    let names = |steps: &[&Step]| -> Vec<String> {
        steps.iter().map(|step| failover.site(step.site).to_string()).collect()
    };
    assert_eq!((names(&from), gates.len()), (vec!["lyon".into(), "rome".into()], 1));
    let derivation = world.derive();
    let mut request = world.request(&plan, &derivation, RunKind::Failover);
    request.owed = Some(&failover);
    let owed = crate::compile::compile(&request).unwrap().graph;
    let lifted: Vec<&Step> = lifts(&owed).into_iter().map(|nr| &owed.steps[nr]).collect();
    assert_eq!(names(&lifted), ["lyon", "rome"]);
}
