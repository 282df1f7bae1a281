//! With all guards on, everything within the bounds is explored.

use muster_model::{Scope, explore, scopes, traps};

/// The fewest states that all scopes together must have, so that nobody makes the model small
/// unnoticed.
const AT_LEAST: usize = 1_000_000;

fn as_it_should(scope: &Scope) -> usize {
    let figures = explore(scope.protocol());
    let wrong: Vec<_> = figures.properties.iter().filter(|(_, holds)| !holds).collect();
    assert!(wrong.is_empty(), "{}: {wrong:?}", scope.name);
    figures.states
}

#[test]
fn nothing_unsafe_can_be_reached_and_all_that_should_can() {
    let states: Vec<usize> = scopes().iter().map(as_it_should).collect();
    assert!(states.iter().any(|states| *states >= AT_LEAST), "{states:?}");
}

/// From every state the product and people alone lead to an end, once the faults have stopped.
#[test]
fn no_state_is_a_trap() {
    // The larger scopes are walked through by `muster-model check`.
    for scope in &scopes()[..4] {
        let found = traps(&scope.protocol());
        assert_eq!(found.trapped, 0, "{}: {:#?}", scope.name, found.example);
        assert!(found.over > 0);
    }
}
