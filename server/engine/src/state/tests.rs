//! The fold is total: whatever comes, it applies in full or changes nothing, and its sums hold.

mod wild;

use muster_contract::{ErrorClass, Hint, Reason, Receipt};
use muster_plans::graph::Needs;
use muster_plans::time::Span;
use proptest::prelude::*;

use super::*;
use crate::event::{Answer, Event, Verdict};
use crate::testing::{Sample, opening};

fn graph(which: u8) -> Arc<Graph> {
    match which % 5 {
        0 => Sample::planned(2),
        1 => Sample::failover(2),
        2 => Sample::test(1),
        3 => Sample::cleanup(1),
        _ => Sample::reprotect(2),
    }
}

/// A run with its clock and its journal.
struct Play {
    state: RunState,
    at: Time,
}

impl Play {
    fn open(graph: Arc<Graph>) -> Play {
        let mut play = Play { state: RunState::new(graph), at: Time(1_000_000) };
        play.apply(Event::Opened(opening("ines"))).unwrap();
        play
    }

    fn apply(&mut self, event: Event) -> Result<(), Illegal> {
        self.at = self.at + Span(10);
        let seq = self.state.len();
        self.state.apply(&Record { seq, at: self.at, epoch: 1, event })
    }

    /// Does what everybody hopes for until nothing is left to do.
    fn run_out(&mut self) -> Ending {
        for _ in 0..10_000 {
            if let Course::Ended(ending) = self.state.course() {
                return ending;
            }
            let event = self.next_good().expect("from every state there is a way on");
            self.apply(event).expect("what is offered is legal");
        }
        panic!("no end in sight: {:?}", self.state.tally);
    }

    fn next_good(&self) -> Option<Event> {
        let state = &self.state;
        if let Some(turn) = state.turn_due() {
            return Some(turn);
        }
        if let Some(ending) = state.ending_due() {
            return Some(Event::Ended(ending));
        }
        if let Some(step) = state.active().next() {
            return Some(good_end(state, step));
        }
        let starts = |ix: &StepIx| match state.step(*ix) {
            Some(StepState::Ready) => !state.is_stopping() && !derived(state.graph(), *ix),
            Some(StepState::UndoReady) => true,
            _ => false,
        };
        let step = (0..state.graph().len() as StepIx).find(starts)?;
        state.next_intent(step)
    }
}

fn ines() -> By {
    By(String::from("ines"))
}

fn good_end(state: &RunState, step: StepIx) -> Event {
    let reason = String::from("seen");
    match state.step(step) {
        Some(StepState::Unknown | StepState::UndoUnknown) => {
            Event::Ruled { step, by: ines(), verdict: Verdict::Done, reason }
        }
        Some(word) => {
            let undo = word == StepState::Undoing;
            Event::Done { step, undo, receipt: Receipt::default() }
        }
        None => Event::TakenOver,
    }
}

/// Some event about some step: one that is on the move, or any number at all.
fn event(state: &RunState, kind: u8, pick: u16, extra: u8) -> Event {
    let len = state.graph().len() as u32;
    let moving: Vec<StepIx> = (0..len)
        .filter(|ix| {
            let word = state.step(*ix).unwrap_or(StepState::Pending);
            word.is_active() || matches!(word, StepState::Ready | StepState::UndoReady)
        })
        .collect();
    let wild = extra.is_multiple_of(8) || moving.is_empty();
    let step =
        if wild { u32::from(pick) % (len + 2) } else { moving[usize::from(pick) % moving.len()] };
    let undo = if wild { extra.is_multiple_of(2) } else { state.is_undoing(step) };
    let words = || String::from("words");
    match kind % 24 {
        0..=7 => state.next_intent(step).unwrap_or_else(|| Event::Intent {
            step,
            attempt: u32::from(extra % 3),
            undo,
        }),
        8..=13 => Event::Done {
            step,
            undo,
            receipt: Receipt { already: extra % 4 == 1, ..Receipt::default() },
        },
        14 => {
            let reason = Reason { class: ErrorClass::Retry, message: words() };
            Event::Refused { step, undo, reason, last: extra.is_multiple_of(3) }
        }
        15 => Event::Unknown { step, undo, hint: Hint { message: words() } },
        16 => Event::GivenUp { step, hint: Hint { message: words() } },
        17 => Event::Withdrawn { step },
        18 => {
            let answer = if extra.is_multiple_of(2) { Answer::Continue } else { Answer::Abort };
            Event::Answered { step, by: ines(), answer, reason: None }
        }
        19 => {
            let verdicts = [Verdict::Done, Verdict::Skip, Verdict::Retry, Verdict::Fail];
            let verdict = verdicts[usize::from(extra / 8) % 4];
            let failed = (0..len).find(|ix| state.step(*ix) == Some(StepState::Failed));
            let step = if extra.is_multiple_of(2) { step } else { failed.unwrap_or(step) };
            Event::Ruled { step, by: ines(), verdict, reason: words() }
        }
        20 if extra.is_multiple_of(4) => Event::CancelRequested { by: ines(), reason: None },
        20 => Event::TakenOver,
        21 => state.turn_due().unwrap_or(Event::Halting(Cause::Cancelled)),
        22 => state.ending_due().map_or(Event::Ended(Ending::Succeeded), Event::Ended),
        _ => Event::Resumed { by: ines(), reason: None },
    }
}

