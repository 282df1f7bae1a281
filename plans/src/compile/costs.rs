//! What may happen at once, and what each step holds of it while it runs.
//!
//! Hosts, datastores and migration networks have the caps of [`Caps`]. A site's array, a site's agent
//! and the callouts of the server have caps of their own below. Steps that only wait (for a guest, for
//! evidence, for a person) hold nothing: a thousand of them cost no more than one.

use super::lookup::{Lookup, with_room};
use crate::graph::{Cost, GraphBuilder, SiteIx};
use crate::id::{ContainerId, HostId, SiteName};
use crate::mobility::{Caps, Method};

/// Storage operations that a site's array does at once. A starting point: arrays publish no common
/// number.
const ARRAY: u32 = 16;

/// Operations that are under way at one site's agent. It bounds what is lost sight of when the agent
/// is lost.
const AGENT: u32 = 512;

/// Callouts that run on the server at once: each is a process or an HTTP call.
const CALLOUTS: u32 = 16;

/// Resources are made when the first step asks for them, so that a graph lists only what limits it.
pub(crate) struct Costs {
    caps: Caps,
    hosts: Lookup<(SiteIx, HostId), HostCosts>,
    datastores: Lookup<(SiteIx, ContainerId), u32>,
    arrays: Lookup<SiteIx, u32>,
    agents: Lookup<SiteIx, u32>,
    /// Cost vectors of operations that name no host.
    of_array: Lookup<SiteIx, u32>,
    of_agent: Lookup<SiteIx, u32>,
    callout: Option<u32>,
}

#[derive(Clone, Copy)]
struct HostCosts {
    resource: u32,
    network: Option<u32>,
    /// Cost vector of anything but a move.
    provisioning: u32,
}

/// One end of a live move.
pub(crate) struct End<'c> {
    pub(crate) site: SiteIx,
    pub(crate) host: &'c HostId,
    pub(crate) mbps: u32,
    pub(crate) containers: Vec<&'c ContainerId>,
}

impl Costs {
    pub(crate) fn new(caps: Caps) -> Costs {
        Costs {
            caps,
            hosts: with_room(64),
            datastores: with_room(16),
            arrays: with_room(2),
            agents: with_room(2),
            of_array: with_room(2),
            of_agent: with_room(2),
            callout: None,
        }
    }

    /// A storage operation at a site.
    pub(crate) fn array(&mut self, builder: &mut GraphBuilder, site: SiteIx) -> u32 {
        if let Some(&cost) = self.of_array.get(&site) {
            return cost;
        }
        let name = site_name(builder, site);
        let array = *self
            .arrays
            .entry(site)
            .or_insert_with(|| builder.resource(format!("array {name}"), ARRAY));
        let agent = self.agent_resource(builder, site);
        let cost = builder.cost(vec![(array, 1), (agent, 1)]);
        self.of_array.insert(site, cost);
        cost
    }

    /// Any other operation at a site that holds no host.
    pub(crate) fn agent(&mut self, builder: &mut GraphBuilder, site: SiteIx) -> u32 {
        if let Some(&cost) = self.of_agent.get(&site) {
            return cost;
        }
        let agent = self.agent_resource(builder, site);
        let cost = builder.cost(vec![(agent, 1)]);
        self.of_agent.insert(site, cost);
        cost
    }

    /// An operation on a VM at a host; where the host is not known, only the agent limits it.
    pub(crate) fn provisioning(
        &mut self,
        builder: &mut GraphBuilder,
        site: SiteIx,
        host: Option<&HostId>,
    ) -> u32 {
        match host {
            Some(host) => self.host(builder, site, host).provisioning,
            None => self.agent(builder, site),
        }
    }

    /// A callout on the server.
    pub(crate) fn callout(&mut self, builder: &mut GraphBuilder) -> u32 {
        *self.callout.get_or_insert_with(|| {
            let callouts = builder.resource("callouts", CALLOUTS);
            builder.cost(vec![(callouts, 1)])
        })
    }

    /// A live move: both hosts, both migration networks, and the datastores at both ends.
    pub(crate) fn migration(
        &mut self,
        builder: &mut GraphBuilder,
        method: Method,
        ends: &[End<'_>],
    ) -> u32 {
        let units = self.caps.of(method);
        let mut cost: Cost = Vec::with_capacity(8);
        for end in ends {
            cost.push((self.agent_resource(builder, end.site), 1));
            cost.push((self.host(builder, end.site, end.host).resource, units.host));
            cost.push((self.network(builder, end), units.network));
            for container in &end.containers {
                cost.push((self.datastore(builder, end.site, container), units.datastore));
            }
        }
        cost.retain(|(_, units)| *units > 0);
        cost.sort_unstable();
        builder.cost(cost)
    }

    fn agent_resource(&mut self, builder: &mut GraphBuilder, site: SiteIx) -> u32 {
        let name = site_name(builder, site);
        *self.agents.entry(site).or_insert_with(|| builder.resource(format!("agent {name}"), AGENT))
    }

    fn host(&mut self, builder: &mut GraphBuilder, site: SiteIx, id: &HostId) -> HostCosts {
        // The key is two words to hash and an `Arc` to clone; 100,000 times that is nothing.
        let key = (site, id.clone());
        if let Some(&host) = self.hosts.get(&key) {
            return host;
        }
        let agent = self.agent_resource(builder, site);
        let resource = builder.resource(format!("host {id}"), self.caps.host);
        let units = self.caps.provisioning.host;
        let provisioning = builder.cost(vec![(agent, 1), (resource, units)]);
        let host = HostCosts { resource, network: None, provisioning };
        self.hosts.insert(key, host);
        host
    }

    fn network(&mut self, builder: &mut GraphBuilder, end: &End<'_>) -> u32 {
        let known = self.host(builder, end.site, end.host).network;
        known.unwrap_or_else(|| {
            let name = format!("network {} migration", end.host);
            let network = builder.resource(name, self.caps.network(end.mbps));
            if let Some(host) = self.hosts.get_mut(&(end.site, end.host.clone())) {
                host.network = Some(network);
            }
            network
        })
    }

    fn datastore(&mut self, builder: &mut GraphBuilder, site: SiteIx, id: &ContainerId) -> u32 {
        let cap = self.caps.datastore;
        let key = (site, id.clone());
        *self
            .datastores
            .entry(key)
            .or_insert_with(|| builder.resource(format!("datastore {id}"), cap))
    }
}

fn site_name(builder: &GraphBuilder, site: SiteIx) -> SiteName {
    builder.graph.site(site).clone()
}
