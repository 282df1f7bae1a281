use proptest::prelude::*;

use super::*;
use crate::graph::{Action, Edges, Graph, GraphBuilder, Needs, OnFailure, SiteIx, Step};
use crate::run::RunKind;

/// A step: how long, what it holds, and on which earlier ones it waits.
type Task = (u32, Vec<(u32, u32)>, Vec<usize>);

fn empty() -> Graph {
    Graph {
        format: crate::graph::GRAPH_FORMAT,
        plan: "erp".into(),
        kind: RunKind::Failover,
        forced: false,
        owed_only: false,
        tag: None,
        sites: vec!["lyon".into()],
        recovery: SiteIx(0),
        vms: Vec::new(),
        groups: Vec::new(),
        hosts: Vec::new(),
        others: Vec::new(),
        test_vms: Vec::new(),
        clones: Vec::new(),
        bubbles: Vec::new(),
        prompts: Vec::new(),
        callouts: Vec::new(),
        resources: Vec::new(),
        costs: Vec::new(),
        phases: Vec::new(),
        steps: Vec::new(),
        edges: Edges::default(),
        pivot: None,
    }
}

fn graph(caps: &[u32], tasks: &[Task]) -> Graph {
    let mut builder = GraphBuilder::new(empty());
    let phase = builder.phase("all");
    for (n, cap) in caps.iter().enumerate() {
        builder.resource(format!("r{n}"), *cap);
    }
    for (n, (estimate_ms, cost, after)) in tasks.iter().enumerate() {
        let cost = builder.cost(cost.clone());
        let step = builder.step(Step {
            action: Action::Report,
            phase,
            site: SiteIx(0),
            on_failure: OnFailure::Policy,
            cost,
            timeout_ms: 0,
            estimate_ms: *estimate_ms,
            unless: None,
        });
        assert_eq!(step as usize, n);
        for earlier in after {
            builder.edge(*earlier as StepIx, step, Needs::Success);
        }
    }
    builder.finish().unwrap()
}

fn tasks() -> impl Strategy<Value = (Vec<u32>, Vec<Task>)> {
    let cost = prop::collection::btree_map(0..3_u32, 1..6_u32, 0..3);
    let task = (0..20_u32, cost, prop::collection::vec(any::<prop::sample::Index>(), 0..3));
    let caps = prop::collection::vec(1..5_u32, 3);
    (caps, prop::collection::vec(task, 1..25)).prop_map(|(caps, drawn)| {
        let tasks = drawn.into_iter().enumerate().map(|(n, (estimate, cost, after))| {
            let mut after: Vec<usize> =
                after.iter().filter(|_| n > 0).map(|ix| ix.index(n.max(1))).collect();
            after.sort_unstable();
            after.dedup();
            (estimate, cost.into_iter().collect(), after)
        });
        (caps, tasks.collect())
    })
}

