//! Whether every state can still come to an end.
//!
//! `stateright` finds an "eventually" only on paths that never meet again, so this walks through all
//! states itself and then back from those in which the work is over.

use crate::action::Action;
use crate::model::Protocol;
use crate::state::State;
use crate::walk::Walk;

/// What the walk back found.
#[derive(Clone, Debug)]
pub struct Traps {
    /// All states.
    pub states: usize,
    /// Moves between them that are not faults.
    pub moves: usize,
    /// States in which the work is over.
    pub over: usize,
    /// States from which no move of the product or of a person leads there.
    pub trapped: usize,
    /// One of them.
    pub example: Option<Box<State>>,
}

/// Walks back from the ends.
pub fn traps(protocol: &Protocol) -> Traps {
    let mut moves: Vec<(u32, u32)> = Vec::new();
    let note = |from, action: Action, to| {
        if !action.is_fault() {
            moves.push((to, from));
        }
    };
    let (walk, _) = Walk::until(protocol, |_| false, note);
    let states = walk.states;
    moves.sort_unstable();
    let mut good: Vec<bool> = states.iter().map(State::is_over).collect();
    let mut open: Vec<u32> = (0..states.len() as u32).filter(|ix| good[*ix as usize]).collect();
    let over = open.len();
    while let Some(to) = open.pop() {
        let first = moves.partition_point(|(target, _)| *target < to);
        for (_, from) in moves[first..].iter().take_while(|(target, _)| *target == to) {
            if !std::mem::replace(&mut good[*from as usize], true) {
                open.push(*from);
            }
        }
    }
    let trapped = good.iter().filter(|good| !**good).count();
    let example = good.iter().position(|good| !good).map(|ix| Box::new(states[ix]));
    Traps { states: states.len(), moves: moves.len(), over, trapped, example }
}
