//! Suspends VMs that make room, and resumes them.

use muster_contract::{Instance, Mode};
use muster_plans::id::VmId;
use muster_plans::inventory::Power;

use super::{power_on, registered};
use crate::op::{Call, Checked, Note, Todo, not_now};
use crate::world::{Site, World, key};

pub(super) fn check(site: &Site, _call: &Call<'_>, vm: VmId) -> Checked {
    match registered(site, &Instance::Production(vm))?.power {
        Power::On => Ok(Todo::WORK),
        Power::Suspended => Ok(Todo::Nothing),
        Power::Off => not_now("it does not run"),
    }
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, vm: VmId) -> Note {
    let key = key(&Instance::Production(vm));
    world.instance_mut(call.site, &key)?.suspended_by = call.ctx.run_tag.clone();
    world.set_power(call.site, &key, Power::Suspended);
    None
}

/// A test resumes what it suspended, and nothing else.
pub(super) fn check_resume(world: &World, site: &Site, call: &Call<'_>, vm: VmId) -> Checked {
    let instance = registered(site, &Instance::Production(vm))?;
    match instance.power {
        Power::On => return Ok(Todo::Nothing),
        Power::Off => return not_now("it is not suspended"),
        Power::Suspended => {}
    }
    let of_a_test = matches!(call.ctx.mode, Mode::Test | Mode::Cleanup);
    if of_a_test && instance.suspended_by != call.ctx.run_tag {
        return not_now("it was not suspended by this test");
    }
    power_on::room(site, instance)?;
    world.storage_ready(call.site, vm)?;
    power_on::alone(world, call.site, vm)?;
    Ok(Todo::WORK)
}

pub(super) fn resume(world: &mut World, call: &Call<'_>, vm: VmId) -> Note {
    let key = key(&Instance::Production(vm));
    let now = world.now;
    let instance = world.instance_mut(call.site, &key)?;
    instance.suspended_by = None;
    instance.booted = now;
    world.set_power(call.site, &key, Power::On);
    None
}
