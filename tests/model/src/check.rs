//! Explores everything, or finds the shortest way to what must not be.

use std::num::NonZero;

use stateright::{Checker, Model};

use crate::action::Action;
use crate::model::Protocol;
use crate::sentence::sentence;
use crate::state::State;
use crate::walk::Walk;

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Figures {
    /// States that differ.
    pub states: usize,
    /// States that were made, also those that were known.
    pub generated: usize,
    /// The longest of the shortest ways to a state.
    pub depth: usize,
    /// Each property, and whether it is as it should be.
    pub properties: Vec<(&'static str, bool)>,
}

/// The shortest way to a violation.
#[derive(Clone, Debug)]
pub struct Story {
    /// What is violated.
    pub property: &'static str,
    /// How many different states were seen before it was found.
    pub states: usize,
    /// What happened, in sentences.
    pub sentences: Vec<String>,
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Explores every state, on all cores.
pub fn explore(protocol: Protocol) -> Figures {
    let checker = protocol.checker().threads(cores()).spawn_bfs().join();
    let found = checker.discoveries();
    let as_it_should = |property: &stateright::Property<Protocol>| {
        let failure = property.expectation.discovery_is_failure();
        (property.name, found.contains_key(property.name) != failure)
    };
    Figures {
        states: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        properties: protocol.properties().iter().map(as_it_should).collect(),
    }
}

/// The shortest way to break a property.
pub fn shortest(protocol: Protocol, property: &'static str) -> Option<Story> {
    let holds = protocol.property(property).condition;
    let (walk, found) = Walk::until(&protocol, |state| !holds(&protocol, state), |_, _, _| {});
    let way = walk.way(found?);
    let told = |(state, action): &(State, Action)| sentence(&protocol.guards, state, *action);
    Some(Story { property, states: walk.states.len(), sentences: way.iter().map(told).collect() })
}
