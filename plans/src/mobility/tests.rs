mod assess;
mod model;
mod whole_site;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::id::VmId;
use crate::inventory::{
    Cluster, ConsistencyGroup, DetachRule, Host, HostState, Inventory, Link, Manager, ObjectKind,
    Power, ProtocolEndpoint, ReplicaRole, ReplicationMode, SiteInventory, StorageContainer,
    VirtualMachine, VmObject, Volume,
};
use crate::time::{Span, Time};

/// Two sites with a host and a container each, under managers of their own, and a link.
struct World {
    paris: SiteInventory,
    lyon: SiteInventory,
    link: Option<Link>,
    rules: Rules,
}

fn site(name: &str) -> SiteInventory {
    let mut site = SiteInventory::empty(name.into(), Time(0));
    site.managers = vec![Manager { id: format!("manager-{name}").into(), kind: "sim".to_owned() }];
    site.clusters =
        vec![Cluster { id: "cluster".into(), manager: format!("manager-{name}").into() }];
    site.hosts = vec![host(name, 1)];
    site.endpoints = vec![ProtocolEndpoint {
        id: "endpoint".into(),
        container: format!("{name}-pool").into(),
        up: true,
    }];
    site.containers = vec![StorageContainer {
        id: format!("{name}-pool").into(),
        size_gib: 1000,
        free_gib: 500,
        capabilities: BTreeMap::new(),
    }];
    site
}

fn host(site: &str, number: u32) -> Host {
    Host {
        id: format!("{site}-h{number}").into(),
        cluster: "cluster".into(),
        state: HostState::Up,
        cpu_family: "skylake".to_owned(),
        memory_mib: 65_536,
        free_mib: 32_768,
        migration_mbps: 10_000,
        containers: vec![format!("{site}-pool").into()],
    }
}

impl World {
    fn new() -> World {
        let link = Link {
            a: "paris".into(),
            b: "lyon".into(),
            rtt_ms: 2.0,
            bandwidth_mbps: 1000.0,
            loss: 0.0,
            up: true,
            measured_at: Time(0),
        };
        let (paris, lyon) = (site("paris"), site("lyon"));
        World { paris, lyon, link: Some(link), rules: Rules::default() }
    }

    /// Adds a running VM at paris, with one disk of 10 GiB that replicates like this.
    fn vm(&mut self, name: &str, mode: Option<ReplicationMode>) -> VirtualMachine {
        let volume = format!("{name}-disk");
        let group = format!("cg-{name}");
        for (site, peer, source) in
            [(&mut self.paris, "lyon", true), (&mut self.lyon, "paris", false)]
        {
            if mode.is_none() && !source {
                continue;
            }
            site.volumes.push(Volume {
                id: volume.as_str().into(),
                container: format!("{}-pool", site.site).into(),
                endpoint: Some("endpoint".into()),
                size_gib: 10,
                group: mode.map(|_| group.as_str().into()),
            });
            site.groups.extend(mode.map(|mode| leg(&group, peer, mode, source)));
        }
        let vm = machine(name, &volume, self.paris.vms.len());
        self.paris.vms.push(vm.clone());
        vm
    }

    fn rtt(&mut self, rtt_ms: f64) {
        if let Some(link) = &mut self.link {
            link.rtt_ms = rtt_ms;
        }
    }

    fn assess(&self, vm: &VirtualMachine) -> Vec<Assessment> {
        assess(vm, &self.paris, &self.lyon, self.link.as_ref(), &self.rules, &Method::ALL)
    }

    fn judge(&self, vm: &VirtualMachine, method: Method) -> Assessment {
        let facts = PairFacts::new(&self.paris, &self.lyon, self.link.as_ref(), &self.rules);
        facts.judge(vm, method, &Method::ALL)
    }
}

fn leg(id: &str, peer: &str, mode: ReplicationMode, source: bool) -> ConsistencyGroup {
    let stretched = mode == ReplicationMode::Stretched;
    ConsistencyGroup {
        id: id.into(),
        mode,
        peer: peer.into(),
        volumes: Vec::new(),
        role: if source || stretched { ReplicaRole::Source } else { ReplicaRole::Target },
        writable: source || stretched,
        in_sync: mode != ReplicationMode::Async,
        lag: Some(Span::secs(60)),
        interval: (mode == ReplicationMode::Async).then_some(Span::mins(5)),
        generation: 1,
        preferred: stretched.then(|| "paris".into()),
        detach: stretched.then(|| DetachRule::Winner("paris".into())),
        points: Vec::new(),
    }
}

fn machine(name: &str, volume: &str, number: usize) -> VirtualMachine {
    VirtualMachine {
        id: VmId(Uuid::from_u128(number as u128 + 1)),
        name: name.into(),
        host: Some("paris-h1".into()),
        power: Power::On,
        tags: BTreeMap::new(),
        objects: vec![VmObject {
            kind: ObjectKind::Data,
            label: "disk-0".into(),
            container: "paris-pool".into(),
            volume: volume.into(),
            policy: None,
            size_mib: 10 * 1024,
        }],
        nics: Vec::new(),
        vcpus: 2,
        memory_mib: 4096,
        dirty_mib_s: 10,
        cpu_family: "skylake".into(),
        autostart: false,
        heartbeat: true,
        run_tag: None,
    }
}

/// All methods as a page lists them.
fn told(assessments: &[Assessment]) -> String {
    let mut lines = Vec::new();
    for assessment in assessments {
        let forecast = assessment.forecast.map_or_else(
            || "no forecast".to_owned(),
            |f| {
                let mib = f.link_bytes / 1_048_576;
                format!("takes {}, stops {}, link {mib} MiB", f.duration, f.downtime)
            },
        );
        let eligible = if assessment.eligible { "yes" } else { "no" };
        lines.push(format!("{}: {eligible}; {forecast}", assessment.method));
        lines.extend(assessment.against.iter().map(|against| format!("  - {against}")));
        lines.extend(assessment.warnings.iter().map(|warning| format!("  ! {warning}")));
    }
    lines.join("\n")
}
