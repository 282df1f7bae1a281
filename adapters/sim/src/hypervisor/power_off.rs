//! Powers off at once.

use muster_contract::Instance;
use muster_plans::inventory::Power;

use super::registered;
use crate::op::{Call, Checked, Note, Todo};
use crate::world::{Site, World, key};

pub(super) fn check(site: &Site, which: &Instance) -> Checked {
    let Ok(instance) = registered(site, which) else {
        // What is not there does not run.
        return Ok(Todo::Nothing);
    };
    let off = instance.power == Power::Off && !instance.autostart && !instance.waiting;
    Ok(if off { Todo::Nothing } else { Todo::WORK })
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, which: &Instance) -> Note {
    stop(world, call, &key(which));
    None
}

/// Stops it for good: it does not start by itself either.
pub(super) fn stop(world: &mut World, call: &Call<'_>, key: &str) {
    if let Some(instance) = world.instance_mut(call.site, key) {
        instance.autostart = false;
        instance.waiting = false;
        instance.suspended_by = None;
    }
    world.set_power(call.site, key, Power::Off);
}
