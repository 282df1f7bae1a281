//! A walk of our own, for what `stateright` does not answer: the shortest way to a violation (it keeps
//! the last way that it met), and the graph between all states.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use stateright::Model;

use crate::action::Action;
use crate::model::Protocol;
use crate::state::State;

/// All states that were met, in the order of their distance from the first.
pub(crate) struct Walk {
    pub(crate) states: Vec<State>,
    /// For each but the first: from which state, and by what.
    pub(crate) came: Vec<Option<(u32, Action)>>,
}

impl Walk {
    /// Walks until a state is found, or everything was seen. `moved` hears of every move.
    pub(crate) fn until(
        protocol: &Protocol,
        found: impl Fn(&State) -> bool,
        mut moved: impl FnMut(u32, Action, u32),
    ) -> (Walk, Option<u32>) {
        let states = protocol.init_states();
        let mut walk = Walk { came: vec![None; states.len()], states };
        let mut known: HashMap<State, u32, BuildHasherDefault<Mix>> =
            walk.states.iter().map(|s| (*s, 0)).collect();
        let (mut actions, mut at) = (Vec::new(), 0);
        while at < walk.states.len() {
            let (state, from) = (walk.states[at], at as u32);
            if found(&state) {
                return (walk, Some(from));
            }
            actions.clear();
            protocol.actions(&state, &mut actions);
            for &action in &actions {
                let Some(next) = protocol.next_state(&state, action) else { continue };
                let to = *known.entry(next).or_insert_with(|| {
                    walk.states.push(next);
                    walk.came.push(Some((from, action)));
                    (walk.states.len() - 1) as u32
                });
                moved(from, action, to);
            }
            at += 1;
        }
        (walk, None)
    }

    /// The way to a state: each action with the state in which it was taken.
    pub(crate) fn way(&self, mut to: u32) -> Vec<(State, Action)> {
        let mut way = Vec::new();
        while let Some((from, action)) = self.came[to as usize] {
            way.push((self.states[from as usize], action));
            to = from;
        }
        way.reverse();
        way
    }
}

/// A quick hash of small numbers; nobody chooses the states in order to make them collide.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u8(*byte));
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }

    fn write_u16(&mut self, n: u16) {
        self.write_u64(u64::from(n));
    }

    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as u64);
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
