//! Which host each VM gets at the other site.
//!
//! Most important VMs first, each on the host with the most memory left among those that see its
//! storage. Hosts that run come first; one in standby is woken only when the VM fits on none of them.

use std::collections::BinaryHeap;

use super::containers::{ContainerNo, Containers};
use super::found::{Found, Names};
use super::hosts::{HostNo, Hosts};
use super::lookup::{Lookup, with_room};
use super::members::Member;
use super::settings::Settings;
use super::storage::{Storage, VolumeNo};
use crate::finding::{Code, Finding};
use crate::graph::SiteIx;
use crate::inventory::{HostState, Power, VirtualMachine};
use crate::run::RunKind;

/// The hosts chosen.
#[derive(Debug, Default)]
pub(crate) struct Placement {
    /// By member; `None` only beside a finding.
    pub(crate) host: Vec<Option<HostNo>>,
    /// Hosts to wake, sorted.
    pub(crate) woken: Vec<HostNo>,
}

/// What a VM asks of its host: the site, the containers that its volumes lie in there, and for VMs
/// that would like to move live, the CPU family.
type Class<'a> = (SiteIx, Vec<ContainerNo>, Option<&'a str>);

/// Hosts that see the same containers, those with the most memory left on top. A host stands in the
/// heaps of several classes, so an entry may be out of date: memory only shrinks, and an entry that
/// promises more than there is is put back with what there is.
#[derive(Default)]
struct Heap {
    up: BinaryHeap<(u64, std::cmp::Reverse<HostNo>)>,
    standby: BinaryHeap<(u64, std::cmp::Reverse<HostNo>)>,
}

fn roomiest(
    heap: &mut BinaryHeap<(u64, std::cmp::Reverse<HostNo>)>,
    free: &[u64],
) -> Option<(u64, HostNo)> {
    loop {
        let &(promised, std::cmp::Reverse(no)) = heap.peek()?;
        let real = free[no as usize];
        if promised == real {
            return Some((real, no));
        }
        heap.pop();
        heap.push((real, std::cmp::Reverse(no)));
    }
}

impl Heap {
    /// The best host for so much memory, and how much is lacking there.
    fn choose(&mut self, memory: u64, free: &[u64]) -> Option<(HostNo, u64)> {
        let up = roomiest(&mut self.up, free);
        if let Some((room, no)) = up.filter(|(room, _)| *room >= memory) {
            return Some((no, memory.saturating_sub(room)));
        }
        let standby = roomiest(&mut self.standby, free);
        let best = standby.filter(|(room, _)| up.is_none_or(|(other, _)| *room > other)).or(up);
        best.map(|(room, no)| (no, memory.saturating_sub(room)))
    }
}

struct Placer<'p, 'a> {
    hosts: &'p Hosts<'a>,
    free: Vec<u64>,
    classes: Lookup<Class<'a>, Heap>,
    containers: Vec<Containers<'a>>,
    woken: Vec<HostNo>,
    short_mib: u64,
    short: Names,
    nowhere: Names,
}

