//! The table of steps, as people can check it.

use std::fmt::Write as _;
use std::sync::Arc;

use muster_contract::{GroupState, Observation, Observed, StorageOp, Token, VmState};
use muster_plans::document::Wait;
use muster_plans::graph::{Edges, GroupIx};
use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::{Power, ReplicaRole};
use muster_plans::time::Time;

use super::*;
use crate::testing::Sample;

fn line(graph: &Graph, ix: StepIx) -> String {
    let kind = |work: &Option<Work>| match work {
        None => String::from("-"),
        Some(work) => match &work.operation {
            Some(op) => format!("{:?} at {}", op.kind(), work.site),
            None => format!("look at {}", work.site),
        },
    };
    let (work, back) = (forward(graph, ix), undo(graph, ix));
    let wanted = work.as_ref().map_or_else(
        || String::from("-"),
        |work| format!("{:?} at {}", work.proof.wanted, work.proof.site),
    );
    let class = retry(&graph.step(ix).action).class;
    let mode = mode(graph.kind, &graph.step(ix).action);
    format!(
        "{}\n    does {} ({mode:?}, {class:?})\n    proof {wanted}\n    undo {}",
        describe(graph, ix),
        kind(&work),
        kind(&back)
    )
}

fn table(graph: &Arc<Graph>) -> String {
    let mut text = String::new();
    for ix in 0..graph.len() as StepIx {
        if graph.step(ix).action != Action::Barrier {
            writeln!(text, "{}", line(graph, ix)).unwrap();
        }
    }
    text
}

#[test]
fn what_steps_do() {
    insta::assert_snapshot!("planned", table(&Sample::planned(2)));
    insta::assert_snapshot!("failover", table(&Sample::failover(1)));
    insta::assert_snapshot!("test", table(&Sample::test(1)));
    insta::assert_snapshot!("cleanup", table(&Sample::cleanup(1)));
    insta::assert_snapshot!("reprotect", table(&Sample::reprotect(1)));
}

#[test]
fn what_is_said_to_be_undoable_has_an_undo() {
    let samples = [
        Sample::planned(2),
        Sample::failover(2),
        Sample::test(2),
        Sample::cleanup(2),
        Sample::reprotect(2),
    ];
    for graph in samples {
        for ix in 0..graph.len() as StepIx {
            assert_eq!(
                undoable(&graph, ix),
                undo(&graph, ix).is_some(),
                "{}",
                describe(&graph, ix)
            );
        }
    }
}

#[test]
fn a_test_never_names_production_where_it_writes() {
    for graph in [Sample::test(2), Sample::cleanup(2)] {
        for ix in 0..graph.len() as StepIx {
            let Some((_, op)) = operation(&graph, ix) else { continue };
            let text = serde_json::to_string(&op).unwrap();
            let action = graph.step(ix).action;
            if !touches_production_only(&action) {
                assert!(text.contains("test-erp-1"), "{}: {text}", describe(&graph, ix));
            }
        }
    }
}

fn seen(state: Observation) -> Observed {
    Observed { as_of: Time(0), pending: Vec::new(), state }
}

fn leg(change: impl FnOnce(&mut GroupState)) -> Observed {
    let mut leg = GroupState {
        id: ConsistencyGroupId::from("cg-0"),
        role: ReplicaRole::Target,
        writable: false,
        drained: false,
        in_sync: false,
        lag: None,
        generation: 1,
        preferred: None,
        mounted: false,
        points: Vec::new(),
        promoted_point: None,
    };
    change(&mut leg);
    seen(Observation::Group(Some(leg)))
}

fn is_met(wanted: &Wanted, seen: &Observed, elapsed: Span) -> bool {
    wanted.met(seen, elapsed) == Met::Met
}

#[test]
fn a_demote_is_done_when_read_only_and_drained() {
    let wanted = Wanted::Demoted;
    assert!(!is_met(&wanted, &leg(|leg| leg.writable = true), Span::ZERO));
    assert!(!is_met(&wanted, &leg(|leg| leg.drained = false), Span::ZERO));
    assert!(is_met(&wanted, &leg(|leg| leg.drained = true), Span::ZERO));
    let none = wanted.met(&seen(Observation::Group(None)), Span::ZERO);
    assert!(matches!(none, Met::Never(_)), "{none:?}");
}

