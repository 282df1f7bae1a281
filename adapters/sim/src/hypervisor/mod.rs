//! What the hypervisors do: one file for each verb.

mod bubble;
mod ip;
mod migrate;
mod mount;
mod nics;
mod power_off;
mod power_on;
mod register;
mod rescan;
mod run;
mod shutdown;
mod suspend;
mod wake;

use muster_contract::{HypervisorOp, Instance, Operation, Reason};

use crate::op::{Call, Checked, Note, missing};
use crate::world::{Registration, Site, World, key};

pub(crate) fn check(world: &World, call: &Call<'_>, op: &HypervisorOp) -> Checked {
    use HypervisorOp as H;
    let site = site(world, call)?;
    match op {
        H::Register(spec) => register::check(world, site, call, spec),
        H::RegisterTest(spec) => register::check_test(world, site, call, spec),
        H::Unregister(instance) => register::check_removal(site, instance),
        H::ConnectNics { vm, nics } => nics::check(site, *vm, nics),
        H::ConnectTestNics { vm, tag, nics } => nics::check_test(site, *vm, tag, nics),
        H::CustomizeIp { instance, addresses } => ip::check(site, instance, addresses),
        H::PowerOn(instance) => power_on::check(world, site, call, instance),
        H::Shutdown { vm, guest, timeout } => shutdown::check(world, site, *vm, *guest, *timeout),
        H::PowerOff(instance) => power_off::check(site, instance),
        H::Suspend(vm) => suspend::check(site, call, *vm),
        H::Resume(vm) => suspend::check_resume(world, site, call, *vm),
        H::Migrate { .. } => migrate::check(world, site, call, op),
        H::CreateBubble { name } => bubble::check_make(site, call, name),
        H::DropBubble { name } => bubble::check_drop(site, call, name),
        H::Unmount { group } => mount::check_unmount(world, call, group),
        H::Mount { group } => mount::check_mount(world, call, group),
        H::MountTest { clone } => mount::check_test(site, call, clone),
        H::Rescan => rescan::check(),
        H::WakeHost(host) => wake::check(world, site, host),
    }
}

pub(crate) fn apply(world: &mut World, call: &Call<'_>, op: &HypervisorOp) -> Note {
    use HypervisorOp as H;
    match op {
        H::Register(spec) => register::apply(world, call, spec),
        H::RegisterTest(spec) => register::apply_test(world, call, spec),
        H::Unregister(instance) => register::remove(world, call, instance),
        H::ConnectNics { vm, nics } => nics::apply(world, call, *vm, nics),
        H::ConnectTestNics { vm, tag, nics } => nics::apply_test(world, call, *vm, tag, nics),
        H::CustomizeIp { instance, addresses } => ip::apply(world, call, instance, addresses),
        H::PowerOn(instance) => power_on::apply(world, call, instance),
        H::Shutdown { vm, guest, .. } => shutdown::apply(world, call, *vm, *guest),
        H::PowerOff(instance) => power_off::apply(world, call, instance),
        H::Suspend(vm) => suspend::apply(world, call, *vm),
        H::Resume(vm) => suspend::resume(world, call, *vm),
        H::Migrate { .. } => migrate::apply(world, call, op),
        H::CreateBubble { name } => bubble::make(world, call, name),
        H::DropBubble { name } => bubble::remove(world, call, name),
        H::Unmount { group } => mount::set(world, call, group, false),
        H::Mount { group } => mount::set(world, call, group, true),
        H::MountTest { clone } => mount::mount_test(world, call, clone),
        H::Rescan => rescan::apply(world, call),
        H::WakeHost(host) => wake::apply(world, call, host),
    }
}

/// The half of an operation that a backend does which stops half way; `None` where there is no half.
pub(crate) fn part(op: &Operation) -> Option<Operation> {
    use HypervisorOp as H;
    let half = match op {
        Operation::Hypervisor(H::ConnectNics { vm, nics }) => {
            H::ConnectNics { vm: *vm, nics: nics[..nics.len() / 2].to_vec() }
        }
        Operation::Hypervisor(H::ConnectTestNics { vm, tag, nics }) => {
            let nics = nics[..nics.len() / 2].to_vec();
            H::ConnectTestNics { vm: *vm, tag: tag.clone(), nics }
        }
        Operation::Hypervisor(H::CustomizeIp { instance, addresses }) => {
            let half = addresses.len() / 2;
            let keep = |(nr, address): (usize, &Option<_>)| address.clone().filter(|_| nr < half);
            let addresses = addresses.iter().enumerate().map(keep).collect();
            H::CustomizeIp { instance: instance.clone(), addresses }
        }
        Operation::Storage(_) | Operation::Hypervisor(_) | Operation::Fencing(_) => return None,
    };
    Some(Operation::Hypervisor(half))
}

fn site<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Site, Reason> {
    world.sites.get(call.site).map_or_else(|| missing(format!("the site {}", call.site)), Ok)
}

/// The instance that is meant, which must be registered here.
fn registered<'a>(site: &'a Site, instance: &Instance) -> Result<&'a Registration, Reason> {
    let key = key(instance);
    site.instances.get(&key).map_or_else(|| missing(format!("the registration {key}")), Ok)
}
