//! Puts a world together.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use muster_plans::id::{HostId, NetworkName, SiteName, VmId, VolumeId};
use muster_plans::inventory::{HostState, Network, ObjectKind, Power};
use muster_plans::time::Time;

use super::hosts;
use super::replicated::{Members, group};
use super::spec::{AppSpec, LocalSpec, WorldSpec};
use crate::rng::Rng;
use crate::truth::Notes;
use crate::world::{
    Card, CardDef, Disk, LocalVolume, Pair, Queue, Registration, Seen, VmDef, Witness, World,
};

/// Size of the home object in MiB.
const HOME_MIB: u64 = 2048;

impl WorldSpec {
    pub(super) fn assemble(&self, start: Time) -> World {
        let mut world = World {
            now: start,
            rng: Rng::new(self.seed),
            settings: self.settings.clone(),
            sites: self.sites.iter().map(|site| (site.name.clone(), self.site(site))).collect(),
            pairs: self.pairs(),
            witness: self.witness(start),
            vms: BTreeMap::new(),
            volumes: BTreeMap::new(),
            groups: BTreeMap::new(),
            fences: Vec::new(),
            faults: Vec::new(),
            queue: Queue::default(),
            notes: Notes::default(),
            watched: None,
            contacts: crate::world::Tally::default(),
            hits: None,
        };
        let mut maker = Maker { world: &mut world, addresses: BTreeMap::new(), made: 0 };
        for app in &self.apps {
            maker.app(app);
        }
        for local in &self.locals {
            maker.local(local);
        }
        world.world_changed();
        world
    }

    fn pairs(&self) -> Vec<Pair> {
        let pair = |link: &super::spec::LinkSpec| Pair {
            a: link.a.clone(),
            b: link.b.clone(),
            up: true,
            mute: [false; 2],
            rtt_ms: link.rtt_ms,
            bandwidth_mbps: link.bandwidth_mbps,
            loss: 0.0,
            static_rule: self.witness.is_none(),
            apart: None,
            isolated: [None, None],
        };
        self.links.iter().map(pair).collect()
    }

    fn witness(&self, start: Time) -> Option<Witness> {
        let seen = || Seen { line: true, mute: [false; 2], heard: true, last: start };
        let seen = self.sites.iter().map(|site| (site.name.clone(), seen())).collect();
        let name = self.witness.clone()?;
        Some(Witness { name, up: true, up_since: start, seen })
    }
}

struct Maker<'a> {
    world: &'a mut World,
    /// The next host number in each network.
    addresses: BTreeMap<(SiteName, NetworkName), u32>,
    made: u64,
}

