//! What must always hold, and what must be possible.

use stateright::Property;

use crate::bounds::Budget;
use crate::journal::Course;
use crate::model::Protocol;
use crate::plan::{FAILBACK, FAILOVER};
use crate::server::Act;
use crate::state::State;
use crate::world::Fence;

/// Invariant I2.
pub(crate) const ONE_WRITER: &str = "never are both sites writable";
/// Invariant I5.
pub(crate) const NEVER_BACK: &str = "at no object does an older token follow a newer one";
/// No operation has its effect twice.
pub(crate) const ONCE: &str = "no operation has its effect twice";
/// Invariant I4.
pub(crate) const INTENT_FIRST: &str = "no effect is without a durable intent";
/// Invariant I10.
pub(crate) const DIRECTION: &str = "no volume that is written is overwritten";

/// Safety.
pub(crate) fn always() -> Vec<Property<Protocol>> {
    vec![
        Property::always(ONE_WRITER, |_, state: &State| !state.two_writers()),
        Property::always(NEVER_BACK, |_, state: &State| !state.ghost.went_back),
        Property::always(ONCE, |_, state: &State| !state.ghost.twice),
        Property::always(INTENT_FIRST, |_, state: &State| !state.ghost.unannounced),
        Property::always(DIRECTION, |_, state: &State| {
            !(state.world.flows_back && state.world.writes_a())
        }),
    ]
}

/// That the model is not empty: each of these is reached within the faults that it needs.
pub(crate) fn sometimes(budget: &Budget) -> Vec<Property<Protocol>> {
    let mut properties = vec![
        Property::sometimes("a failover completes", |_, state: &State| {
            state.database.cursor.run == FAILOVER && state.database.cursor.course == Course::Ended
        }),
        Property::sometimes("a failback completes", |_, state: &State| {
            state.database.cursor.run >= FAILBACK
                && state.database.cursor.course == Course::Ended
                && state.world.writes_a()
        }),
        Property::sometimes("a failback is undone after its demote", |_, state: &State| {
            state.database.cursor.course == Course::Undone && state.database.cursor.step == 5
        }),
        Property::sometimes("a run halts and is given up", |_, state: &State| {
            state.database.cursor.course == Course::Abandoned
        }),
    ];
    if budget.expiries > 0 {
        properties.push(Property::sometimes(
            "a paused owner wakes after a take-over",
            |_, state: &State| {
                let wakes = |s: &crate::server::Server| s.act == Act::FencedOff;
                let lease = state.database.lease;
                lease > 0 && state.servers.iter().any(|s| wakes(s) && s.epoch < lease)
            },
        ));
    }
    if budget.outages > 0 {
        properties.push(Property::sometimes(
            "a fenced site returns and does not write",
            |_, state: &State| {
                let world = &state.world;
                world.up_a && world.open_a && world.open_b && world.fence == Fence::Heard
            },
        ));
    }
    if budget.early > 0 {
        properties.push(Property::sometimes(
            "an effect lands after it was acknowledged",
            |_, state: &State| state.world.late.is_some_and(|late| late.acknowledged),
        ));
    }
    if budget.rewinds > 0 {
        properties.push(Property::sometimes("a promote of B is forgotten", |_, state: &State| {
            state.hold.on && state.world.open_b && state.database.cursor.mark() <= 2
        }));
        properties.push(Property::sometimes(
            "a failback completes after a restore",
            |_, state: &State| {
                state.second_life
                    && state.database.cursor.run >= FAILBACK
                    && state.database.cursor.course == Course::Ended
            },
        ));
    }
    properties
}