#[test]
fn a_promote_is_done_when_the_generation_has_risen() {
    let wanted = Wanted::Promoted { above: Some(4) };
    let at = |generation| leg(|leg| (leg.writable, leg.generation) = (true, generation));
    assert!(!is_met(&wanted, &at(4), Span::ZERO), "that is an older promote");
    assert!(is_met(&wanted, &at(5), Span::ZERO));
    assert!(is_met(&Wanted::Promoted { above: None }, &at(4), Span::ZERO), "stretched");
    assert!(!is_met(&wanted, &leg(|leg| leg.generation = 5), Span::ZERO));
}

#[test]
fn a_promotion_is_told_of_the_highest_generation_that_was_seen() {
    let mut graph = (*Sample::failover(1)).clone();
    for group in &mut graph.groups {
        group.generation = 2;
        group.source_generation = Some(5);
    }
    let promoted = (0..graph.len() as StepIx).filter_map(|ix| match operation(&graph, ix)?.1 {
        Operation::Storage(StorageOp::Promote { above, .. }) => Some(above),
        _ => None,
    });
    let promoted: Vec<u64> = promoted.collect();
    assert_eq!(promoted, vec![5; graph.groups.len()]);
}

#[test]
fn a_sync_is_done_when_nothing_is_missing_that_was_written_before_it() {
    let behind = leg(|leg| leg.lag = Some(Span::secs(20)));
    let trails = Wanted::Synced { trails: true };
    assert!(!is_met(&trails, &behind, Span::secs(19)));
    assert!(is_met(&trails, &behind, Span::secs(20)));
    assert!(!is_met(&Wanted::Synced { trails: false }, &behind, Span::mins(60)));
    assert!(!is_met(&trails, &leg(|_| ()), Span::mins(60)), "an unknown lag proves nothing");
}

#[test]
fn booted_is_not_recovered() {
    let vm = |heartbeat, wrote, ports: &[u16]| {
        seen(Observation::Vm(Some(VmState {
            power: Power::On,
            host: None,
            nics: Vec::new(),
            heartbeat,
            wrote,
            open_ports: ports.to_vec(),
            autostart: false,
            tag: None,
            moving: None,
        })))
    };
    let met = |wait: Wait, seen: &Observed| is_met(&Wanted::Healthy(wait), seen, Span::ZERO);
    assert!(met(Wait::Heartbeat, &vm(true, true, &[])));
    assert!(!met(Wait::Heartbeat, &vm(true, false, &[])));
    assert!(!met(Wait::Heartbeat, &vm(false, true, &[])));
    assert!(met(Wait::Tcp(443), &vm(false, true, &[22, 443])));
    assert!(!met(Wait::Tcp(443), &vm(true, true, &[22])));
    assert!(met(Wait::None, &vm(false, true, &[])));
    assert!(!met(Wait::None, &vm(false, false, &[])));
}

#[test]
fn an_answer_to_another_question_proves_nothing() {
    let alive = seen(Observation::Alive { high_water: Token::default() });
    assert!(matches!(Wanted::Demoted.met(&alive, Span::ZERO), Met::Never(_)));
    assert!(matches!(Wanted::Power(Power::Off).met(&alive, Span::ZERO), Met::Never(_)));
}

#[test]
fn one_writer_asks_the_other_leg_unless_the_run_is_forced() {
    let mut sample = Sample::new(muster_plans::run::RunKind::Failover, 1);
    let verify = Action::Verify(muster_plans::graph::VerifyKind::OneWriter(GroupIx(0)));
    sample.then(verify, SiteIx(1));
    let mut graph = Arc::unwrap_or_clone(sample.finish());
    assert_ne!(graph.edges, Edges::default());
    let also = |graph: &Graph| forward(graph, 0).unwrap().proof.also.map(|p| p.site.to_string());
    assert_eq!(also(&graph).as_deref(), Some("paris"));
    graph.forced = true;
    assert_eq!(also(&graph), None, "a forced run asks nothing of the failed site");
}
