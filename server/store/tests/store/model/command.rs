//! What is asked of the store, in sequences that try most what is near the edge.

use muster_engine::{AppendError, Fence, Record};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::make::TTL;

/// Runs that commands are about; not all of them exist.
pub(crate) const RUNS: u64 = 4;

/// A fence that somebody shows: one that was given out, or a forged one.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// One of those that were ever given out; the last ones most often.
    Given(Index),
    /// The last one of the run.
    Last,
    /// The last one of the run, with another epoch, life or owner.
    Forged(u64, u64, bool),
}

/// What somebody wants to append to a run.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) run: u64,
    pub(crate) fence: Shown,
    /// How far from the journal's end it begins.
    pub(crate) off: i8,
    pub(crate) count: u64,
    /// One of the records is missing.
    pub(crate) torn: bool,
}

/// What is asked of the store.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Makes a run.
    Create(u64),
    /// Takes a run.
    Acquire(u64, u8),
    /// Keeps it.
    Renew(u64, Shown),
    /// Gives it back.
    Release(u64, Shown),
    /// Appends for several runs at once.
    Append(Vec<Wish>),
    /// Reads from a position, so many records.
    Read(u64, u64, usize),
    /// Time passes.
    Wait(u64),
    /// The server stops, in good order or not, and starts again.
    Restart { orderly: bool },
}

/// What the store must answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Nothing.
    Nothing,
    /// It was made, or it exists already.
    Made(bool),
    /// `Err`: there is no such run.
    Taken(Result<Option<Fence>, ()>),
    /// Whether it was kept.
    Kept(bool),
    /// One for each wish.
    Appended(Vec<Result<(), AppendError>>),
    /// Records.
    Read(Vec<Record>),
}

/// Any command. `missing`: a run that does not exist yet.
pub(crate) fn command(missing: u64) -> impl Strategy<Value = Command> {
    let run = || 0..RUNS;
    prop_oneof![
        2 => prop_oneof![Just(missing), run()].prop_map(Command::Create),
        4 => (run(), 0..3_u8).prop_map(|(run, who)| Command::Acquire(run, who)),
        2 => (run(), shown()).prop_map(|(run, shown)| Command::Renew(run, shown)),
        1 => (run(), shown()).prop_map(|(run, shown)| Command::Release(run, shown)),
        8 => proptest::collection::vec(wish(), 1..4).prop_map(Command::Append),
        2 => (run(), 0..12_u64, 0..12_usize).prop_map(|(r, f, l)| Command::Read(r, f, l)),
        2 => prop_oneof![Just(TTL.0 - 1), Just(1), Just(TTL.0)].prop_map(Command::Wait),
        1 => any::<bool>().prop_map(|orderly| Command::Restart { orderly }),
    ]
}

fn shown() -> impl Strategy<Value = Shown> {
    prop_oneof![
        6 => Just(Shown::Last),
        3 => any::<Index>().prop_map(Shown::Given),
        1 => (0..2_u64, 0..2_u64, any::<bool>()).prop_map(|(e, i, o)| Shown::Forged(e, i, o)),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let off = prop_oneof![6 => Just(0), 1 => Just(1), 1 => Just(-1_i8)];
    let torn = proptest::bool::weighted(0.1);
    (0..RUNS, shown(), off, 0..5_u64, torn).prop_map(|(run, fence, off, count, torn)| Wish {
        run,
        fence,
        off,
        count,
        torn,
    })
}
