//! Instances that run: memory, guests that write, and what starts by itself.

use muster_plans::id::{ConsistencyGroupId, HostId, SiteName, VmId};
use muster_plans::inventory::{HostState, Power};
use muster_plans::time::Time;

use super::power_on;
use crate::data::Stream;
use crate::world::{Event, Registration, World};

impl World {
    pub(crate) fn instance(&self, site: &SiteName, key: &str) -> Option<&Registration> {
        self.sites.get(site)?.instances.get(key)
    }

    pub(crate) fn instance_mut(&mut self, site: &SiteName, key: &str) -> Option<&mut Registration> {
        self.sites.get_mut(site)?.instances.get_mut(key)
    }

    /// Groups that hold disks of a VM.
    pub(crate) fn groups_of(&self, vm: VmId) -> Vec<ConsistencyGroupId> {
        let disks = self.vms.get(&vm).map(|vm| vm.disks.as_slice()).unwrap_or_default();
        let mut groups: Vec<ConsistencyGroupId> =
            disks.iter().filter_map(|disk| self.volumes.get(&disk.volume).cloned()).collect();
        groups.sort();
        groups.dedup();
        groups
    }

    /// A production VM that runs at a site and uses a group, by name.
    pub(crate) fn running_on(&self, site: &SiteName, group: &ConsistencyGroupId) -> Option<String> {
        let vms = &self.groups.get(group)?.vms;
        let runs = |vm: &&VmId| {
            let instance = self.instance(site, &format!("vm/{vm}"));
            instance.is_some_and(|instance| instance.power == Power::On)
        };
        let vm = vms.iter().find(runs)?;
        self.vms.get(vm).map(|vm| vm.name.to_string())
    }

    /// The one place where an instance starts or stops to run: memory is counted, its guest begins
    /// or ceases to write, and whatever is wrong with it is seen.
    pub(crate) fn set_power(&mut self, site: &SiteName, key: &str, power: Power) {
        let now = self.now;
        let Some(instance) = self.instance_mut(site, key) else { return };
        let (was, production, vm) = (instance.power, instance.tag.is_none(), instance.vm);
        let (host, memory) = (instance.host.clone(), u64::from(instance.memory_mib));
        instance.power = power;
        let booted = instance.booted;
        let (ran, runs) = (was == Power::On, power == Power::On);
        if ran == runs {
            return;
        }
        if let Some(host) = self.sites.get_mut(site).and_then(|site| site.hosts.get_mut(&host)) {
            host.used_mib =
                if runs { host.used_mib + memory } else { host.used_mib.saturating_sub(memory) };
        }
        if production && runs {
            self.begin_writing(site, vm, booted.max(now), 0);
        } else if production {
            self.stop_writing(site, vm);
        }
        self.watch_instance(site, key);
    }

    /// A guest writes from one interval after `from` on.
    pub(crate) fn begin_writing(&mut self, site: &SiteName, vm: VmId, from: Time, acked: u64) {
        let (now, every) = (self.now, self.settings.write_every);
        for id in self.groups_of(vm) {
            let Some(group) = self.groups.get_mut(&id) else { continue };
            group.settle(now);
            let stream = Stream { vm, site: site.clone(), first: from + every, every, acked };
            group.data.streams.push(stream);
        }
    }

    /// A guest stops. Says how much it had written since it was powered on.
    pub(crate) fn stop_writing(&mut self, site: &SiteName, vm: VmId) -> u64 {
        let now = self.now;
        let mut acked = 0;
        for id in self.groups_of(vm) {
            let Some(group) = self.groups.get_mut(&id) else { continue };
            group.settle(now);
            group.data.streams.retain(|stream| {
                let own = stream.vm == vm && &stream.site == site;
                acked += if own { stream.acked } else { 0 };
                !own
            });
        }
        acked
    }

    /// The hypervisor starts an instance by itself, if its storage can be written. One that cannot
    /// start waits for its storage.
    pub(crate) fn autostart(&mut self, site: &SiteName, key: &str) {
        let Some(instance) = self.instance(site, key) else { return };
        if !instance.waiting || instance.power != Power::Off {
            return;
        }
        let (vm, host) = (instance.vm, instance.host.clone());
        let up = self.sites.get(site).and_then(|site| site.hosts.get(&host));
        let may = up.is_some_and(|host| host.state == HostState::Up)
            && self.storage_ready(site, vm).is_ok()
            && power_on::alone(self, site, vm).is_ok();
        if !may {
            return;
        }
        let booted = self.now + self.settings.scaled(self.settings.boot);
        if let Some(instance) = self.instance_mut(site, key) {
            instance.waiting = false;
            instance.booted = booted;
        }
        self.set_power(site, key, Power::On);
    }

    /// Keys of the instances on a host.
    fn on_host(&self, site: &SiteName, host: &HostId) -> Vec<String> {
        let Some(site) = self.sites.get(site) else { return Vec::new() };
        let here = site.instances.iter().filter(|(_, instance)| &instance.host == host);
        here.map(|(key, _)| key.clone()).collect()
    }

    /// A host stops, with everything on it.
    pub(crate) fn host_stops(&mut self, site: &SiteName, host: &HostId) {
        for key in self.on_host(site, host) {
            if let Some(instance) = self.instance_mut(site, &key) {
                instance.waiting = instance.autostart && instance.tag.is_none();
                // What was suspended has lost its memory, so that nobody can resume it.
                instance.suspended_by = None;
            }
            self.set_power(site, &key, Power::Off);
        }
        if let Some(host) = self.sites.get_mut(site).and_then(|site| site.hosts.get_mut(host)) {
            host.state = HostState::Down;
        }
    }

    /// Somebody powers a host off, or breaks it.
    pub(crate) fn break_host(&mut self, site: &SiteName, host: &HostId) {
        self.host_stops(site, host);
        if let Some(host) = self.sites.get_mut(site).and_then(|site| site.hosts.get_mut(host)) {
            host.broken = true;
        }
    }

    /// A host begins to boot.
    pub(crate) fn boot_host(&mut self, site: &SiteName, host: &HostId) {
        let at = self.now + self.settings.scaled(self.settings.host_boot);
        self.queue.plan(at, Event::HostUp { site: site.clone(), host: host.clone() });
    }

    /// A host has booted, unless its power went off meanwhile.
    pub(crate) fn host_is_up(&mut self, site: &SiteName, host: &HostId) {
        let Some(place) = self.sites.get_mut(site).filter(|site| site.powered) else { return };
        let Some(found) = place.hosts.get_mut(host).filter(|host| !host.broken) else { return };
        found.state = found.wanted;
        if found.state == HostState::Up {
            for key in self.on_host(site, host) {
                self.autostart(site, &key);
            }
        }
    }
}
