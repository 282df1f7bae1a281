//! Sites with their hosts, networks and containers.

use std::collections::BTreeMap;

use muster_plans::id::{ContainerId, HostId, SiteName};
use muster_plans::inventory::{HostState, ReplicationMode, StorageContainer};
use muster_plans::policy::{CapabilityId, PropertyValues, Value};

use super::spec::{SiteSpec, WorldSpec};
use crate::ledger::Ledger;
use crate::world::{Host, Site};

/// The container of a mode at a site.
pub(super) fn container(site: &SiteName, mode: ReplicationMode) -> ContainerId {
    let kind = match mode {
        ReplicationMode::Stretched => "gold",
        ReplicationMode::Sync => "silver",
        ReplicationMode::Async => "bronze",
        ReplicationMode::Cdp => "copper",
    };
    ContainerId::from(format!("{site}-{kind}"))
}

pub(super) fn local(site: &SiteName) -> ContainerId {
    ContainerId::from(format!("{site}-local"))
}

impl WorldSpec {
    pub(super) fn site(&self, spec: &SiteSpec) -> Site {
        let name = &spec.name;
        let containers = self.containers(name);
        Site {
            powered: true,
            array: true,
            server_link: true,
            manager: format!("{name}-manager").into(),
            hosts: self.hosts(spec),
            networks: spec.networks.iter().map(|n| (n.name.clone(), n.clone())).collect(),
            containers: containers.into_iter().map(|c| (c.id.clone(), c)).collect(),
            locals: BTreeMap::new(),
            instances: BTreeMap::new(),
            clones: BTreeMap::new(),
            bubbles: BTreeMap::new(),
            ledger: Ledger::default(),
        }
    }

    fn hosts(&self, spec: &SiteSpec) -> BTreeMap<HostId, Host> {
        let apps = self.apps.iter().map(|a| u64::from(a.count) * u64::from(a.memory_mib));
        let locals = self.locals.iter().map(|l| u64::from(l.count) * u64::from(l.memory_mib));
        // A site must be able to take everything, or no failover could be shown.
        let all: u64 = apps.chain(locals).sum();
        let memory = spec
            .host_memory_mib
            .unwrap_or_else(|| (all * 4 / 3 / u64::from(spec.hosts)).div_ceil(65_536) * 65_536)
            .max(65_536);
        let host = |nr: u32| {
            let state = if nr < spec.hosts { HostState::Up } else { HostState::Standby };
            let host = Host {
                cluster: format!("{}-cluster", spec.name).into(),
                state,
                wanted: state,
                broken: false,
                cpu_family: spec.cpu_family.clone(),
                memory_mib: memory,
                used_mib: 0,
                migration_mbps: 10_000,
            };
            (HostId::from(format!("{}-h{:02}", spec.name, nr + 1)), host)
        };
        (0..spec.hosts + spec.standby).map(host).collect()
    }

    fn containers(&self, site: &SiteName) -> Vec<StorageContainer> {
        let mut modes: Vec<(ReplicationMode, f64, u64)> = Vec::new();
        for app in self.apps.iter().filter(|app| &app.site == site || &app.peer == site) {
            let gib = u64::from(app.count) * (u64::from(app.disks) * app.disk_gib + 2);
            let rpo = match app.mode {
                ReplicationMode::Stretched | ReplicationMode::Sync => 0.0,
                ReplicationMode::Async => app.interval.unwrap_or_default().as_secs_f64(),
                ReplicationMode::Cdp => 15.0,
            };
            match modes.iter_mut().find(|(mode, ..)| *mode == app.mode) {
                Some(found) => {
                    found.1 = found.1.max(rpo);
                    found.2 += gib;
                }
                None => modes.push((app.mode, rpo, gib)),
            }
        }
        let replicated = modes.into_iter().map(|(mode, rpo, used)| StorageContainer {
            id: container(site, mode),
            size_gib: used * 2,
            free_gib: used,
            capabilities: self.capabilities(mode, rpo),
        });
        let local = StorageContainer {
            id: local(site),
            size_gib: 8192,
            free_gib: 4096,
            capabilities: BTreeMap::from([encryption(false)]),
        };
        replicated.chain([local]).collect()
    }

    fn capabilities(
        &self,
        mode: ReplicationMode,
        rpo_seconds: f64,
    ) -> BTreeMap<CapabilityId, PropertyValues> {
        let text = match mode {
            ReplicationMode::Stretched => "stretched",
            ReplicationMode::Sync => "sync",
            ReplicationMode::Async => "async",
            ReplicationMode::Cdp => "cdp",
        };
        let replication = BTreeMap::from([
            ("mode".to_owned(), vec![Value::Text(text.to_owned())]),
            ("rpoSeconds".to_owned(), vec![Value::Number(rpo_seconds)]),
        ]);
        let mut all = BTreeMap::from([
            (CapabilityId("replication.mode".to_owned()), replication),
            encryption(mode != ReplicationMode::Async),
        ]);
        if mode == ReplicationMode::Stretched {
            let sites = self.sites.iter().map(|site| Value::Text(site.name.to_string())).collect();
            let affinity = BTreeMap::from([("site".to_owned(), sites)]);
            all.insert(CapabilityId("stretched.site-affinity".to_owned()), affinity);
        }
        all
    }
}

fn encryption(enabled: bool) -> (CapabilityId, PropertyValues) {
    let values = BTreeMap::from([("enabled".to_owned(), vec![Value::Bool(enabled)])]);
    (CapabilityId("encryption.at-rest".to_owned()), values)
}