/// Units of a resource in use by steps that run at an instant.
fn in_use(tasks: &[Task], schedule: &Schedule, caps: &[u32], resource: u32, at: u64) -> u32 {
    let running = (0..tasks.len()).filter(|&n| schedule.start[n] <= at && at < schedule.end[n]);
    let held = |n: usize| {
        let units = tasks[n].1.iter().find(|(r, _)| *r == resource).map_or(0, |(_, units)| *units);
        units.min(caps[resource as usize])
    };
    running.map(held).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_schedule_keeps_order_and_caps_and_never_idles((caps, tasks) in tasks()) {
        let graph = graph(&caps, &tasks);
        let schedule = schedule(&graph, &durations(&graph));
        for (n, (estimate, cost, after)) in tasks.iter().enumerate() {
            let ready = after.iter().map(|earlier| schedule.end[*earlier]).max().unwrap_or(0);
            prop_assert_eq!(schedule.ready[n], ready);
            prop_assert!(schedule.start[n] >= ready);
            prop_assert_eq!(schedule.end[n], schedule.start[n] + u64::from(*estimate));
            for at in schedule.end.iter().chain(&[0]).copied() {
                for (resource, cap) in caps.iter().enumerate() {
                    let used = in_use(&tasks, &schedule, &caps, resource as u32, at);
                    prop_assert!(used <= *cap);
                }
                if ready <= at && at < schedule.start[n] {
                    let lacks = cost.iter().any(|(resource, units)| {
                        let cap = caps[*resource as usize];
                        in_use(&tasks, &schedule, &caps, *resource, at) + units.min(&cap) > cap
                    });
                    prop_assert!(lacks, "step {n} could have started at {at}");
                }
            }
        }
    }

    #[test]
    fn the_critical_path_has_no_gap_and_the_bound_holds((caps, tasks) in tasks()) {
        let graph = graph(&caps, &tasks);
        let schedule = schedule(&graph, &durations(&graph));
        let forecast = makespan(&graph);
        prop_assert_eq!(forecast.makespan.0, schedule.makespan());
        prop_assert!(forecast.lower_bound <= forecast.makespan);
        let path: Vec<usize> = forecast.critical_path.iter().map(|ix| *ix as usize).collect();
        prop_assert_eq!(schedule.start[path[0]], 0);
        prop_assert_eq!(schedule.end[path[path.len() - 1]], forecast.makespan.0);
        for pair in path.windows(2) {
            prop_assert_eq!(schedule.end[pair[0]], schedule.start[pair[1]]);
        }
        let sum: u64 = path.iter().map(|ix| u64::from(tasks[*ix].0)).sum();
        prop_assert_eq!(sum, forecast.makespan.0);
    }

    #[test]
    fn without_costs_the_longest_chain_is_the_time((_, mut tasks) in tasks()) {
        tasks.iter_mut().for_each(|task| task.1.clear());
        let forecast = makespan(&graph(&[], &tasks));
        prop_assert_eq!(forecast.makespan, forecast.lower_bound);
        prop_assert_eq!(forecast.binding, None);
    }
}

#[test]
fn a_cap_binds_and_is_named() {
    let host = |estimate| (estimate, vec![(1, 1)], vec![]);
    let forecast = makespan(&graph(&[9, 2], &[host(10), host(10), host(10), host(10), host(10)]));
    assert_eq!((forecast.makespan, forecast.lower_bound), (Span(30), Span(25)));
    assert_eq!(forecast.binding, Some(1));
    assert_eq!(forecast.critical_path.len(), 3);
}

#[test]
fn the_longest_remaining_path_goes_first() {
    // One unit; step 1 leads to a long step that needs nothing, so it must not wait for step 0.
    let tasks = [(10, vec![(0, 1)], vec![]), (10, vec![(0, 1)], vec![]), (90, vec![], vec![1])];
    assert_eq!(makespan(&graph(&[1], &tasks)).makespan, Span(100));
}

#[test]
fn a_small_step_does_not_wait_behind_a_big_one() {
    let tasks = [(10, vec![(0, 3)], vec![]), (50, vec![(0, 4)], vec![]), (5, vec![(0, 1)], vec![])];
    let graph = graph(&[4], &tasks);
    // By rank the big one goes first; what fits beside nothing waits, and then both small ones run.
    let schedule = schedule(&graph, &durations(&graph));
    assert_eq!(schedule.start, [50, 0, 50]);
}

#[test]
fn a_step_that_another_makes_unneeded_takes_nothing() {
    let mut graph = graph(&[], &[(10, vec![], vec![]), (300, vec![], vec![0])]);
    assert_eq!(makespan(&graph).makespan, Span(310));
    graph.steps[1].unless = Some(0);
    assert_eq!(makespan(&graph).makespan, Span(10));
    assert_eq!(makespan_of(&graph, &[20, 7]).makespan, Span(27));
}

#[test]
fn nothing_takes_no_time() {
    assert_eq!(makespan(&graph(&[], &[])), Forecast::default());
}
