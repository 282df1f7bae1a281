//! What waits for a person, and what a person may say.

use muster_contract::{Outcome, WitnessSight};
use muster_engine::testing::{Fault, Sample};
use muster_engine::{
    Answer, By, CommandError, Ending, Event, Evidence, EvidenceSource, StateWord, StepState, Stop,
    Verdict, WaitingFor,
};
use muster_plans::graph::{Action, GateKind, PromptIx, SiteIx, StepIx, VmIx, VmRef};
use muster_plans::id::SiteName;
use muster_plans::run::RunKind;
use muster_plans::time::{Span, Time};

use crate::rig::{Rig, run};
use crate::success::play_and_answer;

fn ines() -> By {
    By(String::from("ines"))
}

/// Lets everything happen that can happen without a person.
async fn settle() {
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
}

fn waiting(rig: &Rig) -> Vec<(StepIx, WaitingFor, String)> {
    let view = rig.engine.view(run()).unwrap();
    view.waiting.into_iter().map(|w| (w.step, w.kind, w.text)).collect()
}

fn asks() -> Rig {
    let off = Action::PowerOff(VmRef::Production(VmIx(0)));
    Rig::new(&Sample::chain(RunKind::Reprotect, &[off, Action::Prompt(PromptIx(0)), off]))
}

#[tokio::test(start_paused = true)]
async fn a_prompt_waits_for_its_answer() {
    let rig = asks();
    rig.start().await;
    settle().await;
    let view = rig.engine.view(run()).unwrap();
    assert_eq!(view.state, StateWord::Waiting);
    let text = String::from("Is the router at lyon switched over?");
    assert_eq!(waiting(&rig), [(1, WaitingFor::Prompt, text)]);
    assert_eq!(view.waiting[0].role.as_deref(), Some("network"));
    rig.engine.answer(run(), 1, ines(), Answer::Continue, None).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_is_aborted_fails_and_one_that_is_not_asked_takes_no_answer() {
    let rig = asks();
    rig.start().await;
    let early = rig.engine.answer(run(), 2, ines(), Answer::Continue, None).await;
    assert!(matches!(early, Err(CommandError::Illegal(_))), "{early:?}");
    settle().await;
    let why = Some(String::from("the router is dead"));
    rig.engine.answer(run(), 1, ines(), Answer::Abort, why).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Halted));
    let said = rig.engine.step_view(run(), 1).unwrap().message.unwrap();
    assert_eq!(said, "aborted by ines: the router is dead");
    let late = rig.engine.answer(run(), 1, ines(), Answer::Continue, None).await;
    assert_eq!(late, Err(CommandError::NotLive));
}

#[tokio::test(start_paused = true)]
async fn a_prompt_is_still_asked_after_a_take_over() {
    let mut rig = asks();
    rig.start().await;
    settle().await;
    rig.take_over().await.unwrap();
    settle().await;
    assert_eq!(waiting(&rig).len(), 1);
    rig.engine.answer(run(), 1, ines(), Answer::Continue, None).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
    rig.assert_promises();
}

fn gated() -> Rig {
    let gate = Action::Gate(GateKind::EvidenceAgainst(SiteIx(0)));
    let promote = Action::PromoteStorage(muster_plans::graph::GroupIx(0));
    Rig::new(&Sample::chain(RunKind::Failover, &[gate, promote]))
}

