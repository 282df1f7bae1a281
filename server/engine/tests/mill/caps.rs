//! What is limited stays limited, and nothing stands still that need not.

use std::time::Duration;

use muster_engine::testing::{Sample, World};
use muster_engine::{Ending, Limits, Stop};
use muster_plans::graph::{Action, OnFailure, SiteIx, StepIx, VmIx, VmRef};
use muster_plans::run::RunKind;

use crate::rig::{Rig, run};

fn off(vm: u32) -> Action {
    Action::PowerOff(VmRef::Production(VmIx(vm)))
}

async fn play(rig: &Rig) -> Duration {
    rig.world.latency(Duration::from_millis(100));
    let start = tokio::time::Instant::now();
    assert_eq!(rig.play().await, Stop::Ended(Ending::Succeeded));
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn slots_are_never_exceeded_and_always_used() {
    let graph = Sample::wide(RunKind::Reprotect, 50);
    let limits = Limits { slots: 8, lookahead: 4, ..Limits::default() };
    let rig = Rig::with(&graph, World::new(&graph), limits);
    let took = play(&rig).await;
    assert_eq!(rig.world.peaks().1, 8);
    assert_eq!(took.as_millis() / 100, 7, "50 steps, 8 at once: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn resources_are_never_exceeded_and_hold_nobody_up_who_does_not_need_them() {
    let mut sample = Sample::new(RunKind::Reprotect, 60);
    let builder = sample.builder();
    let host = builder.resource("host lyon-h3", 8);
    let network = builder.resource("network lyon migration", 3);
    let heavy = builder.cost(vec![(host, 4), (network, 1)]);
    let light = builder.cost(vec![(host, 1)]);
    for vm in 0..60 {
        let step = sample.step(off(vm), SiteIx(0), OnFailure::Policy);
        let cost = [heavy, light, 0][vm as usize % 3];
        sample.builder().graph.steps[step as usize].cost = cost;
    }
    let graph = sample.finish();
    let rig = Rig::new(&graph);
    let took = play(&rig).await;
    let (peaks, at_once) = rig.world.peaks();
    assert!(peaks[1] <= 8 && peaks[2] <= 3, "{peaks:?}");
    assert!(at_once >= 22, "the free ones do not wait: {at_once}");
    // 20 heavy ones of 4 units and 20 light ones of 1 fill 8 units for 12.5 rounds.
    assert!((12..=16).contains(&(took.as_millis() / 100)), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_needs_more_than_there_is_runs_alone() {
    let mut sample = Sample::new(RunKind::Reprotect, 3);
    let link = sample.builder().resource("link paris-lyon", 2);
    let cost = sample.builder().cost(vec![(link, 9)]);
    for vm in 0..3 {
        let step = sample.step(off(vm), SiteIx(0), OnFailure::Policy);
        sample.builder().graph.steps[step as usize].cost = cost;
    }
    let rig = Rig::new(&sample.finish());
    play(&rig).await;
    assert_eq!(rig.world.peaks().1, 1);
}

#[tokio::test(start_paused = true)]
async fn the_longest_remaining_path_goes_first() {
    let mut sample = Sample::new(RunKind::Reprotect, 8);
    let one = sample.builder().resource("one at a time", 1);
    let cost = sample.builder().cost(vec![(one, 1)]);
    let mut steps: Vec<(u32, StepIx)> = Vec::new();
    for vm in 0..8 {
        let step = sample.step(off(vm), SiteIx(0), OnFailure::Policy);
        let estimate = [30, 80, 10, 70, 20, 60, 40, 50][vm as usize] * 1000;
        let row = &mut sample.builder().graph.steps[step as usize];
        (row.cost, row.estimate_ms) = (cost, estimate);
        steps.push((estimate, step));
    }
    let rig = Rig::new(&sample.finish());
    play(&rig).await;
    steps.sort_by(|a, b| b.cmp(a));
    let expected: Vec<StepIx> = steps.into_iter().map(|(_, step)| step).collect();
    let called: Vec<StepIx> = rig.world.calls().iter().map(|id| id.step).collect();
    assert_eq!(called, expected);
}

#[tokio::test(start_paused = true)]
async fn an_idle_journal_commits_at_once_and_a_busy_one_many_at_a_time() {
    let graph = Sample::wide(RunKind::Reprotect, 500);
    let rig = Rig::new(&graph);
    rig.journal.delay(Duration::from_millis(10));
    assert_eq!(rig.play().await, Stop::Ended(Ending::Succeeded));
    let (records, commits) = (rig.records().len(), rig.journal.commits());
    assert_eq!(records, 1 + 500 * 2 + 1);
    assert!(commits < 12, "{records} records in {commits} commits");
    assert_eq!(rig.engine.view(run()).unwrap().records, records as u64);
}
