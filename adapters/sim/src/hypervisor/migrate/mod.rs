//! Moves a running VM.

mod flip;
mod handover;
mod precopy;

use muster_contract::{ErrorClass, HypervisorOp, Instance, Mode, NicSpec, Operation, Reason};
use muster_plans::id::{HostId, SiteName, VmId};
use muster_plans::inventory::{HostState, Power};
use muster_plans::mobility::Method;
use muster_plans::time::{Span, Time};

use super::nics;
use crate::op::{Call, Checked, Note, Todo, missing, no, not_now};
use crate::world::{Move, Registration, Site, VmDef, World, key};
use precopy::PreCopy;

/// Beyond this no live move is supported. Source: vMotion's limit for long distances.
const RTT_LIMIT_MS: f64 = 150.0;

/// A move that is asked for.
pub(super) struct Wanted<'a> {
    vm: VmId,
    method: Method,
    to_site: &'a SiteName,
    to_host: &'a HostId,
    nics: &'a [NicSpec],
}

impl<'a> Wanted<'a> {
    fn of(op: &'a HypervisorOp) -> Option<Wanted<'a>> {
        match op {
            HypervisorOp::Migrate { vm, method, to_site, to_host, nics } => {
                Some(Wanted { vm: *vm, method: *method, to_site, to_host, nics })
            }
            _ => None,
        }
    }

    fn key(&self) -> String {
        key(&Instance::Production(self.vm))
    }
}

pub(super) fn check(world: &World, site: &Site, call: &Call<'_>, op: &HypervisorOp) -> Checked {
    let Some(wanted) = Wanted::of(op) else { return Ok(Todo::Nothing) };
    let there = world.instance(wanted.to_site, &wanted.key());
    let here = site.instances.get(&wanted.key());
    match (here, there) {
        _ if wanted.to_site == call.site => {}
        (None, Some(there)) if there.power == Power::On => return Ok(Todo::Nothing),
        (None, _) => return missing(format!("the registration {}", wanted.key())),
        (Some(_), Some(there)) if there.power != Power::Off => return not_now("it runs there too"),
        (Some(_), _) => {}
    }
    let Some(instance) = here else { return missing(format!("the registration {}", wanted.key())) };
    if wanted.to_site == call.site && &instance.host == wanted.to_host {
        return Ok(Todo::Nothing);
    }
    if instance.power != Power::On {
        return not_now("it does not run; only a running VM moves live");
    }
    let Some(def) = world.vms.get(&wanted.vm) else { return missing("the VM") };
    reachable(world, call, &wanted)?;
    room(world, def, instance, &wanted)?;
    world.move_storage(call, &wanted)?;
    let copy = precopy(world, site, def, instance, &wanted)?;
    Ok(Todo::Work(world.settings.scaled(copy.total)))
}

fn reachable(world: &World, call: &Call<'_>, wanted: &Wanted<'_>) -> Result<(), Reason> {
    if wanted.method == Method::Restart {
        return no(ErrorClass::Unsupported, "a restart is no live move");
    }
    let local =
        matches!(wanted.method, Method::VMotion | Method::StorageVMotion | Method::XvMotion);
    if wanted.to_site == call.site {
        return if local { Ok(()) } else { not_now("it is at that site already") };
    }
    if call.ctx.mode == Mode::Unplanned {
        return not_now("an unplanned run does not speak to the other site");
    }
    if !world.contact(call.site, wanted.to_site) {
        return no(ErrorClass::Retry, format!("{} does not answer", wanted.to_site));
    }
    let rtt = world.pair(call.site, wanted.to_site).map_or(0.0, |pair| pair.rtt_ms);
    if rtt > RTT_LIMIT_MS {
        return not_now(format!(
            "the round trip takes {rtt} ms, and {RTT_LIMIT_MS} ms are allowed"
        ));
    }
    Ok(())
}

fn room(
    world: &World,
    def: &VmDef,
    instance: &Registration,
    wanted: &Wanted<'_>,
) -> Result<(), Reason> {
    let Some(site) = world.sites.get(wanted.to_site) else {
        return missing(format!("the site {}", wanted.to_site));
    };
    let Some(host) = site.hosts.get(wanted.to_host) else {
        return missing(format!("the host {}", wanted.to_host));
    };
    if host.state != HostState::Up {
        return not_now(format!("the host {} is not up", wanted.to_host));
    }
    if host.cpu_family != *def.cpu_family {
        let (own, other) = (&def.cpu_family, &host.cpu_family);
        return not_now(format!("it was started on {own}, and {} has {other}", wanted.to_host));
    }
    let free = host.memory_mib.saturating_sub(host.used_mib);
    if free < u64::from(instance.memory_mib) {
        let need = instance.memory_mib;
        let text = format!("{} has {free} MiB free and {need} are needed", wanted.to_host);
        return no(ErrorClass::Capacity, text);
    }
    wanted.nics.iter().try_for_each(|nic| nics::production(site, &nic.network))
}

fn precopy(
    world: &World,
    site: &Site,
    def: &VmDef,
    instance: &Registration,
    wanted: &Wanted<'_>,
) -> Result<PreCopy, Reason> {
    let near = site.hosts.get(&instance.host).map_or(0, |host| host.migration_mbps);
    let far = world.sites.get(wanted.to_site).and_then(|site| site.hosts.get(wanted.to_host));
    let far = far.map_or(0, |host| host.migration_mbps);
    let mut mbps = f64::from(near.min(far));
    let mut rtt = 0.0;
    let name = world.sites.iter().find(|(_, other)| std::ptr::eq(*other, site)).map(|(n, _)| n);
    if let Some(pair) = name.and_then(|name| world.pair(name, wanted.to_site)) {
        mbps = mbps.min(pair.bandwidth_mbps);
        rtt = pair.rtt_ms;
    }
    let copies_disks = matches!(
        wanted.method,
        Method::StorageVMotion | Method::XvMotion | Method::CrossManager | Method::LongDistance
    );
    let disks: u64 = def.disks.iter().map(|disk| disk.size_mib).sum();
    let disks = if copies_disks { disks as f64 } else { 0.0 };
    let (memory, dirty) = (f64::from(instance.memory_mib), f64::from(def.dirty_mib_s));
    PreCopy::model(memory, dirty, mbps / 8.0, disks, rtt).map_or_else(not_now, Ok)
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, op: &HypervisorOp) -> Note {
    let wanted = Wanted::of(op)?;
    let site = world.sites.get(call.site)?;
    let (def, instance) = (world.vms.get(&wanted.vm)?, site.instances.get(&wanted.key())?);
    let copy = precopy(world, site, def, instance, &wanted).ok();
    if wanted.method == Method::LongDistanceActivePassive {
        world.flip_groups(call.site, wanted.vm);
    }
    world.hand_over(call.site, &wanted);
    copy.map(|copy| copy.note())
}

impl World {
    /// A move has begun; until `due` its progress can be seen.
    pub(crate) fn begin_move(&mut self, site: &SiteName, op: &Operation, due: Time) {
        let Operation::Hypervisor(op) = op else { return };
        let Some(wanted) = Wanted::of(op) else { return };
        let started = self.now;
        if let Some(instance) = self.instance_mut(site, &wanted.key()) {
            instance.moving = Some(Move { started, due, ready: false });
        }
    }

