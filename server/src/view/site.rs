//! Sites.

use muster_plans::config::Config;
use muster_plans::id::SiteName;
use muster_plans::inventory::{HostState, Power};

use super::word;
use crate::api::dto::{BackendDto, LinkDto, SiteDto, WitnessDto, instant};
use crate::landscape::{Landscape, SiteStatus};

/// All sites, by name.
pub fn all(landscape: &Landscape) -> Vec<SiteDto> {
    landscape.config.sites.keys().map(|site| one(landscape, site)).collect()
}

/// One site.
pub fn one(landscape: &Landscape, site: &SiteName) -> SiteDto {
    let none = SiteStatus::default();
    let status = landscape.status.get(site).unwrap_or(&none);
    let inventory = landscape.inventory.sites.get(site);
    let hosts = inventory.map(|i| i.hosts.as_slice()).unwrap_or_default();
    let vms = inventory.map(|i| i.vms.as_slice()).unwrap_or_default();
    let capabilities = status.capabilities.as_ref();
    SiteDto {
        name: site.to_string(),
        description: landscape.config.sites.get(site).and_then(|s| s.description.clone()),
        reachable: status.reachable,
        last_seen: status.last_seen.map(instant),
        error: status.error.clone(),
        product: capabilities.map(|c| format!("{} {}", c.product, c.version)),
        fence_level: capabilities.and_then(|c| c.operations.values().min()).map(word),
        fenced_by: landscape
            .fences()
            .filter(|(fenced, _)| fenced == site)
            .map(|(_, by)| by.to_string())
            .collect(),
        hosts_up: hosts.iter().filter(|h| h.state == HostState::Up).count(),
        hosts: hosts.len(),
        vms: vms.len(),
        vms_on: vms.iter().filter(|vm| vm.power == Power::On).count(),
        backends: backends(&landscape.config, Some(site)),
        links: links(landscape, site),
        witnesses: witnesses(landscape, site),
    }
}

/// Backends, of one site or of all.
pub fn backends(config: &Config, site: Option<&SiteName>) -> Vec<BackendDto> {
    let wanted = |spec: &&SiteName| site.is_none_or(|site| site == *spec);
    let backends = config.backends.iter().filter(|(_, spec)| wanted(&&spec.site));
    backends
        .map(|(name, spec)| BackendDto {
            name: name.to_string(),
            site: spec.site.to_string(),
            adapter: spec.adapter.clone(),
            endpoint: spec.endpoint.clone(),
            roles: spec.roles.iter().map(word).collect(),
        })
        .collect()
}

fn links(landscape: &Landscape, site: &SiteName) -> Vec<LinkDto> {
    let links = landscape.inventory.links.iter().filter(|l| l.a == *site || l.b == *site);
    links
        .map(|link| LinkDto {
            to: if link.a == *site { &link.b } else { &link.a }.to_string(),
            up: link.up,
            rtt_ms: link.rtt_ms,
            bandwidth_mbps: link.bandwidth_mbps,
            measured_at: instant(link.measured_at),
        })
        .collect()
}

fn witnesses(landscape: &Landscape, site: &SiteName) -> Vec<WitnessDto> {
    let witnesses = landscape.inventory.witnesses.iter().filter(|w| w.sites.contains(site));
    witnesses.map(|w| WitnessDto { name: w.name.to_string(), up: w.up }).collect()
}
