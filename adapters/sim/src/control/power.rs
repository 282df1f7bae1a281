//! A site loses its power, and gets it back.

use muster_plans::id::{HostId, SiteName};
use muster_plans::inventory::HostState;

use crate::world::World;

impl World {
    /// Everything at a site stops at once. What was under way may or may not have happened.
    pub(super) fn power_lost(&mut self, name: &SiteName) {
        self.drop_in_flight(name);
        let Some(site) = self.sites.get_mut(name) else { return };
        site.powered = false;
        let hosts: Vec<HostId> = site.hosts.keys().cloned().collect();
        for host in &hosts {
            self.host_stops(name, host);
        }
        self.array_changed(name);
    }

    /// The array comes up read-only, then the hosts boot and start what they may.
    pub(super) fn power_back(&mut self, name: &SiteName) {
        let Some(site) = self.sites.get_mut(name) else { return };
        site.powered = true;
        let boot = site.hosts.iter().filter(|(_, host)| host.wanted != HostState::Down);
        let hosts: Vec<HostId> = boot.map(|(id, _)| id.clone()).collect();
        self.array_changed(name);
        for host in &hosts {
            self.boot_host(name, host);
        }
    }

    /// An array that was away asks before it writes.
    pub(super) fn array_changed(&mut self, name: &SiteName) {
        if !self.serves(name) {
            // Held from the moment on in which it fails, so that no decision between now and its
            // return counts on it.
            self.hold_legs(name, None);
        }
        self.world_changed();
    }

    fn drop_in_flight(&mut self, name: &SiteName) {
        let open = self.ledger(name).map(|ledger| ledger.open()).unwrap_or_default();
        for id in open {
            if self.rng.chance(0.5) {
                self.effect(name, id);
            }
            let call = self.ledger(name).and_then(|ledger| ledger.drop_open(id));
            if let Some(call) = call {
                self.end_move(name, &call.1);
            }
        }
        if let Some(ledger) = self.ledger(name) {
            ledger.queues.clear();
            ledger.detached.clear();
        }
    }
}
