//! What follows when something changed: decisions about writers, and what becomes of the VMs.

use muster_plans::id::{ConsistencyGroupId, SiteName, VmId};
use muster_plans::inventory::{Power, ReplicaRole};
use muster_plans::time::{Span, Time};

use super::{Changes, Event, Side, World};
use crate::truth::ViolationKind;

/// A catch-up takes at least this long.
const RESYNC_MIN: Span = Span::secs(2);

impl World {
    /// Sites, links or the witness changed: everything is decided anew.
    pub(crate) fn world_changed(&mut self) {
        self.update_witness();
        self.update_pairs();
        self.deliver_fences();
        let groups: Vec<ConsistencyGroupId> = self.groups.keys().cloned().collect();
        for group in &groups {
            self.decide(group);
        }
    }

    /// Decides anew who may write to a group, and acts on it.
    pub(crate) fn decide(&mut self, id: &ConsistencyGroupId) {
        let Some(facts) = self.groups.get(id).map(|group| self.facts(group)) else { return };
        let now = self.now;
        let Some(group) = self.groups.get_mut(id) else { return };
        let changes = group.arbitrate(now, &facts);
        self.carry_out(id, changes);
    }

    fn carry_out(&mut self, id: &ConsistencyGroupId, changes: Changes) {
        if changes.torn {
            let what = format!("both legs of {id} take production writes and are not in sync");
            self.notes.violation(self.now, ViolationKind::SecondWriter, what);
        }
        if let Some(resync) = changes.resync {
            let behind = self.groups[id].legs[1 - resync.from].line.until(self.now);
            let takes = self.transfer(&self.groups[id], self.now.since(behind));
            let takes = takes + self.settings.scaled(RESYNC_MIN);
            let event = Event::Resynced { group: id.clone(), since: resync.since };
            self.queue.plan(self.now + takes, event);
        }
        for (side, for_good) in changes.stopped {
            self.leg_stopped(id, side, for_good);
        }
        for side in changes.started {
            self.start_waiting(id, side);
        }
    }

    /// A storage that is gone for good makes its VMs fail at once; one that may come back leaves
    /// them hanging for a while, as hypervisors do.
    fn leg_stopped(&mut self, id: &ConsistencyGroupId, side: Side, for_good: bool) {
        let site = self.groups[id].legs[side].site.clone();
        if for_good {
            self.end_vms(&site, id);
        } else {
            let event = Event::StorageLost { site, group: id.clone(), since: self.now };
            self.queue.plan(self.now + self.settings.lease_ttl, event);
        }
    }

    pub(super) fn storage_lost(&mut self, site: &SiteName, id: &ConsistencyGroupId, since: Time) {
        let Some(group) = self.groups.get(id) else { return };
        if group.side(site).is_some_and(|side| group.legs[side].lost_since == Some(since)) {
            self.end_vms(site, id);
        }
    }

    fn vms_here(&self, site: &SiteName, id: &ConsistencyGroupId) -> Vec<(VmId, String)> {
        let (Some(group), Some(site)) = (self.groups.get(id), self.sites.get(site)) else {
            return Vec::new();
        };
        let keys = group.vms.iter().map(|vm| (*vm, format!("vm/{vm}")));
        keys.filter(|(_, key)| site.instances.contains_key(key)).collect()
    }

    fn end_vms(&mut self, site: &SiteName, id: &ConsistencyGroupId) {
        for (_, key) in self.vms_here(site, id) {
            let Some(instance) = self.instance_mut(site, &key) else { continue };
            if instance.power == Power::On {
                instance.waiting = instance.autostart;
                self.set_power(site, &key, Power::Off);
            }
        }
    }

    /// The hypervisor starts what it wanted to start, now that the storage can be written.
    fn start_waiting(&mut self, id: &ConsistencyGroupId, side: Side) {
        let site = self.groups[id].legs[side].site.clone();
        for (_, key) in self.vms_here(&site, id) {
            if self.instance(&site, &key).is_some_and(|i| i.waiting) {
                self.autostart(&site, &key);
            }
        }
    }

    /// A site that was alone for a whole lease stops writing by itself.
    pub(super) fn self_fence(&mut self, site: &SiteName, peer: &SiteName, since: Time) {
        if self.isolated_since(site, peer) != Some(since) {
            return;
        }
        self.hold_legs(site, Some(peer));
    }

    /// Legs here become read-only until it is known that no higher generation exists.
    pub(crate) fn hold_legs(&mut self, site: &SiteName, peer: Option<&SiteName>) {
        let now = self.now;
        let mut held = Vec::new();
        for (id, group) in &mut self.groups {
            let Some(side) = group.side(site) else { continue };
            if peer.is_some_and(|peer| &group.legs[1 - side].site != peer) {
                continue;
            }
            group.settle(now);
            let leg = &mut group.legs[side];
            if peer.is_some() && leg.attested {
                continue;
            }
            leg.attested = false;
            leg.hold = true;
            held.push(id.clone());
        }
        for id in &held {
            self.decide(id);
        }
    }

    pub(super) fn resynced(&mut self, id: &ConsistencyGroupId, since: Time) {
        let now = self.now;
        let Some(group) = self.groups.get_mut(id) else { return };
        let Some(resync) = group.resync.filter(|resync| resync.since == since) else { return };
        group.caught_up(now, resync);
        self.decide(id);
    }

    /// A group as it is now.
    pub(crate) fn settle(&mut self, id: &ConsistencyGroupId) {
        let now = self.now;
        if let Some(group) = self.groups.get_mut(id) {
            group.settle(now);
        }
    }

    /// All groups as they are now: for looking at the whole world.
    pub(crate) fn settle_all(&mut self) {
        let now = self.now;
        for group in self.groups.values_mut() {
            group.settle(now);
        }
    }

    /// What a leg is called outside: a target with a test on it says so.
    pub(crate) fn role(&self, id: &ConsistencyGroupId, side: Side) -> ReplicaRole {
        let leg = &self.groups[id].legs[side];
        let tested = || {
            let site = self.sites.get(&leg.site);
            site.is_some_and(|site| site.clones.values().any(|clone| &clone.group == id))
        };
        if leg.role == ReplicaRole::Target && tested() { ReplicaRole::InTest } else { leg.role }
    }
}
