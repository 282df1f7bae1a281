//! Records as they come: any position, epoch, time and step, in any order. The fold says what is wrong
//! with the first one that cannot stand where it stands, and a journal is legal at every length.

use muster_contract::Hint;
use proptest::prelude::*;

use super::*;
use crate::event::{Evidence, EvidenceSource};
use muster_plans::id::SiteName;

fn words() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just(String::from("\"\n\u{2028}é")), "\\PC{0,12}"]
}

fn step() -> impl Strategy<Value = StepIx> {
    prop_oneof![8 => 0..40_u32, 1 => Just(u32::MAX), 1 => any::<u32>()]
}

fn attempt() -> impl Strategy<Value = u32> {
    prop_oneof![6 => Just(0), 2 => 0..3_u32, 1 => Just(u32::MAX)]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (any::<bool>(), words(), any::<i64>(), any::<i64>()).prop_map(|(fence, text, from, to)| {
        let source = if fence {
            EvidenceSource::Fence(SiteName::from("lyon"))
        } else {
            EvidenceSource::Attestation { by: ines(), reason: text }
        };
        let (observed_at, expires_at) = (Time(from), Time(to));
        Evidence { against: SiteName::from("paris"), source, observed_at, expires_at }
    })
}

fn ending() -> impl Strategy<Value = Ending> {
    prop::sample::select(vec![Ending::Succeeded, Ending::Undone, Ending::Halted])
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![Just(Cause::Cancelled), step().prop_map(Cause::StepFailed)]
}

/// About a step.
fn step_event() -> impl Strategy<Value = Event> {
    let reason = (words(), any::<bool>()).prop_map(|(message, retry)| Reason {
        class: if retry { ErrorClass::Retry } else { ErrorClass::Bug },
        message,
    });
    let verdict =
        prop::sample::select(vec![Verdict::Done, Verdict::Skip, Verdict::Retry, Verdict::Fail]);
    let answer = prop::sample::select(vec![Answer::Continue, Answer::Abort]);
    let undo = any::<bool>;
    prop_oneof![
        6 => (step(), attempt(), undo())
            .prop_map(|(step, attempt, undo)| Event::Intent { step, attempt, undo }),
        6 => (step(), undo()).prop_map(|(step, undo)| {
            Event::Done { step, undo, receipt: Receipt::default() }
        }),
        2 => (step(), undo(), reason, any::<bool>())
            .prop_map(|(step, undo, reason, last)| Event::Refused { step, undo, reason, last }),
        2 => (step(), undo(), words())
            .prop_map(|(step, undo, message)| Event::Unknown { step, undo, hint: Hint { message } }),
        1 => (step(), words())
            .prop_map(|(step, message)| Event::GivenUp { step, hint: Hint { message } }),
        1 => step().prop_map(|step| Event::Withdrawn { step }),
        1 => (step(), answer)
            .prop_map(|(step, answer)| Event::Answered { step, by: ines(), answer, reason: None }),
        1 => (step(), verdict, words())
            .prop_map(|(step, verdict, reason)| Event::Ruled { step, by: ines(), verdict, reason }),
    ]
}

/// About the whole run.
fn run_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Opened(opening("ines"))),
        Just(Event::TakenOver),
        evidence().prop_map(Event::EvidenceSeen),
        words().prop_map(|w| Event::CancelRequested { by: ines(), reason: Some(w) }),
        cause().prop_map(Event::Unwinding),
        cause().prop_map(Event::Halting),
        Just(Event::Resumed { by: ines(), reason: None }),
        ending().prop_map(Event::Ended),
    ]
}

/// Mostly where they belong.
fn records() -> impl Strategy<Value = Vec<Record>> {
    // Some that can stand anywhere, so that it is not always the first one that ends the fold.
    let harmless = prop_oneof![Just(Event::TakenOver), evidence().prop_map(Event::EvidenceSeen)];
    let event = prop_oneof![2 => step_event(), 1 => run_event(), 9 => harmless];
    let off = prop_oneof![20 => Just(0_i64), 1 => -2..3_i64, 1 => Just(i64::MAX)];
    let epoch = prop_oneof![20 => Just(1_u64), 1 => 0..3_u64, 1 => Just(u64::MAX)];
    let at = prop_oneof![8 => 0..1_000_000_i64, 1 => any::<i64>()];
    prop::collection::vec((event, off, epoch, at), 0..60).prop_map(|all| {
        let opened = (Event::Opened(opening("ines")), 0, 1, 5);
        let records = std::iter::once(opened).chain(all).zip(0_u64..);
        records
            .map(|((event, off, epoch, at), n)| Record {
                seq: n.saturating_add_signed(off),
                at: Time(at),
                epoch,
                event,
            })
            .collect()
    })
}

/// Moves of a run as [`event`] takes them.
fn moves() -> impl Strategy<Value = Vec<(u8, u16, u8)>> {
    prop::collection::vec((any::<u8>(), any::<u16>(), any::<u8>()), 0..100)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_fold_ends_at_the_first_record_that_cannot_follow(
        which in any::<u8>(),
        records in records(),
    ) {
        let graph = graph(which);
        let good = (0..=records.len()).take_while(|n| fold(&graph, &records[..*n]).is_ok());
        let good = good.last().expect("no record at all is legal");
        match fold(&graph, &records) {
            Ok(state) => {
                prop_assert_eq!(good, records.len());
                prop_assert_eq!(state.len(), records.len() as u64);
            }
            Err(illegal) => {
                prop_assert!(good < records.len());
                prop_assert!(!illegal.to_string().is_empty());
                // The same as whoever had written the good ones would be told.
                let mut state = fold(&graph, &records[..good]).unwrap();
                prop_assert_eq!(state.apply(&records[good]), Err(illegal));
                prop_assert_eq!(state.len(), good as u64);
            }
        }
    }

    #[test]
    fn a_journal_is_legal_at_every_length(which in any::<u8>(), moves in moves()) {
        let graph = graph(which);
        let mut state = RunState::new(Arc::clone(&graph));
        let mut records = Vec::new();
        let mut write = |state: &mut RunState, event: Event, epoch| {
            let (seq, at) = (state.len(), Time(1_000 + 10 * state.len() as i64));
            let record = Record { seq, at, epoch, event };
            if state.apply(&record).is_ok() {
                records.push(record);
            }
        };
        write(&mut state, Event::Opened(opening("ines")), 1);
        for (kind, pick, extra) in moves {
            let event = event(&state, kind, pick, extra);
            let epoch = state.epoch() + u64::from(event == Event::TakenOver);
            write(&mut state, event, epoch);
        }
        for cut in 0..=records.len() {
            let mut resumed = fold(&graph, &records[..cut]).unwrap();
            prop_assert_eq!(resumed.len(), cut as u64);
            // Whoever takes over at this point comes to the same state.
            for record in &records[cut..] {
                resumed.apply(record).unwrap();
            }
            assert_sums(&resumed);
            prop_assert_eq!(&resumed.slots, &state.slots);
            prop_assert_eq!(resumed.course, state.course);
            prop_assert_eq!(&resumed.cause, &state.cause);
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written(records in records()) {
        let text = serde_json::to_string(&records).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Record>>(&text).unwrap(), records);
    }
}