impl Maker<'_> {
    fn app(&mut self, app: &AppSpec) {
        let numbers: Vec<u32> = (1..=app.count).collect();
        for (nr, chunk) in numbers.chunks(app.per_group as usize).enumerate() {
            let id = format!("{}-{}-cg{:02}", app.name, app.policy, nr + 1);
            let mut members = Members { vms: Vec::new(), volumes: Vec::new() };
            let mut vms = Vec::new();
            for number in chunk {
                let (vm, def) = self.app_vm(app, *number);
                members.vms.push(vm);
                let replicated = def.disks.iter().filter(|disk| disk.kind != ObjectKind::Swap);
                members.volumes.extend(
                    replicated.map(|disk| (disk.volume.clone(), disk.size_mib.div_ceil(1024))),
                );
                vms.push((vm, def));
            }
            for (volume, _) in &members.volumes {
                self.world.volumes.insert(volume.clone(), id.clone().into());
            }
            let start = self.world.now;
            let settings = &self.world.settings;
            let group = group(id.clone().into(), app, members, self.made, start, settings);
            self.world.groups.insert(id.into(), group);
            for (vm, def) in vms {
                self.run(vm, def, &app.site, &app.network);
            }
        }
    }

    fn app_vm(&mut self, app: &AppSpec, number: u32) -> (VmId, VmDef) {
        let name = format!("{}-{number:02}", app.name);
        let mut disks = vec![disk(&name, ObjectKind::Config, "home", HOME_MIB)];
        for nr in 0..app.disks {
            let label = format!("disk-{nr}");
            disks.push(disk(&name, ObjectKind::Data, &label, app.disk_gib * 1024));
        }
        for disk in &mut disks {
            disk.policy = Some(app.policy.clone());
        }
        disks.push(disk(&name, ObjectKind::Swap, "swap", u64::from(app.memory_mib)));
        let more = app.tags.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let tags = [("app", app.app.as_str()), ("tier", app.tier.as_str())].into_iter().chain(more);
        let def = VmDef {
            name: name.into(),
            tags: tags.map(|(k, v)| (Arc::from(k), Arc::from(v))).collect(),
            vcpus: app.vcpus,
            memory_mib: app.memory_mib,
            dirty_mib_s: app.dirty_mib_s,
            cpu_family: self.cpu_family(&app.site),
            ports: app.ports.clone(),
            disks,
            cards: Vec::new(),
            hung: false,
        };
        (VmId(self.world.rng.uuid()), def)
    }

    fn local(&mut self, local: &LocalSpec) {
        for number in 1..=local.count {
            let name = format!("{}-{number:02}", local.name);
            let disks = vec![
                disk(&name, ObjectKind::Config, "home", HOME_MIB),
                disk(&name, ObjectKind::Data, "disk-0", 40 * 1024),
                disk(&name, ObjectKind::Swap, "swap", u64::from(local.memory_mib)),
            ];
            let def = VmDef {
                name: name.into(),
                tags: [(Arc::from("env"), Arc::from(local.env.as_str()))].into(),
                vcpus: 2,
                memory_mib: local.memory_mib,
                dirty_mib_s: 10,
                cpu_family: self.cpu_family(&local.site),
                ports: vec![22],
                disks,
                cards: Vec::new(),
                hung: false,
            };
            let vm = VmId(self.world.rng.uuid());
            self.run(vm, def, &local.site, &local.network);
        }
    }

    fn cpu_family(&self, site: &SiteName) -> Arc<str> {
        let host = self.world.sites.get(site).and_then(|site| site.hosts.values().next());
        host.map_or_else(|| Arc::from(""), |host| Arc::from(host.cpu_family.as_str()))
    }

    /// Registers a VM, connects it and starts it, on the hosts in turn.
    fn run(&mut self, vm: VmId, mut def: VmDef, name: &SiteName, network: &NetworkName) {
        self.made += 1;
        let nr = self.made;
        let mac: Arc<str> =
            format!("52:54:00:{:02x}:{:02x}:{:02x}", (nr >> 16) & 255, (nr >> 8) & 255, nr & 255)
                .into();
        let addresses = self.next_addresses(name, network);
        def.cards = vec![CardDef { mac: mac.clone(), addresses: addresses.clone() }];
        let start = self.world.now;
        let Some(site) = self.world.sites.get_mut(name) else { return };
        let up: Vec<HostId> = site
            .hosts
            .iter()
            .filter(|(_, host)| host.state == HostState::Up)
            .map(|(id, _)| id.clone())
            .collect();
        let host = up[nr as usize % up.len()].clone();
        let container = hosts::local(name);
        for disk in def.disks.iter().filter(|disk| disk.policy.is_none()) {
            let size_gib = disk.size_mib.div_ceil(1024);
            let volume = LocalVolume { container: container.clone(), size_gib };
            site.locals.insert(disk.volume.clone(), volume);
        }
        let address = muster_plans::graph::Address { addresses, ..Default::default() };
        let registered = Registration {
            vm,
            tag: None,
            host,
            power: Power::Off,
            booted: start,
            vcpus: def.vcpus,
            memory_mib: def.memory_mib,
            cards: vec![Card { mac, network: Some(network.clone()), address }],
            volumes: def.disks.iter().map(|d| (d.volume.clone(), d.policy.clone())).collect(),
            clones: Vec::new(),
            autostart: true,
            waiting: false,
            suspended_by: None,
            moving: None,
        };
        let key = format!("vm/{vm}");
        site.instances.insert(key.clone(), registered);
        self.world.vms.insert(vm, def);
        self.world.set_power(name, &key, Power::On);
    }

    /// One address in each subnet of a network; a subnet that is full gives none.
    fn next_addresses(&mut self, site: &SiteName, network: &NetworkName) -> Vec<IpNet> {
        let number = self.addresses.entry((site.clone(), network.clone())).or_insert(10);
        *number += 1;
        let found = self.world.sites.get(site).and_then(|site| site.networks.get(network));
        let subnets = found.map(|n: &Network| n.subnets.as_slice()).unwrap_or_default();
        subnets.iter().filter_map(|subnet| address(subnet, *number)).collect()
    }
}

fn disk(vm: &str, kind: ObjectKind, label: &str, size_mib: u64) -> Disk {
    let volume = VolumeId::from(format!("{vm}-{label}"));
    Disk { kind, label: label.into(), volume, policy: None, size_mib }
}

fn address(subnet: &IpNet, number: u32) -> Option<IpNet> {
    let address = match subnet.network() {
        IpAddr::V4(base) => IpAddr::V4(u32::from(base).checked_add(number)?.into()),
        IpAddr::V6(base) => IpAddr::V6(u128::from(base).checked_add(u128::from(number))?.into()),
    };
    let last = subnet.broadcast();
    // The highest IPv4 address is for everybody.
    (subnet.contains(&address) && address != last)
        .then(|| IpNet::new(address, subnet.prefix_len()).ok())
        .flatten()
}