/// Chooses hosts. `containers` are those of the sites, by site; `room` are the VMs that will be
/// suspended: their memory counts as free.
#[expect(clippy::too_many_arguments, reason = "each is one table of the model that is being built")]
pub(crate) fn place<'a>(
    kind: RunKind,
    containers: Vec<Containers<'a>>,
    hosts: &Hosts<'a>,
    members: &[Member<'a>],
    settings: &[Settings<'a>],
    storage: &Storage<'a>,
    room: &[(&'a VirtualMachine, SiteIx)],
    live: bool,
    found: &mut Found,
) -> Placement {
    let mut placer = Placer {
        hosts,
        free: (0..hosts.len() as HostNo).map(|no| free_of(hosts, no)).collect(),
        classes: with_room(4),
        containers,
        woken: Vec::new(),
        short_mib: 0,
        short: Names::default(),
        nowhere: Names::default(),
    };
    placer.make_room(room);
    let mut placement = Placement { host: vec![None; members.len()], woken: Vec::new() };
    for priority in 1..=5 {
        for (ix, member) in members.iter().enumerate() {
            if settings[ix].priority == priority {
                let volumes = &storage.of_vm[ix].numbers;
                let same_cpu = live && settings[ix].wants_live();
                placement.host[ix] = placer.place(member, volumes, same_cpu);
            }
        }
    }
    placer.woken.sort_unstable();
    placer.woken.dedup();
    placement.woken = std::mem::take(&mut placer.woken);
    placer.report(kind, found);
    placement
}

fn free_of(hosts: &Hosts<'_>, no: HostNo) -> u64 {
    let host = hosts.host(no);
    // Nothing runs on a host in standby, whatever it last reported as free.
    if host.state == HostState::Standby { host.memory_mib } else { host.free_mib }
}

impl<'a> Placer<'_, 'a> {
    fn make_room(&mut self, room: &[(&VirtualMachine, SiteIx)]) {
        for (vm, site) in room.iter().filter(|(vm, _)| vm.power == Power::On) {
            if let Some(no) = vm.host.as_ref().and_then(|host| self.hosts.no(*site, host)) {
                self.free[no as usize] += u64::from(vm.memory_mib);
            }
        }
    }

    fn place(
        &mut self,
        member: &Member<'a>,
        volumes: &[VolumeNo],
        same_cpu: bool,
    ) -> Option<HostNo> {
        let site = member.way.to;
        if let Some(host) = member.there.and_then(|vm| self.where_it_is(site, vm)) {
            return Some(host);
        }
        let memory = u64::from(member.vm.memory_mib);
        let mut class = self.class(site, volumes);
        let mut best = None;
        if same_cpu {
            class.2 = Some(&member.vm.cpu_family);
            best = self.best(&class, memory).filter(|(_, lacking)| *lacking == 0);
            class.2 = None;
        }
        let best = best.or_else(|| self.best(&class, memory));
        let Some((no, lacking)) = best else {
            self.nowhere.add(&member.vm.name);
            return None;
        };
        if lacking > 0 {
            self.short_mib += lacking;
            self.short.add(&member.vm.name);
        }
        self.free[no as usize] = self.free[no as usize].saturating_sub(memory);
        if self.hosts.host(no).state == HostState::Standby {
            self.woken.push(no);
        }
        Some(no)
    }

    /// A run that is started again keeps the hosts that the first one chose: its memory is taken
    /// there already where it runs.
    fn where_it_is(&mut self, site: SiteIx, vm: &VirtualMachine) -> Option<HostNo> {
        let no = self.hosts.no(site, vm.host.as_ref()?)?;
        if self.hosts.host(no).state != HostState::Up {
            return None;
        }
        if vm.power != Power::On {
            let free = &mut self.free[no as usize];
            *free = free.saturating_sub(u64::from(vm.memory_mib));
        }
        Some(no)
    }

    fn class(&self, site: SiteIx, volumes: &[VolumeNo]) -> Class<'a> {
        let of_volume = &self.containers[site.0 as usize].of_volume;
        let mut containers: Vec<ContainerNo> =
            volumes.iter().filter_map(|volume| of_volume[*volume as usize]).collect();
        containers.sort_unstable();
        containers.dedup();
        (site, containers, None)
    }

    /// The best host for so much memory, and how much is lacking there.
    fn best(&mut self, class: &Class<'a>, memory: u64) -> Option<(HostNo, u64)> {
        if !self.classes.contains_key(class) {
            let heap = self.heap_of(class);
            self.classes.insert(class.clone(), heap);
        }
        self.classes.get_mut(class)?.choose(memory, &self.free)
    }

    fn heap_of(&self, (site, containers, family): &Class<'_>) -> Heap {
        let ids = &self.containers[site.0 as usize].ids;
        let mut heap = Heap::default();
        for no in self.hosts.usable(*site) {
            let host = self.hosts.host(no);
            if family.is_some_and(|family| family != host.cpu_family)
                || !containers.iter().all(|ix| host.containers.contains(ids[*ix as usize]))
            {
                continue;
            }
            let entry = (self.free[no as usize], std::cmp::Reverse(no));
            match host.state {
                HostState::Standby => heap.standby.push(entry),
                _ => heap.up.push(entry),
            }
        }
        heap
    }

    fn report(self, kind: RunKind, found: &mut Found) {
        if self.nowhere.count() > 0 {
            found.error(
                Code::NoHost,
                format!("no host at the recovery site sees the storage of {}", self.nowhere),
                "bring a host up, or give the hosts access to the containers of these VMs",
            );
        }
        if self.short.count() == 0 {
            return;
        }
        let message =
            format!("the recovery site lacks {} MiB of memory for {}", self.short_mib, self.short);
        let help = "add hosts, list more VMs in `suspend-at-recovery`, or take VMs out of the plan";
        // In a disaster half a recovery is worth more than none: hosts share out too little memory,
        // the most important VMs were placed first.
        let finding = match kind {
            RunKind::Failover => Finding::warning(Code::HostCapacity, message, help),
            _ => Finding::error(Code::HostCapacity, message, help),
        };
        found.push(finding);
    }
}
