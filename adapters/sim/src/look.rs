//! Answers to queries.

use muster_contract::{
    AdapterError, BubbleState, CloneState, ErrorClass, GroupState, HostPowerState, Instance,
    MoveProgress, NicState, Observation, Observed, OpId, OpStatus, Query, VmState,
};
use muster_plans::id::{ConsistencyGroupId, SiteName};
use muster_plans::inventory::Power;
use muster_plans::time::Time;

use crate::fault::FaultId;
use crate::ledger::Phase;
use crate::world::{Move, Registration, World, key};

/// The object that a query is about, named as [`muster_contract::Operation::object`] names it.
pub(crate) fn object(query: &Query) -> String {
    match query {
        Query::Group(id) => format!("group/{id}"),
        Query::Vm(instance) => key(instance),
        Query::Host(id) => format!("host/{id}"),
        Query::Clone { clone, .. } => format!("clone/{clone}"),
        Query::Bubble(name) => format!("bubble/{name}"),
        Query::Fence(site) => format!("fence/{site}"),
        Query::Witness(site) => format!("witness/{site}"),
        Query::Leftovers(tag) => format!("leftovers/{tag}"),
        Query::Alive => "site".to_owned(),
    }
}

pub(crate) fn no_answer() -> AdapterError {
    AdapterError::new(ErrorClass::Retry, "no answer")
}

impl World {
    /// Answers a query, as the site's agent sees things now. A fault may have its own answer.
    pub(crate) fn query(
        &mut self,
        site: &SiteName,
        query: &Query,
    ) -> Result<Observed, AdapterError> {
        if !self.reachable(site) {
            return Err(no_answer());
        }
        let object = object(query);
        let fault = self.strike_query(site, &object);
        match fault.map(|fault| (fault.id, fault.wait())) {
            Some((FaultId::F14, _)) => {
                Err(AdapterError::new(ErrorClass::Auth, "the credentials have expired"))
            }
            Some((FaultId::F16, _)) => {
                Err(AdapterError::new(ErrorClass::Retry, "429 too many requests"))
            }
            Some((FaultId::F17, _)) => {
                Err(AdapterError::new(ErrorClass::Bug, "the answer could not be read"))
            }
            Some((FaultId::F11, every)) => {
                let cache = self.query_fault(site, &object);
                let cached = cache.and_then(|nr| self.faults[nr].cache.get(&object).cloned());
                if let Some(cached) = cached.filter(|old| self.now.since(old.as_of) < every) {
                    return Ok(cached);
                }
                let fresh = self.look(site, query);
                if let Some(nr) = cache {
                    self.faults[nr].cache.insert(object, fresh.clone());
                }
                Ok(fresh)
            }
            _ => Ok(self.look(site, query)),
        }
    }

    fn look(&mut self, name: &SiteName, query: &Query) -> Observed {
        if let Query::Group(id) = query {
            self.settle(id);
        }
        if let Query::Vm(instance) = query {
            for id in self.groups_of(instance.vm()) {
                self.settle(&id);
            }
        }
        let site = self.sites.get(name);
        let state = match query {
            Query::Group(id) => Observation::Group(self.group_state(name, id)),
            Query::Vm(instance) => Observation::Vm(self.vm_state(name, instance)),
            Query::Host(id) => {
                let host = site.and_then(|site| site.hosts.get(id));
                Observation::Host(host.map(|host| HostPowerState { state: host.state }))
            }
            Query::Clone { group, clone } => {
                let found = site.and_then(|site| site.clones.get(clone));
                let found = found.filter(|clone| &clone.group == group);
                let state = found.map(|c| CloneState { mounted: c.mounted, tag: c.tag.clone() });
                Observation::Clone(state)
            }
            Query::Bubble(id) => {
                let bubble = site.and_then(|site| site.bubbles.get(id));
                Observation::Bubble(bubble.map(|b| BubbleState { tag: b.tag.clone() }))
            }
            Query::Fence(other) => Observation::Fence(self.fence_state(name, other)),
            Query::Witness(other) => Observation::Witness(self.witness_state(name, other)),
            Query::Leftovers(tag) => {
                Observation::Leftovers(site.map(|s| s.leftovers(Some(tag))).unwrap_or_default())
            }
            Query::Alive => {
                let high_water = site.map(|s| s.ledger.high_water).unwrap_or_default();
                Observation::Alive { high_water }
            }
        };
        let pending = site.map(|site| site.ledger.pending(&object(query))).unwrap_or_default();
        Observed { as_of: self.shown(name, self.now), pending, state }
    }

