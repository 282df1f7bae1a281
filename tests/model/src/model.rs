//! The model as `stateright` sees it.

use stateright::{Model, Property};

use crate::action::Action;
use crate::bounds::Budget;
use crate::guards::Guards;
use crate::properties::{always, sometimes};
use crate::state::State;
use crate::turn::candidates;

/// The protocol with some guards, under some faults.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Which guards hold.
    pub guards: Guards,
    /// What may go wrong.
    pub budget: Budget,
    /// Whether it is also asked whether what should be possible is.
    pub examples: bool,
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.budget)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        candidates(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        state.after(&self.guards, action)
    }

    fn properties(&self) -> Vec<Property<Protocol>> {
        let mut properties = always();
        if self.examples {
            properties.extend(sometimes(&self.budget));
        }
        properties
    }
}
