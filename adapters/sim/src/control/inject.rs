//! Faults are put on, and taken off.

use std::collections::BTreeMap;

use muster_plans::id::SiteName;
use muster_plans::inventory::{HostState, Power};

use super::ControlError;
use crate::fault::{ActiveFault, Fault, FaultId};
use crate::world::{Host, World};

impl World {
    pub(crate) fn inject(&mut self, fault: &Fault) -> Result<(), ControlError> {
        if let Some(reason) = fault.moment.and_then(|moment| fault.id.never_at(moment)) {
            return Err(ControlError::Fault(reason.to_owned()));
        }
        if fault.id == FaultId::F15 && fault.moment.is_none() {
            return self.rename(fault);
        }
        self.faults.push(ActiveFault { fault: fault.clone(), cache: BTreeMap::new() });
        Ok(())
    }

    /// Behind our back a VM gets another name and another host; its UUID stays.
    fn rename(&mut self, fault: &Fault) -> Result<(), ControlError> {
        let object = fault.object.as_deref().unwrap_or_default();
        let unknown = || ControlError::Fault("F15 needs the object vm/UUID".to_owned());
        let site = self.sites.get_mut(&fault.site).ok_or_else(unknown)?;
        let instance = site.instances.get_mut(object).ok_or_else(unknown)?;
        let memory = u64::from(instance.memory_mib);
        let room = |host: &Host| host.memory_mib.saturating_sub(host.used_mib);
        let other = site.hosts.iter().find(|(id, host)| {
            **id != instance.host && host.state == HostState::Up && room(host) >= memory
        });
        if let Some(other) = other.map(|(id, _)| id.clone()) {
            let runs = instance.power == Power::On;
            let old = std::mem::replace(&mut instance.host, other.clone());
            for (host, sign) in [(old, false), (other, true)] {
                if let Some(host) = site.hosts.get_mut(&host).filter(|_| runs) {
                    host.used_mib =
                        if sign { host.used_mib + memory } else { host.used_mib - memory };
                }
            }
        }
        let vm = self.vms.get_mut(&instance.vm).ok_or_else(unknown)?;
        vm.name = format!("{}-renamed", vm.name).into();
        Ok(())
    }

    pub(super) fn take_fault(&mut self, fault: &Fault) {
        let same = |active: &ActiveFault| {
            let other = &active.fault;
            other.id == fault.id
                && other.site == fault.site
                && (fault.kind.is_none() || other.kind == fault.kind)
                && (fault.object.is_none() || other.object == fault.object)
        };
        self.faults.retain(|active| !same(active));
        match fault.id {
            FaultId::F9 => self.free_hung(&fault.site),
            FaultId::F15 => self.find_room(&fault.site),
            _ => {}
        }
    }

    /// Somebody moves VMs that are off, and for which their host has no room any more, to another one.
    pub(super) fn find_room(&mut self, site: &SiteName) {
        let Some(site) = self.sites.get_mut(site) else { return };
        let room = |host: &Host| host.memory_mib.saturating_sub(host.used_mib);
        for instance in site.instances.values_mut().filter(|i| i.power != Power::On) {
            let memory = u64::from(instance.memory_mib);
            let here = site.hosts.get(&instance.host);
            if here.is_some_and(|host| host.state == HostState::Up && room(host) >= memory) {
                continue;
            }
            let fits = |host: &Host| host.state == HostState::Up && room(host) >= memory;
            if let Some((other, _)) = site.hosts.iter().find(|(_, host)| fits(host)) {
                instance.host = other.clone();
            }
        }
    }
}
