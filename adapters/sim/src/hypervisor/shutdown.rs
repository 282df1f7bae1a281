//! Asks the guest to shut down, and powers off when it does not.

use muster_contract::Instance;
use muster_plans::id::VmId;
use muster_plans::inventory::Power;
use muster_plans::time::Span;

use super::{power_off, registered};
use crate::op::{Call, Checked, Note, Todo};
use crate::world::{Site, World, key};

pub(super) fn check(world: &World, site: &Site, vm: VmId, guest: bool, timeout: Span) -> Checked {
    let Ok(instance) = registered(site, &Instance::Production(vm)) else {
        return Ok(Todo::Nothing);
    };
    if instance.power == Power::Off && !instance.waiting && !instance.autostart {
        return Ok(Todo::Nothing);
    }
    let takes = match (guest && instance.power == Power::On, answers(world, vm)) {
        (false, _) => Span::ZERO,
        (true, true) => world.settings.guest_shutdown.min(timeout),
        (true, false) => timeout,
    };
    Ok(Todo::Work(world.settings.scaled(takes)))
}

fn answers(world: &World, vm: VmId) -> bool {
    world.vms.get(&vm).is_some_and(|vm| !vm.hung)
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, vm: VmId, guest: bool) -> Note {
    let hung = guest && !answers(world, vm);
    power_off::stop(world, call, &key(&Instance::Production(vm)));
    hung.then(|| "the guest did not shut down in time; powered off".to_owned())
}