    /// A move has ended, whichever way.
    pub(crate) fn end_move(&mut self, site: &SiteName, op: &Operation) {
        let Operation::Hypervisor(op) = op else { return };
        let Some(wanted) = Wanted::of(op) else { return };
        if let Some(instance) = self.instance_mut(site, &wanted.key()) {
            instance.moving = None;
        }
    }

    /// Whether an operation has to wait for others at its effect, and until when.
    ///
    /// A role flip takes the whole group along: every VM that runs on it must be ready to switch. A
    /// VM whose memory is over waits for the others for a while, and then stays where it is.
    pub(crate) fn meet(&mut self, call: &Call<'_>, op: &Operation) -> Result<Option<Time>, Reason> {
        let Operation::Hypervisor(op) = op else { return Ok(None) };
        let Some(wanted) = Wanted::of(op) else { return Ok(None) };
        if wanted.method != Method::LongDistanceActivePassive {
            return Ok(None);
        }
        let now = self.now;
        let Some(own) = self.instance_mut(call.site, &wanted.key()) else { return Ok(None) };
        let Some(moving) = &mut own.moving else { return Ok(None) };
        moving.ready = true;
        let patience = moving.due + Span::mins(2);
        let Some(other) = self.not_ready(call.site, wanted.vm) else { return Ok(None) };
        if now >= patience || now + Span::secs(1) >= call.ctx.deadline {
            return not_now(format!("{other} runs in the same group and does not move with it"));
        }
        Ok(Some(now + Span(100)))
    }

    /// Another VM that runs here, on a group of this one, and is not ready to switch.
    fn not_ready(&self, site: &SiteName, vm: VmId) -> Option<String> {
        for id in self.groups_of(vm) {
            let group = self.groups.get(&id)?;
            for other in group.vms.iter().filter(|other| **other != vm) {
                let instance = self.instance(site, &key(&Instance::Production(*other)));
                let Some(instance) = instance.filter(|i| i.power == Power::On) else { continue };
                if !instance.moving.as_ref().is_some_and(|moving| moving.ready) {
                    return self.vms.get(other).map(|vm| vm.name.to_string());
                }
            }
        }
        None
    }
}