fn attestation(rig: &Rig, holds: Span) -> Evidence {
    let now = muster_engine::Clock::now(rig.clock.as_ref());
    let reason = String::from("stood in the machine room");
    Evidence {
        against: SiteName::from("paris"),
        source: EvidenceSource::Attestation { by: ines(), reason },
        observed_at: now,
        expires_at: now + holds,
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_waits_until_somebody_attests() {
    let rig = gated();
    rig.world.witness_says(&SiteName::from("paris"), WitnessSight::Silent);
    rig.start().await;
    settle().await;
    let text = String::from("Wait for evidence that paris cannot write");
    assert_eq!(waiting(&rig), [(0, WaitingFor::Gate, text)]);
    assert!(rig.world.calls().is_empty(), "nothing is promoted without evidence");
    let expired = Evidence { expires_at: Time(0), ..attestation(&rig, Span::mins(5)) };
    rig.engine.attest(run(), expired).await.unwrap();
    settle().await;
    assert_eq!(waiting(&rig).len(), 1, "evidence that has expired opens nothing");
    let other = Evidence { against: SiteName::from("lyon"), ..attestation(&rig, Span::mins(5)) };
    rig.engine.attest(run(), other).await.unwrap();
    settle().await;
    assert_eq!(waiting(&rig).len(), 1, "evidence against another site opens nothing");
    rig.engine.attest(run(), attestation(&rig, Span::mins(5))).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_gate_finds_a_fence_or_a_witness_by_itself() {
    for fence in [true, false] {
        let rig = gated();
        rig.start().await;
        settle().await;
        assert_eq!(waiting(&rig).len(), 1);
        let (lyon, paris) = (SiteName::from("lyon"), SiteName::from("paris"));
        if fence {
            rig.world.change(|objects| _ = objects.fences.insert((lyon, paris)));
        } else {
            rig.world.witness_says(&paris, WitnessSight::Dead);
        }
        assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
        let seen = rig.records().iter().any(|r| matches!(r.event, Event::EvidenceSeen(_)));
        assert!(seen, "what opened the gate stands in the journal");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_takes_only_what_the_plan_accepts() {
    let rig = gated();
    let mut opening = muster_engine::testing::opening("ines");
    opening.accepts = vec![muster_plans::document::EvidenceKind::Attestation];
    rig.world.witness_says(&SiteName::from("paris"), WitnessSight::Dead);
    rig.engine.start(run(), rig.graph.clone(), opening).await.unwrap();
    settle().await;
    assert_eq!(waiting(&rig).len(), 1);
    rig.engine.cancel(run(), ines(), None).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Halted));
    assert!(rig.world.calls().is_empty());
}

/// A fence against paris, the gate behind it, and a promote.
fn fenced() -> Rig {
    let fence = Action::Fence(SiteIx(0));
    let gate = Action::Gate(GateKind::EvidenceAgainst(SiteIx(0)));
    let promote = Action::PromoteStorage(muster_plans::graph::GroupIx(0));
    Rig::new(&Sample::chain(RunKind::Failover, &[fence, gate, promote]))
}

/// An opening with the witness's word that paris is dead, and nothing else that would do.
fn seen_dead(rig: &Rig) -> muster_engine::Opening {
    let mut opening = muster_engine::testing::opening("ines");
    opening.accepts = vec![muster_plans::document::EvidenceKind::Witness];
    let source = EvidenceSource::Witness(String::from("w1"));
    opening.evidence = vec![Evidence { source, ..attestation(rig, Span::mins(15)) }];
    opening
}

fn promotes(rig: &Rig) -> usize {
    rig.world.calls().iter().filter(|id| id.step == 2).count()
}

#[tokio::test(start_paused = true)]
async fn a_site_that_came_back_before_it_was_fenced_is_not_taken_for_dead() {
    let rig = fenced();
    let paris = SiteName::from("paris");
    rig.world.witness_says(&paris, WitnessSight::Seen);
    rig.engine.start(run(), rig.graph.clone(), seen_dead(&rig)).await.unwrap();
    settle().await;
    assert_eq!(rig.step(0), StepState::Done);
    assert_eq!(waiting(&rig).len(), 1, "the witness's word of before the fence opens nothing");
    assert_eq!(promotes(&rig), 0);
    rig.world.witness_says(&paris, WitnessSight::Dead);
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
    assert_eq!(promotes(&rig), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_promoted_behind_a_fence_that_failed_until_a_person_rules() {
    let rig = fenced();
    rig.world.witness_says(&SiteName::from("paris"), WitnessSight::Dead);
    rig.world.always(0, Some(Fault::Refuse(muster_contract::ErrorClass::Unsupported)));
    rig.engine.start(run(), rig.graph.clone(), seen_dead(&rig)).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Halted));
    assert_eq!((rig.step(0), promotes(&rig)), (StepState::Failed, 0));
    insta::assert_snapshot!(rig.engine.step_view(run(), 0).unwrap().message.unwrap());
    let (graph, why) = (rig.graph.clone(), Some(String::from("its links are unplugged")));
    rig.engine.resume_ruled(run(), graph, ines(), why, &[(0, Verdict::Done)]).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
    assert_eq!(promotes(&rig), 1);
}

/// A run with a step of which nobody can say anything.
async fn unknown() -> Rig {
    let off = Action::PowerOff(VmRef::Production(VmIx(0)));
    let promote = Action::PromoteStorage(muster_plans::graph::GroupIx(0));
    let rig = Rig::new(&Sample::chain(RunKind::Reprotect, &[promote, off]));
    rig.world.fault(0, Fault::Stuck);
    rig.start().await;
    settle().await;
    let text = String::from("Promote cg-0 at lyon: the connection was lost");
    assert_eq!(waiting(&rig), [(0, WaitingFor::Unknown, text)]);
    rig
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_settled_by_a_person() {
    for (verdict, ending, attempts) in [
        (Verdict::Done, Ending::Succeeded, 1),
        (Verdict::Skip, Ending::SucceededWithWarnings, 1),
        (Verdict::Retry, Ending::Succeeded, 2),
        (Verdict::Fail, Ending::Halted, 1),
    ] {
        let rig = unknown().await;
        let reason = String::from("looked at the array");
        rig.engine.rule(run(), 0, ines(), verdict, reason).await.unwrap();
        assert_eq!(rig.wait().await, Stop::Ended(ending), "{verdict:?}");
        let sent = rig.world.calls().iter().filter(|id| id.step == 0).count();
        assert_eq!(sent, attempts, "{verdict:?}");
        rig.assert_promises();
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knew_shows_by_itself_later() {
    let rig = unknown().await;
    rig.world.change(|objects| {
        let key = (SiteName::from("lyon"), rig.graph.groups[0].id.clone());
        let leg = objects.groups.get_mut(&key).unwrap();
        (leg.writable, leg.generation) = (true, 7);
    });
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
    assert_eq!(rig.world.calls().iter().filter(|id| id.step == 0).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_lies_is_not_believed() {
    let off = Action::PowerOff(VmRef::Production(VmIx(0)));
    let promote = Action::PromoteStorage(muster_plans::graph::GroupIx(0));
    let rig = Rig::new(&Sample::chain(RunKind::Reprotect, &[promote, off]));
    rig.world.fault(0, Fault::Lie);
    rig.start().await;
    settle().await;
    let text = "Promote cg-0 at lyon: lyon says that it is done, but it does not accept writes";
    assert_eq!(waiting(&rig), [(0, WaitingFor::Unknown, String::from(text))]);
    assert!(rig.world.calls().iter().all(|id| id.step == 0), "nothing goes on behind a lie");
}

#[tokio::test(start_paused = true)]
async fn a_callout_whose_end_nobody_saw_waits_for_a_person() {
    let rig = Rig::new(&Sample::planned(2));
    rig.world.callouts().answers("dns", Outcome::unknown("cut off"));
    rig.start().await;
    settle().await;
    let open = waiting(&rig);
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].2, "Call dns: cut off");
    let reason = String::from("the record is there");
    rig.engine.rule(run(), open[0].0, ines(), Verdict::Done, reason).await.unwrap();
    assert_eq!(rig.wait().await, Stop::Ended(Ending::Succeeded));
    assert_eq!(rig.world.callouts().calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_can_be_ruled_done_or_needless_when_the_run_is_resumed() {
    for verdict in [Verdict::Done, Verdict::Skip] {
        let rig = Rig::new(&Sample::failover(2));
        let (step, _) = (0..)
            .zip(&rig.graph.steps)
            .find(|(_, step)| matches!(step.action, Action::CustomizeIp(_)))
            .unwrap();
        let broken = Fault::Refuse(muster_contract::ErrorClass::Unsupported);
        rig.world.always(step, Some(broken));
        assert_eq!(play_and_answer(&rig).await, Stop::Ended(Ending::Halted));
        assert_eq!(rig.step(step), StepState::Failed);
        let why = Some(String::from("set by hand"));
        let graph = rig.graph.clone();
        let other = [(0, verdict)];
        let (by, said) = (ines(), why.clone());
        let wrong = rig.engine.resume_ruled(run(), graph.clone(), by, said, &other).await;
        assert!(matches!(wrong, Err(muster_engine::StartError::Illegal(_))), "{wrong:?}");
        let rulings = [(step, verdict)];
        rig.engine.resume_ruled(run(), graph, ines(), why, &rulings).await.unwrap();
        let good = if verdict == Verdict::Done {
            Ending::Succeeded
        } else {
            Ending::SucceededWithWarnings
        };
        assert_eq!(rig.wait().await, Stop::Ended(good), "{verdict:?}");
        rig.assert_promises();
    }
}