/// Everything of a state that a record could change.
fn trace(state: &RunState) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (state.slots.clone(), state.tally.clone(), state.active.clone(), state.waiting.clone()),
        (state.notes.clone(), state.sideways.clone(), state.fresh.clone(), state.work.clone()),
        (state.len, state.epoch, state.now, state.course, state.cause.clone()),
        (state.cancelled.clone(), state.first_failure, state.promoted, state.evidence.clone()),
    )
}

/// The sums are what one would count.
fn assert_sums(state: &RunState) {
    let graph = state.graph();
    let mut tally = Tally::new(graph);
    let mut waits = vec![0; graph.len()];
    for (ix, slot) in (0..).zip(&state.slots) {
        tally.change(graph, graph.step(ix), StepState::Pending, slot.state);
        assert_eq!(state.active.contains(&ix), slot.state.is_active(), "step {ix}");
        for edge in graph.edges.from(ix) {
            let blocks = edge.needs == Needs::Success
                && matches!(slot.state, StepState::Failed | StepState::Blocked);
            let later = state.slots[edge.to as usize].state;
            assert!(!blocks || later != StepState::Pending, "{ix} blocks {}", edge.to);
            waits[edge.to as usize] += u32::from(!slot.state.is_settled());
        }
    }
    let to_undo = state.slots.iter().filter(|slot| {
        let over = [StepState::Undone, StepState::UndoFailed, StepState::UndoBlocked];
        slot.flags.has(Flags::TO_UNDO) && !over.contains(&slot.state)
    });
    tally.undo_left = to_undo.count() as u32;
    assert_eq!(state.tally, tally);
    if !state.is_unwinding() {
        let wrong: Vec<_> = (0..)
            .zip(&state.slots)
            .filter(|(ix, slot): &(usize, _)| {
                slot.state == StepState::Pending && slot.waits != waits[*ix]
            })
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_applies_in_full_or_changes_nothing(
        which in any::<u8>(),
        moves in proptest::collection::vec((any::<u8>(), any::<u16>(), any::<u8>()), 0..160),
    ) {
        let mut play = Play::open(graph(which));
        let mut journal = Vec::new();
        for (kind, pick, extra) in moves {
            let event = event(&play.state, kind, pick, extra);
            let before = trace(&play.state);
            match play.apply(event.clone()) {
                Ok(()) => {
                    assert_sums(&play.state);
                    journal.push(event);
                }
                Err(illegal) => {
                    let unchanged = before == trace(&play.state);
                    prop_assert!(unchanged, "{illegal} left its mark");
                }
            }
        }
        // Nobody is trapped: everything comes to an end, and what halted goes on from there.
        let mut ending = play.run_out();
        for _ in 0..3 {
            if ending == Ending::Halted {
                play.apply(Event::Resumed { by: ines(), reason: None }).unwrap();
                assert_sums(&play.state);
                ending = play.run_out();
            }
        }
        prop_assert_ne!(ending, Ending::Halted);
    }

    #[test]
    fn the_same_records_give_the_same_state(
        which in any::<u8>(),
        moves in proptest::collection::vec((any::<u8>(), any::<u16>(), any::<u8>()), 0..80),
    ) {
        let graph = graph(which);
        let mut play = Play::open(Arc::clone(&graph));
        let mut at = Time(1_000_010);
        let first = Event::Opened(opening("ines"));
        let mut records = vec![Record { seq: 0, at, epoch: 1, event: first }];
        for (kind, pick, extra) in moves {
            let event = event(&play.state, kind, pick, extra);
            if play.apply(event.clone()).is_ok() {
                at = play.at;
                records.push(Record { seq: records.len() as u64, at, epoch: 1, event });
            }
        }
        let folded = fold(&graph, &records).unwrap();
        prop_assert_eq!(&folded.slots, &play.state.slots);
        prop_assert_eq!(&folded.tally, &play.state.tally);
        prop_assert_eq!(folded.course, play.state.course);
    }
}

#[test]
fn records_before_the_opening_after_the_end_and_out_of_order_are_illegal() {
    let graph = Sample::reprotect(1);
    let record = |seq, epoch, event| Record { seq, at: Time(1), epoch, event };
    let opened = || Event::Opened(opening("ines"));
    let mut state = RunState::new(Arc::clone(&graph));
    let illegal = state.apply(&record(0, 1, Event::TakenOver));
    assert_eq!(illegal, Err(Illegal::NotOpened(0)));
    state.apply(&record(0, 1, opened())).unwrap();
    assert_eq!(state.apply(&record(1, 1, opened())), Err(Illegal::OpenedTwice(1)));
    let gap = state.apply(&record(2, 1, Event::TakenOver));
    assert_eq!(gap, Err(Illegal::Gap { expected: 1, found: 2 }));
    let intent = || Event::Intent { step: 0, attempt: 0, undo: false };
    let epoch = state.apply(&record(1, 2, intent()));
    assert_eq!(epoch, Err(Illegal::Epoch { seq: 1, current: 1, found: 2 }));
    state.apply(&record(1, 2, Event::TakenOver)).unwrap();
    let old = state.apply(&record(2, 1, intent()));
    assert_eq!(old, Err(Illegal::Epoch { seq: 2, current: 2, found: 1 }));
    let other = state.apply(&record(2, 2, Event::Intent { step: 0, attempt: 1, undo: false }));
    assert_eq!(other, Err(Illegal::Attempt { seq: 2, step: 0, expected: 0, found: 1 }));
    let none = state.apply(&record(2, 2, Event::Withdrawn { step: 99 }));
    assert_eq!(none, Err(Illegal::NoSuchStep { seq: 2, step: 99 }));
}

#[test]
fn nothing_is_undone_behind_the_pivot() {
    let mut play = Play::open(Sample::planned(2));
    let pivot = play.state.graph().pivot.unwrap();
    while play.state.step(pivot) != Some(StepState::Done) {
        let event = play.next_good().unwrap();
        play.apply(event).unwrap();
    }
    play.apply(Event::CancelRequested { by: ines(), reason: None }).unwrap();
    let active: Vec<StepIx> = play.state.active().collect();
    for step in active {
        let event = good_end(&play.state, step);
        play.apply(event).unwrap();
    }
    let back = play.apply(Event::Unwinding(Cause::Cancelled));
    assert!(matches!(back, Err(Illegal::Course { .. })), "{back:?}");
    assert_eq!(play.state.turn_due(), Some(Event::Halting(Cause::Cancelled)));
}

#[test]
fn a_run_does_not_turn_while_its_pivot_is_open() {
    let mut play = Play::open(Sample::planned(2));
    let pivot = play.state.graph().pivot.unwrap();
    while play.state.step(pivot) != Some(StepState::Running) {
        let event = play.next_good().unwrap();
        play.apply(event).unwrap();
    }
    play.apply(Event::CancelRequested { by: ines(), reason: None }).unwrap();
    assert_eq!(play.state.turn_due(), None, "nobody knows yet which way");
    let reason = Reason { class: ErrorClass::Retry, message: String::from("busy") };
    play.apply(Event::Refused { step: pivot, undo: false, reason, last: false }).unwrap();
    assert_eq!(play.state.turn_due(), Some(Event::Unwinding(Cause::Cancelled)));
}
