//! Everything goes well.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_contract::WitnessSight;
use muster_engine::testing::{Sample, World};
use muster_engine::{Answer, By, Ending, StateWord, StepState, Stop};
use muster_plans::graph::{Action, Graph, StepKind};
use muster_plans::id::SiteName;

use crate::rig::{Rig, run};

/// Lets a run through that asks its one question, and waits for its end.
pub(crate) async fn play_and_answer(rig: &Rig) -> Stop {
    rig.world.witness_says(&SiteName::from("paris"), WitnessSight::Dead);
    rig.start().await;
    answer_when_asked(rig).await;
    rig.wait().await
}

pub(crate) async fn answer_when_asked(rig: &Rig) {
    let mut pulse = rig.engine.watch(run()).unwrap();
    let prompt = (0..).zip(&rig.graph.steps);
    let prompt = prompt.filter(|(_, s)| matches!(s.action, Action::Prompt(_))).map(|(ix, _)| ix);
    for step in prompt {
        loop {
            if rig.engine.look(run(), |state| state.step(step)) == Some(Some(StepState::Running)) {
                let by = By(String::from("ines"));
                rig.engine.answer(run(), step, by, Answer::Continue, None).await.unwrap();
                break;
            }
            if pulse.borrow_and_update().stop.is_some() {
                return;
            }
            pulse.changed().await.unwrap();
        }
    }
}

/// Graphs that between them hold every kind of step, each with the one that must run before it.
pub(crate) fn all() -> Vec<(&'static str, Vec<Arc<Graph>>)> {
    vec![
        ("planned migration", vec![Sample::planned(3)]),
        ("failover", vec![Sample::failover(2)]),
        ("test", vec![Sample::test(2)]),
        ("cleanup", vec![Sample::test(2), Sample::cleanup(2)]),
        ("reprotect", vec![Sample::failover(2), Sample::reprotect(2)]),
    ]
}

/// A rig before the last of these graphs, with the others behind it.
pub(crate) async fn prepared(graphs: &[Arc<Graph>]) -> Rig {
    let (last, before) = graphs.split_last().unwrap();
    let mut world = World::new(&graphs[0]);
    for graph in before {
        let rig = Rig::over(graph, world.then(graph));
        assert_eq!(play_and_answer(&rig).await, Stop::Ended(Ending::Succeeded));
        world = Arc::clone(&rig.world);
    }
    Rig::over(last, world.then(last))
}

#[test]
fn the_samples_hold_every_kind_of_step() {
    let graphs = all().into_iter().flat_map(|(_, graphs)| graphs);
    let kinds: BTreeSet<StepKind> = graphs
        .flat_map(|graph| graph.steps.iter().map(|s| s.action.kind()).collect::<Vec<_>>())
        .collect();
    assert_eq!(kinds.len(), 33, "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn every_workflow_succeeds() {
    for (name, graphs) in all() {
        let rig = prepared(&graphs).await;
        let stop = play_and_answer(&rig).await;
        let view = rig.engine.view(run()).unwrap();
        assert_eq!(stop, Stop::Ended(Ending::Succeeded), "{name}: {view:#?}");
        assert_eq!(view.state, StateWord::Succeeded, "{name}");
        assert_eq!(view.progress, 1.0, "{name}");
        rig.assert_promises();
        let bad: Vec<_> = (0..rig.graph.len() as u32)
            .filter(|ix| !matches!(rig.step(*ix), StepState::Done | StepState::Skipped))
            .collect();
        assert_eq!(bad, Vec::<u32>::new(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_over_folds_to_what_was_seen_live() {
    let rig = Rig::new(&Sample::planned(3));
    play_and_answer(&rig).await;
    let live = rig.engine.view(run()).unwrap();
    let folded = muster_engine::RunView::of(&rig.state(), live.last_at);
    assert_eq!(folded, live);
}
