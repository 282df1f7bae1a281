//! One thing goes wrong with one step, and the run goes on all the same.

use muster_contract::ErrorClass;
use muster_engine::testing::Fault;
use muster_engine::{Ending, Event, Stop};
use muster_plans::graph::StepIx;

use crate::rig::{Rig, run};
use crate::success::{all, play_and_answer, prepared};

/// Steps that send an operation to a site.
pub(crate) fn operations(rig: &Rig) -> Vec<StepIx> {
    let sends = |ix: &StepIx| muster_engine::step::operation(&rig.graph, *ix).is_some();
    rig.steps().into_iter().filter(sends).collect()
}

/// Plays each workflow once for each of its operations, with that one going wrong.
async fn mill(fault: Fault, check: impl Fn(&Rig, StepIx)) {
    for (name, graphs) in all() {
        for step in operations(&prepared(&graphs).await) {
            let rig = prepared(&graphs).await;
            rig.world.fault(step, fault);
            let stop = play_and_answer(&rig).await;
            let view = rig.engine.view(run()).unwrap();
            let expected = [Ending::Succeeded, Ending::SucceededWithWarnings];
            assert!(
                expected.iter().any(|ending| stop == Stop::Ended(*ending)),
                "{name}, step {step}: {stop:?} {view:#?}"
            );
            // A step that was not needed was not sent either.
            if rig.world.calls().iter().any(|id| id.step == step) {
                check(&rig, step);
            }
            rig.assert_promises();
        }
    }
}

fn calls(rig: &Rig, step: StepIx) -> Vec<(u32, bool)> {
    let calls = rig.world.calls().into_iter().filter(|id| id.step == step);
    calls.map(|id| (id.attempt, id.undo)).collect()
}

fn unknown(rig: &Rig, step: StepIx) -> bool {
    let records = rig.records();
    records.iter().any(|r| matches!(r.event, Event::Unknown { step: s, .. } if s == step))
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_read_back_and_nothing_is_sent_again() {
    mill(Fault::AnswerLost, |rig, step| {
        assert_eq!(calls(rig, step), [(0, false)], "step {step}");
        assert!(unknown(rig, step), "step {step}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_arrived_is_a_new_attempt_behind_a_fence() {
    mill(Fault::RequestLost, |rig, step| {
        assert!(unknown(rig, step), "step {step}");
        let calls = calls(rig, step);
        // Where the object is as wanted anyway, the read-back settles it.
        assert!(calls == [(0, false), (1, false)] || calls == [(0, false)], "{step}: {calls:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_may_pass_is_tried_again() {
    mill(Fault::Refuse(ErrorClass::Retry), |rig, step| {
        let sent = calls(rig, step);
        let done_by_itself = sent == [(0, false)];
        assert!(sent == [(0, false), (1, false)] || done_by_itself, "{step}: {sent:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_given_up_at_the_deadline() {
    mill(Fault::Hang, |rig, step| {
        assert_eq!(calls(rig, step), [(0, false)], "step {step}");
        assert!(unknown(rig, step), "step {step}");
    })
    .await;
}
