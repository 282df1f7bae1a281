//! The store against a model: whatever is asked of it, in whatever order, it answers as a few maps in
//! memory would. The model knows no SQL; a second database is held to the same answers by standing in
//! the suite.

mod agree;
mod command;
mod reference;

use std::marker::PhantomData;

use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use crate::Factory;
use agree::Agrees;
use reference::Commands;

/// Sequences that are tried.
const CASES: u32 = 48;

/// Commands of one sequence at most.
const LENGTH: usize = 48;

/// `_db` says which database; every sequence gets one of its own.
pub(crate) async fn the_store_answers_as_a_model<F: Factory + 'static>(_db: F) {
    // The sequences run on a runtime of their own.
    let tried = std::thread::spawn(|| {
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let sequences = Commands::<F>::sequential_strategy(1..LENGTH);
        let tried = TestRunner::new(config.clone()).run(&sequences, |(state, commands, seen)| {
            Agrees::<F>::test_sequential(config.clone(), state, commands, seen);
            Ok(())
        });
        tried.err().map(|error| error.to_string())
    });
    assert_eq!(tried.join().unwrap(), None);
}

/// Which database, for types that hold none.
type Of<F> = PhantomData<fn() -> F>;
