//! Who may execute a run, and what happens when something is wrong with one.

use muster_engine::testing::{Fault, Sample};
use muster_engine::{By, Ending, Event, StartError, StateWord, Stop};
use muster_plans::graph::{Action, PromptIx, VmIx, VmRef};
use muster_plans::id::RunId;
use muster_plans::run::RunKind;
use muster_plans::time::Time;

use crate::rig::{Rig, run};

fn asks() -> Rig {
    let off = Action::PowerOff(VmRef::Production(VmIx(0)));
    Rig::new(&Sample::chain(RunKind::Reprotect, &[off, Action::Prompt(PromptIx(0)), off]))
}

async fn settle() {
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn one_run_has_one_owner() {
    let rig = asks();
    rig.start().await;
    let twice = rig.engine.resume(run(), rig.graph.clone()).await;
    assert!(matches!(twice, Err(StartError::AlreadyLive)), "{twice:?}");
    settle().await;
    let mut other = Rig::new(&rig.graph);
    other.journal = rig.journal.clone();
    other.crash();
    for _ in 0..3 {
        let held = other.engine.resume(run(), rig.graph.clone()).await;
        assert!(matches!(held, Err(StartError::Held)), "the lease is kept: {held:?}");
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_renews_is_ended_whatever_its_holders_clock_has_said() {
    let mut rig = asks();
    rig.start().await;
    settle().await;
    rig.crash();
    // The last it did is done.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    rig.journal.leases_until(Time(i64::MAX));
    let length = std::time::Duration::from_millis(rig.limits.lease.0);
    for wait in [std::time::Duration::ZERO, length] {
        tokio::time::sleep(wait).await;
        let held = rig.engine.resume(run(), rig.graph.clone()).await;
        assert!(matches!(held, Err(StartError::Held)), "after {wait:?}: {held:?}");
    }
    tokio::time::sleep(length).await;
    rig.engine.resume(run(), rig.graph.clone()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_has_lost_the_run_stops_at_once() {
    let rig = asks();
    rig.start().await;
    settle().await;
    rig.journal.expire_leases();
    let mut other = Rig::new(&rig.graph);
    other.journal = rig.journal.clone();
    other.crash();
    other.engine.resume(run(), rig.graph.clone()).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Lost);
    let view = rig.engine.view(run()).unwrap();
    assert_eq!(
        (view.state, view.cause.as_deref()),
        (StateWord::Parked, Some("another server executes it"))
    );
    let answer = muster_engine::Answer::Continue;
    other.engine.answer(run(), 1, By(String::from("ines")), answer, None).await.unwrap();
    assert_eq!(other.wait().await, Stop::Ended(Ending::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_started_once_and_resumed_only_when_it_was_started() {
    let rig = asks();
    let empty = rig.engine.resume(run(), rig.graph.clone()).await;
    assert!(matches!(empty, Err(StartError::Empty)), "{empty:?}");
    rig.start().await;
    settle().await;
    rig.engine.shutdown().await;
    assert_eq!(rig.wait().await, Stop::Shutdown);
    let closed = rig.engine.resume(run(), rig.graph.clone()).await;
    assert!(matches!(closed, Err(StartError::Closed)), "{closed:?}");
    let mut rig = rig;
    rig.crash();
    let opening = muster_engine::testing::opening("ines");
    let started = rig.engine.start(run(), rig.graph.clone(), opening).await;
    assert!(matches!(started, Err(StartError::Started)), "{started:?}");
    rig.engine.resume(run(), rig.graph.clone()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_what_is_under_way_come_to_rest() {
    let graph = Sample::wide(RunKind::Reprotect, 2000);
    let mut rig = Rig::new(&graph);
    rig.world.latency(std::time::Duration::from_secs(5));
    rig.start().await;
    rig.world.called(0).await;
    rig.engine.shutdown().await;
    let state = rig.state();
    assert_eq!(state.active().count(), 0, "nothing is left open");
    let done = rig.records().iter().filter(|r| matches!(r.event, Event::Done { .. })).count();
    assert!(done > 0 && done < 2000, "{done}");
    rig.world.latency(std::time::Duration::ZERO);
    rig.crash();
    rig.engine.resume(run(), graph).await.expect("the lease was given back");
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
    rig.assert_promises();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_breaks_down_takes_no_other_with_it() {
    let mut rig = asks();
    rig.world.fault(0, Fault::Panic);
    rig.start().await;
    let Stop::Parked(words) = rig.wait().await else {
        panic!("a broken adapter parks the run");
    };
    assert!(words.contains("broke down"), "{words}");
    assert_eq!(rig.engine.view(run()).unwrap().state, StateWord::Parked);
    // The same engine runs another one, and the parked one can be taken up again.
    let other = RunId(uuid::Uuid::from_u128(2));
    let opening = muster_engine::testing::opening("ines");
    let graph =
        Sample::chain(RunKind::Reprotect, &[Action::Rescan(muster_plans::graph::SiteIx(1))]);
    rig.engine.start(other, graph, opening).await.unwrap();
    assert_eq!(rig.engine.wait_ended(other).await, Some(Stop::Ended(Ending::Succeeded)));
    rig.take_over().await.unwrap();
    settle().await;
    assert_eq!(rig.engine.view(run()).unwrap().state, StateWord::Waiting);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_does_not_answer_ends_the_execution_and_whoever_reads_it_goes_on() {
    let mut rig = asks();
    rig.start().await;
    settle().await;
    rig.journal.fail(true);
    let answer = muster_engine::Answer::Continue;
    let said = rig.engine.answer(run(), 1, By(String::from("ines")), answer, None).await;
    assert!(said.is_err(), "nothing was written: {said:?}");
    let Stop::Silent(words) = rig.wait().await else {
        panic!("a silent journal is said to be one");
    };
    assert!(words.contains("the disk is full"), "{words}");
    rig.journal.fail(false);
    rig.take_over().await.unwrap();
    settle().await;
    assert_eq!(rig.engine.view(run()).unwrap().waiting.len(), 1, "it is still asked");
}

#[tokio::test(start_paused = true)]
async fn a_journal_of_another_graph_is_refused() {
    let rig = asks();
    rig.start().await;
    settle().await;
    let mut rig = rig;
    rig.crash();
    rig.journal.expire_leases();
    let graph = Sample::chain(RunKind::Reprotect, &[Action::Report]);
    let wrong = rig.engine.resume(run(), graph).await;
    assert!(matches!(wrong, Err(StartError::Illegal(_))), "{wrong:?}");
    rig.engine.resume(run(), rig.graph.clone()).await.expect("the lease was given back");
}

#[tokio::test(start_paused = true)]
async fn records_are_told_in_order_as_they_become_durable() {
    let rig = Rig::new(&Sample::test(2));
    rig.start().await;
    let mut records = rig.engine.subscribe(run()).unwrap();
    rig.wait().await;
    let mut seqs = Vec::new();
    while let Ok(record) = records.recv().await {
        seqs.push(record.seq);
    }
    let expected: Vec<u64> = (seqs[0]..rig.records().len() as u64).collect();
    assert_eq!(seqs, expected);
}