    fn group_state(&self, site: &SiteName, id: &ConsistencyGroupId) -> Option<GroupState> {
        let group = self.groups.get(id)?;
        let side = group.side(site)?;
        let leg = &group.legs[side];
        let window = self.settings.cdp_window;
        Some(GroupState {
            id: id.clone(),
            role: self.role(id, side),
            writable: leg.serving,
            drained: group.undrained(side) == 0,
            in_sync: group.equal(),
            lag: group.lag(side, self.now),
            generation: leg.generation,
            preferred: group.preferred.clone(),
            mounted: leg.mounted,
            points: group.points(side, self.now, window),
            promoted_point: leg.promoted.clone(),
        })
    }

    fn vm_state(&self, site: &SiteName, which: &Instance) -> Option<VmState> {
        let instance = self.instance(site, &key(which))?;
        let heartbeat = self.heartbeat(site, instance);
        let ports = self.vms.get(&instance.vm).map(|vm| vm.ports.clone());
        let nic = |card: &crate::world::Card| NicState {
            mac: card.mac.to_string(),
            network: card.network.clone(),
            address: card.address.clone(),
        };
        Some(VmState {
            power: instance.power,
            host: Some(instance.host.clone()),
            nics: instance.cards.iter().map(nic).collect(),
            heartbeat,
            wrote: self.wrote(site, instance),
            open_ports: ports.filter(|_| heartbeat).unwrap_or_default(),
            autostart: instance.autostart,
            tag: instance.tag.clone(),
            moving: instance.moving.as_ref().map(|moving| progress(moving, self.now)),
        })
    }

    /// Guest tools answer: it has booted, and its disks do not hang.
    pub(crate) fn heartbeat(&self, site: &SiteName, instance: &Registration) -> bool {
        let booted = instance.power == Power::On && self.now >= instance.booted;
        booted && (instance.tag.is_some() || self.storage_ready(site, instance.vm).is_ok())
    }

    /// A write of the guest was acknowledged since it was powered on.
    fn wrote(&self, site: &SiteName, instance: &Registration) -> bool {
        if instance.power != Power::On {
            return false;
        }
        let groups = self.groups_of(instance.vm);
        if instance.tag.is_some() || groups.is_empty() {
            // Local disks and clones are always there.
            return self.now >= instance.booted + self.settings.write_every;
        }
        groups.iter().filter_map(|id| self.groups.get(id)).all(|group| {
            let mut streams = group.data.streams.iter();
            streams.any(|s| s.vm == instance.vm && &s.site == site && s.acked > 0)
        })
    }

    /// What became of an operation.
    pub(crate) fn status(&self, site: &SiteName, id: &OpId) -> Result<OpStatus, AdapterError> {
        if !self.reachable(site) {
            return Err(no_answer());
        }
        let entry = self.sites.get(site).and_then(|site| site.ledger.entries.get(id));
        let Some(entry) = entry else { return Ok(OpStatus::NotKnown) };
        Ok(match (&entry.result, entry.phase) {
            (Some(_), Phase::Ended) if entry.by_token => OpStatus::NotKnown,
            (Some(result), _) => OpStatus::Ended(result.clone()),
            (None, _) => OpStatus::Pending,
        })
    }
}

fn progress(moving: &Move, now: Time) -> MoveProgress {
    let whole = moving.due.since(moving.started).0.max(1) as f64;
    MoveProgress { fraction: (now.since(moving.started).0 as f64 / whole).min(1.0) }
}
