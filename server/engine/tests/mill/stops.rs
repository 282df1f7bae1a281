//! A step fails for good, or somebody cancels: what is undone leaves no trace, what is not can go on.

use muster_contract::{ErrorClass, Outcome};
use muster_engine::testing::{Fault, Sample};
use muster_engine::{By, CommandError, Ending, Event, StepState, Stop};
use muster_plans::graph::{Action, OnFailure, StepIx, VmRef};
use muster_plans::id::SiteName;
use muster_plans::run::RunKind;

use crate::faults::operations;
use crate::rig::{Rig, run};
use crate::success::{all, answer_when_asked, play_and_answer, prepared};

fn ines() -> By {
    By(String::from("ines"))
}

/// A run that stopped either left no trace, or goes on to its end when the cause is gone.
async fn assert_no_trap(rig: &mut Rig, stop: &Stop, what: &str) {
    match stop {
        Stop::Ended(Ending::Undone) => {}
        Stop::Ended(Ending::Halted) => {
            let graph = rig.graph.clone();
            rig.engine.resume_halted(run(), graph, ines(), None).await.unwrap();
            answer_when_asked(rig).await;
            let stop = rig.wait().await;
            let view = rig.engine.view(run());
            let good = [Ending::Succeeded, Ending::SucceededWithWarnings, Ending::Undone];
            assert!(good.iter().any(|e| stop == Stop::Ended(*e)), "{what}: {stop:?} {view:#?}");
        }
        Stop::Ended(Ending::Succeeded | Ending::SucceededWithWarnings) => {}
        other => panic!("{what}: {other:?}"),
    }
    rig.assert_promises();
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_any_step_undoes_or_halts_as_the_kind_of_run_says() {
    for (name, graphs) in all() {
        for step in operations(&prepared(&graphs).await) {
            let mut rig = prepared(&graphs).await;
            let before = rig.world.objects().comparable();
            rig.world.always(step, Some(Fault::Refuse(ErrorClass::Precondition)));
            let stop = play_and_answer(&rig).await;
            let what = format!("{name}, step {step}");
            let policy = rig.graph.step(step).on_failure;
            let sent = rig.world.calls().iter().any(|id| id.step == step);
            let before_pivot = rig.graph.pivot.is_none_or(|pivot| step < pivot);
            let expected = match rig.graph.kind {
                _ if !sent => Ending::Succeeded,
                _ if policy != OnFailure::Policy => Ending::SucceededWithWarnings,
                RunKind::Test => Ending::Undone,
                RunKind::PlannedMigration if before_pivot => Ending::Undone,
                _ => Ending::Halted,
            };
            let view = rig.engine.view(run()).unwrap();
            assert_eq!(stop, Stop::Ended(expected), "{what}: {view:#?}");
            if expected == Ending::Undone {
                assert_eq!(rig.world.objects().comparable(), before, "{what} left a trace");
                assert_eq!(view.progress, 1.0, "{what}");
            }
            rig.world.always(step, None);
            assert_no_trap(&mut rig, &stop, &what).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_at_any_step_undoes_or_halts() {
    for (name, graphs) in all() {
        for step in operations(&prepared(&graphs).await) {
            let mut rig = prepared(&graphs).await;
            let before = rig.world.objects().comparable();
            rig.world.latency(std::time::Duration::from_millis(50));
            let paris = SiteName::from("paris");
            rig.world.witness_says(&paris, muster_contract::WitnessSight::Dead);
            rig.start().await;
            let (engine, world) = (rig.engine.clone(), rig.world.clone());
            let cancel = async {
                tokio::select! {
                    () = world.called(step) => {}
                    _ = engine.wait_ended(run()) => {}
                }
                engine.cancel(run(), ines(), None).await
            };
            let (cancelled, ()) = tokio::join!(cancel, answer_when_asked(&rig));
            let stop = rig.wait().await;
            let what = format!("{name}, cancelled at step {step}");
            let early = rig.graph.pivot.is_none_or(|pivot| step < pivot);
            let undoes = match rig.graph.kind {
                RunKind::Test => true,
                RunKind::PlannedMigration => early,
                _ => false,
            };
            match cancelled {
                Ok(()) if undoes => {
                    assert_eq!(stop, Stop::Ended(Ending::Undone), "{what}");
                    assert_eq!(rig.world.objects().comparable(), before, "{what} left a trace");
                }
                Ok(()) => assert_eq!(stop, Stop::Ended(Ending::Halted), "{what}"),
                // It was over before: a step that was not needed is never called.
                Err(error) => assert_eq!(error, CommandError::NotLive, "{what}"),
            }
            assert_no_trap(&mut rig, &stop, &what).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_halts_and_can_be_resumed() {
    let graph = Sample::test(2);
    for step in operations(&Rig::new(&graph)) {
        let mut rig = Rig::new(&graph);
        let before = rig.world.objects().comparable();
        let last = operations(&rig).pop().unwrap();
        rig.world.always(last, Some(Fault::Refuse(ErrorClass::Precondition)));
        rig.world.always_undo(step, Some(Fault::Refuse(ErrorClass::Precondition)));
        let stop = rig.play().await;
        let undoes = rig.world.calls().iter().any(|id| id.step == step && id.undo);
        let expected = if undoes { Ending::Halted } else { Ending::Undone };
        assert_eq!(stop, Stop::Ended(expected), "step {step}");
        rig.world.always_undo(step, None);
        assert_no_trap(&mut rig, &stop, &format!("undo of {step}")).await;
        assert_eq!(rig.world.objects().comparable(), before, "the undo of {step} left a trace");
    }
}

#[tokio::test(start_paused = true)]
async fn undos_go_in_reverse() {
    let rig = Rig::new(&Sample::test(1));
    let last = operations(&rig).pop().unwrap();
    rig.world.always(last, Some(Fault::Refuse(ErrorClass::Precondition)));
    assert_eq!(rig.play().await, Stop::Ended(Ending::Undone));
    let calls = rig.world.calls();
    let undone: Vec<StepIx> = calls.iter().filter(|id| id.undo).map(|id| id.step).collect();
    let mut sorted = undone.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(undone, sorted);
    assert!(undone.len() > 3, "{undone:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_so_before_is_not_undone() {
    let graph = Sample::planned(2);
    let rig = Rig::new(&graph);
    // The first VM is off already: undoing its shutdown would power on what its owner had off.
    rig.world.change(|objects| {
        let vm = muster_contract::Instance::Production(graph.vms[0].id);
        let state = objects.vms.get_mut(&(SiteName::from("paris"), vm)).unwrap();
        state.power = muster_plans::inventory::Power::Off;
        (state.heartbeat, state.wrote) = (false, false);
        state.open_ports.clear();
    });
    let before = rig.world.objects().comparable();
    let pivot = graph.pivot.unwrap();
    rig.world.always(pivot - 1, Some(Fault::Refuse(ErrorClass::Unsupported)));
    assert_eq!(rig.play().await, Stop::Ended(Ending::Undone));
    assert_eq!(rig.world.objects().comparable(), before);
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_never_healthy_fails_its_step_at_the_deadline() {
    let rig = Rig::new(&Sample::test(2));
    rig.world.sick(rig.graph.vms[1].id, true);
    assert_eq!(rig.play().await, Stop::Ended(Ending::Undone));
    let failed = (0..).zip(&rig.graph.steps).find(|(ix, step)| {
        matches!(step.action, Action::WaitHealthy(VmRef::Test(vm)) if vm.0 == 1)
            && rig.step(*ix) == StepState::Failed
    });
    let (ix, _) = failed.unwrap();
    let said = rig.engine.step_view(run(), ix).unwrap().message.unwrap();
    assert_eq!(said, "it has not written to its storage yet");
}

#[tokio::test(start_paused = true)]
async fn a_failed_callout_is_not_called_again_by_itself() {
    let mut rig = Rig::new(&Sample::planned(2));
    rig.world.callouts().answers("dns", Outcome::refused(ErrorClass::Retry, "no route"));
    let stop = rig.play().await;
    assert_eq!(stop, Stop::Ended(Ending::Undone));
    assert_eq!(rig.world.callouts().calls().len(), 1);
    assert_no_trap(&mut rig, &stop, "callout").await;
}

#[tokio::test(start_paused = true)]
async fn a_failover_goes_on_where_nothing_depends_on_what_failed() {
    let rig = Rig::new(&Sample::failover(3));
    let failed = (0..).zip(&rig.graph.steps).find(
        |(_, step)| matches!(step.action, Action::RegisterVm(VmRef::Production(vm)) if vm.0 == 1),
    );
    let (step, _) = failed.unwrap();
    rig.world.always(step, Some(Fault::Refuse(ErrorClass::Capacity)));
    assert_eq!(play_and_answer(&rig).await, Stop::Ended(Ending::Halted));
    let running = |vm: usize| {
        let vm = muster_contract::Instance::Production(rig.graph.vms[vm].id);
        let vms = rig.world.objects().vms;
        vms.get(&(SiteName::from("lyon"), vm)).is_some_and(|vm| vm.wrote)
    };
    assert_eq!([running(0), running(1), running(2)], [true, false, true]);
    let attempts = rig.world.calls().iter().filter(|id| id.step == step).count();
    assert_eq!(attempts, 4, "capacity is worth trying again, up to the limit");
}

#[tokio::test(start_paused = true)]
async fn a_failover_does_not_wait_for_the_failed_site() {
    let rig = Rig::new(&Sample::failover(2));
    rig.world.down(&SiteName::from("paris"), true);
    assert_eq!(play_and_answer(&rig).await, Stop::Ended(Ending::SucceededWithWarnings));
    let view = rig.engine.view(run()).unwrap();
    assert_eq!(view.owed, [0, 1, 2, 3], "shutdown and demote of both are owed");
    assert_eq!(view.warnings.len(), 4);
    let given_up =
        rig.records().iter().filter(|r| matches!(r.event, Event::GivenUp { .. })).count();
    assert_eq!(given_up, 4);
    rig.assert_promises();
}
