//! Rows of a journal, folded.

use std::sync::{Arc, LazyLock};

use muster_engine::decide::Decider;
use muster_engine::testing::Sample;
use muster_engine::{Limits, Record, RunState, RunView, StepView, fold};
use muster_plans::graph::{Graph, StepIx};
use muster_plans::time::Time;

static GRAPHS: LazyLock<[Arc<Graph>; 5]> = LazyLock::new(|| {
    [
        Sample::planned(2),
        Sample::failover(2),
        Sample::test(2),
        Sample::cleanup(2),
        Sample::reprotect(6),
    ]
});

/// A row as the store keeps it: a JSON list of records. They are folded over every kind of run.
///
/// # Panics
/// Where records are not read as they were written, a record that is illegal leaves a trace, or a state
/// that was reached cannot be shown and decided upon.
pub fn journal(bytes: &[u8]) {
    let Ok(records) = serde_json::from_slice::<Vec<Record>>(bytes) else { return };
    let written = serde_json::to_vec(&records).expect("what was read can be written");
    let again: Vec<Record> = serde_json::from_slice(&written).expect("and read again");
    assert_eq!(again, records);
    for graph in GRAPHS.iter() {
        folded(graph, &records);
    }
}

/// The records that apply, one by one, and then all of them together.
fn folded(graph: &Arc<Graph>, records: &[Record]) {
    let mut state = RunState::new(Arc::clone(graph));
    let mut legal = Vec::new();
    for record in records {
        match state.apply(record) {
            Ok(()) => legal.push(record.clone()),
            Err(illegal) => {
                assert!(!illegal.to_string().is_empty());
                assert_eq!(state.len(), legal.len() as u64, "an illegal record counted");
            }
        }
    }
    let whole = fold(graph, &legal).expect("what applied one by one applies again");
    assert_eq!(format!("{:?}", RunView::of(&whole, Time(0))), shown(&state));
    fold(graph, &legal[..legal.len() / 2]).expect("a journal is legal at every length");
    let mut decider = Decider::new(graph, &Limits::default());
    for step in 0..graph.len() as StepIx {
        decider.offer(&whole, step);
    }
    _ = (decider.decide(&whole), decider.send());
}

fn shown(state: &RunState) -> String {
    for step in 0..state.graph().len() as StepIx {
        _ = StepView::of(state, step);
    }
    format!("{:?}", RunView::of(state, Time(0)))
}
