//! The server dies after every single record, and another one goes on.

use std::time::Duration;

use muster_contract::ErrorClass;
use muster_engine::testing::{Fault, Sample};
use muster_engine::{By, Ending, StartError, Stop, Verdict, WaitingFor};
use muster_plans::graph::{Action, PromptIx};
use muster_plans::run::RunKind;

use crate::faults::operations;
use crate::rig::{Rig, run};
use crate::success::{all, answer_when_asked, play_and_answer, prepared};

/// Starts a run whose disk goes after so many records, and lets it come to a standstill.
async fn start_and_die(rig: &Rig, records: usize) {
    let paris = muster_plans::id::SiteName::from("paris");
    rig.world.witness_says(&paris, muster_contract::WitnessSight::Dead);
    rig.journal.stop_after(Some(records));
    rig.start().await;
    stand_still(rig).await;
    assert_eq!(rig.records().len(), records, "the point was reached");
}

/// Answers what is asked until nothing moves any more.
async fn stand_still(rig: &Rig) {
    let answered = tokio::time::timeout(Duration::from_secs(40), answer_when_asked(rig));
    _ = answered.await;
    tokio::time::sleep(Duration::from_secs(40)).await;
}

/// A callout that may have been running is left to a person, who looks whether it was.
async fn rule_on_callouts(rig: &Rig) {
    tokio::time::sleep(Duration::from_secs(5)).await;
    let Some(view) = rig.engine.view(run()) else { return };
    for waiting in view.waiting.iter().filter(|w| w.kind == WaitingFor::Unknown) {
        let action = rig.graph.step(waiting.step).action;
        assert!(matches!(action, Action::Callout(_)), "{waiting:?}");
        let called = !rig.world.callouts().calls().is_empty();
        let verdict = if called { Verdict::Done } else { Verdict::Retry };
        let by = By(String::from("ines"));
        let reason = String::from("looked at the log");
        rig.engine.rule(run(), waiting.step, by, verdict, reason).await.unwrap();
    }
}

/// Lets a run that was taken over come to its end.
async fn to_the_end(rig: &Rig) -> Stop {
    rule_on_callouts(rig).await;
    answer_when_asked(rig).await;
    rig.wait().await
}

async fn records_of_a_whole_run(graphs: &[std::sync::Arc<muster_plans::graph::Graph>]) -> usize {
    let rig = prepared(graphs).await;
    play_and_answer(&rig).await;
    rig.records().len()
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_record_repeats_no_finished_step() {
    for (name, graphs) in all() {
        // The last record is the end of the run: nobody takes that over.
        for records in 1..records_of_a_whole_run(&graphs).await {
            let mut rig = prepared(&graphs).await;
            start_and_die(&rig, records).await;
            rig.take_over().await.unwrap();
            let stop = to_the_end(&rig).await;
            let view = rig.engine.view(run()).unwrap();
            assert_eq!(stop, Stop::Ended(Ending::Succeeded), "{name} after {records}: {view:#?}");
            assert!(rig.world.callouts().calls().len() <= 1, "{name} after {records}");
            rig.assert_promises();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_crash_during_the_recovery_of_the_first_is_no_worse() {
    for (name, graphs) in all() {
        let whole = records_of_a_whole_run(&graphs).await;
        for records in (1..whole).step_by(3) {
            for further in 1..4 {
                let mut rig = prepared(&graphs).await;
                start_and_die(&rig, records).await;
                rig.crash();
                rig.journal.expire_leases();
                rig.journal.stop_after(Some(records + further));
                rig.engine.resume(run(), rig.graph.clone()).await.unwrap();
                stand_still(&rig).await;
                match rig.take_over().await {
                    Ok(()) => {}
                    // The few records were enough for the end.
                    Err(StartError::Over(Ending::Succeeded)) => continue,
                    Err(error) => panic!("{name} {records}+{further}: {error}"),
                }
                let stop = to_the_end(&rig).await;
                assert_eq!(stop, Stop::Ended(Ending::Succeeded), "{name} {records}+{further}");
                rig.assert_promises();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_an_answer_is_lost_sends_the_same_operation_again_or_nothing() {
    for (name, graphs) in all() {
        for step in operations(&prepared(&graphs).await) {
            for fault in [Fault::Hang, Fault::RequestLost] {
                let mut rig = prepared(&graphs).await;
                let paris = muster_plans::id::SiteName::from("paris");
                rig.world.witness_says(&paris, muster_contract::WitnessSight::Dead);
                rig.world.fault(step, fault);
                rig.start().await;
                let asked = tokio::time::timeout(Duration::from_secs(4), answer_when_asked(&rig));
                let called = tokio::time::timeout(Duration::from_secs(4), rig.world.called(step));
                _ = tokio::join!(asked, called);
                rig.take_over().await.ok();
                if rig.engine.view(run()).is_some() {
                    let stop = to_the_end(&rig).await;
                    assert!(matches!(stop, Stop::Ended(_)), "{name}, step {step}: {stop:?}");
                }
                rig.assert_promises();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_on_the_way_back_goes_on_back() {
    let graph = Sample::test(2);
    let broken = |rig: &Rig| {
        let last = operations(rig).pop().unwrap();
        rig.world.always(last, Some(Fault::Refuse(ErrorClass::Precondition)));
    };
    let whole = Rig::new(&graph);
    broken(&whole);
    assert_eq!(whole.play().await, Stop::Ended(Ending::Undone));
    for records in 1..whole.records().len() {
        let mut rig = Rig::new(&graph);
        let before = rig.world.objects().comparable();
        broken(&rig);
        start_and_die(&rig, records).await;
        rig.take_over().await.unwrap();
        assert_eq!(rig.wait().await, Stop::Ended(Ending::Undone), "after {records}");
        assert_eq!(rig.world.objects().comparable(), before, "after {records}: a trace");
        rig.assert_promises();
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_a_cancel_is_written_does_not_ask_again() {
    for further in 1..3 {
        let mut rig = Rig::new(&Sample::chain(RunKind::Reprotect, &[Action::Prompt(PromptIx(0))]));
        rig.start().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        rig.journal.stop_after(Some(rig.records().len() + further));
        let cancel = rig.engine.cancel(run(), By(String::from("ines")), None);
        _ = tokio::time::timeout(Duration::from_secs(5), cancel).await;
        rig.take_over().await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(60), rig.wait()).await;
        assert_eq!(ended.unwrap(), Stop::Ended(Ending::Halted), "after {further} more");
        rig.assert_promises();
    }
}
