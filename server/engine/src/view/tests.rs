//! Views as the API and the pages get them.

use std::sync::Arc;

use muster_contract::{Hint, Receipt};
use muster_plans::graph::{Action, PromptIx, SiteIx, VmIx, VmRef};
use muster_plans::run::RunKind;
use muster_plans::time::{Span, Time};

use super::{RunView, StepView};
use crate::event::{Event, Record};
use crate::state::fold;
use crate::testing::{Sample, opening};

const START: Time = Time(1_767_225_600_000);

fn records(events: Vec<Event>) -> Vec<Record> {
    let opened = std::iter::once(Event::Opened(opening("ines")));
    let events = (0..).zip(opened.chain(events));
    events
        .map(|(seq, event)| Record { seq, at: START + Span(seq * 250), epoch: 1, event })
        .collect()
}

fn intent(step: u32) -> Event {
    Event::Intent { step, attempt: 0, undo: false }
}

fn done(step: u32) -> Event {
    Event::Done { step, undo: false, receipt: Receipt::default() }
}

#[test]
fn a_run_that_waits() {
    let graph = Sample::failover(1);
    let hint = Hint { message: String::from("paris is out of reach") };
    let events = vec![
        intent(0),
        intent(1),
        done(0),
        Event::Unknown { step: 1, undo: false, hint: hint.clone() },
        Event::GivenUp { step: 1, hint },
        intent(3),
        done(3),
        intent(4),
    ];
    let state = fold(&graph, &records(events)).unwrap();
    insta::assert_json_snapshot!("waiting", RunView::of(&state, START + Span::secs(60)));
    insta::assert_json_snapshot!("owed_step", StepView::of(&state, 1));
    assert_eq!(StepView::of(&state, graph.len() as u32), None);
}

#[test]
fn a_run_half_way() {
    let mut sample = Sample::new(RunKind::Reprotect, 4);
    for vm in 0..4 {
        sample.then(Action::PowerOff(VmRef::Production(VmIx(vm))), SiteIx(0));
    }
    let graph = sample.finish();
    let state = fold(&graph, &records(vec![intent(0), done(0), intent(1), done(1), intent(2)]));
    let view = RunView::of(&state.unwrap(), START + Span(1250 + 400));
    insta::assert_json_snapshot!("half_way", view);
}

#[test]
fn the_estimate_knows_what_is_limited() {
    let mut sample = Sample::new(RunKind::Reprotect, 30);
    let cost = sample.builder().resource("host lyon-h3", 2);
    let cost = sample.builder().cost(vec![(cost, 1)]);
    for vm in 0..30 {
        let action = Action::PowerOff(VmRef::Production(VmIx(vm)));
        let step = sample.step(action, SiteIx(0), muster_plans::graph::OnFailure::Policy);
        sample.builder().graph.steps[step as usize].cost = cost;
    }
    let graph: Arc<_> = sample.finish();
    let state = fold(&graph, &records(Vec::new())).unwrap();
    let view = RunView::of(&state, START);
    assert_eq!(view.remaining_ms, 15_000, "30 steps of a second, 2 at once");
}

#[test]
fn a_prompt_says_who_may_answer() {
    let graph = Sample::chain(RunKind::Reprotect, &[Action::Prompt(PromptIx(0))]);
    let state = fold(&graph, &records(vec![intent(0)])).unwrap();
    let view = RunView::of(&state, START);
    assert_eq!(view.waiting[0].role.as_deref(), Some("network"));
    assert!(view.running.is_empty(), "what waits for a person is not running");
}
