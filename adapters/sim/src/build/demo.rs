//! The worlds of `muster demo`.

use std::collections::BTreeMap;

use muster_plans::id::SiteName;
use muster_plans::inventory::{Network, NetworkRole, ReplicationMode};
use muster_plans::time::Span;

use super::spec::{AppSpec, LinkSpec, LocalSpec, SiteSpec, WorldSpec};
use crate::world::Settings;

/// A kind of VM of the demo world: name, app, tier, policy, share of 60, VMs per group.
pub(super) type Row = (&'static str, &'static str, &'static str, Policy, u32, u32);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Gold,
    Silver,
    Bronze,
    Copper,
}

/// 24 gold, 12 silver, 15 bronze and 9 copper.
pub(super) const ROWS: [Row; 9] = [
    ("shop-db", "shop", "db", Policy::Gold, 2, 2),
    ("shop-app", "shop", "app", Policy::Gold, 6, 3),
    ("shop-web", "shop", "web", Policy::Gold, 6, 6),
    ("shop-cache", "shop", "cache", Policy::Gold, 2, 2),
    ("bank-db", "bank", "db", Policy::Gold, 4, 4),
    ("bank-core", "bank", "core", Policy::Gold, 4, 2),
    ("bank-app", "bank", "app", Policy::Bronze, 15, 3),
    ("archive", "archive", "app", Policy::Silver, 12, 4),
    ("archive-db", "archive", "db", Policy::Copper, 9, 3),
];

impl Policy {
    fn terms(self) -> (&'static str, ReplicationMode, Option<Span>) {
        match self {
            Policy::Gold => ("gold-metro", ReplicationMode::Stretched, None),
            Policy::Silver => ("silver-sync", ReplicationMode::Sync, None),
            Policy::Bronze => ("bronze-async", ReplicationMode::Async, Some(Span::mins(5))),
            Policy::Copper => ("copper-cdp", ReplicationMode::Cdp, None),
        }
    }
}

/// Memory in GiB, vCPUs, dirty MiB/s, data disks, their GiB, ports.
fn size(tier: &str) -> (u32, u16, u32, u32, u64, &'static [u16]) {
    match tier {
        "db" => (16, 8, 180, 2, 200, &[22, 5432]),
        "cache" => (16, 4, 240, 1, 20, &[22, 6379]),
        "core" => (12, 8, 150, 2, 80, &[22, 7001]),
        "web" => (4, 2, 30, 1, 20, &[22, 443]),
        _ => (8, 4, 60, 1, 60, &[22, 8080]),
    }
}

pub(super) fn app(row: &Row, count: u32, site: &SiteName, peer: &SiteName) -> AppSpec {
    let (name, app, tier, policy, _, per_group) = *row;
    let (policy, mode, interval) = policy.terms();
    let (memory_gib, vcpus, dirty_mib_s, disks, disk_gib, ports) = size(tier);
    AppSpec {
        name: name.to_owned(),
        app: app.to_owned(),
        tier: tier.to_owned(),
        tags: BTreeMap::new(),
        count,
        policy: policy.into(),
        mode,
        interval,
        per_group,
        site: site.clone(),
        peer: peer.clone(),
        network: if tier == "db" { "prod-db".into() } else { "prod-app".into() },
        vcpus,
        memory_mib: memory_gib * 1024,
        dirty_mib_s,
        disks,
        disk_gib,
        ports: ports.to_vec(),
    }
}

/// How many VMs of each row make `vms` together, in the proportions of the table.
pub(super) fn shares(vms: u32) -> [u32; 9] {
    let mut left = vms;
    let mut whole: u32 = ROWS.iter().map(|row| row.4).sum();
    ROWS.map(|row| {
        let share = (u64::from(left) * u64::from(row.4) + u64::from(whole) / 2) / u64::from(whole);
        let share = u32::try_from(share).unwrap_or(left).min(left);
        left -= share;
        whole -= row.4;
        share
    })
}

pub(super) fn network(name: &str, role: NetworkRole, subnets: &[&str]) -> Network {
    let subnets = subnets.iter().filter_map(|subnet| subnet.parse().ok()).collect();
    Network { name: name.into(), role, subnets }
}

impl WorldSpec {
    /// Two sites `paris` and `lyon` with the witness `bordeaux`: `vms` replicated VMs of the apps
    /// shop, bank and archive at paris, and four for development at lyon. 60 is the usual size.
    pub fn demo(vms: u32, seed: u64) -> WorldSpec {
        use NetworkRole::{Migration, Production, Test};
        let (paris, lyon) = (SiteName::from("paris"), SiteName::from("lyon"));
        let site = |name: &SiteName, hosts, standby, networks| SiteSpec {
            name: name.clone(),
            hosts,
            standby,
            host_memory_mib: None,
            cpu_family: "icelake".to_owned(),
            networks,
        };
        let at_paris = vec![
            network("prod-app", Production, &["10.10.0.0/24", "fd00:10::/64"]),
            network("prod-db", Production, &["10.10.1.0/24"]),
            network("migration", Migration, &["10.10.9.0/24"]),
            network("test-lan", Test, &["10.10.200.0/24"]),
        ];
        let at_lyon = vec![
            network("lyon-app", Production, &["10.20.0.0/24", "fd00:20::/64"]),
            network("lyon-db", Production, &["10.20.1.0/24"]),
            network("migration", Migration, &["10.20.9.0/24"]),
            network("lyon-test", Test, &["10.20.200.0/24"]),
        ];
        let rows = ROWS.iter().zip(shares(vms)).filter(|(_, count)| *count > 0);
        WorldSpec {
            seed,
            sites: vec![site(&paris, 4, 0, at_paris), site(&lyon, 3, 1, at_lyon)],
            links: vec![LinkSpec {
                a: paris.clone(),
                b: lyon.clone(),
                rtt_ms: 4.0,
                bandwidth_mbps: 10_000.0,
            }],
            witness: Some("bordeaux".into()),
            apps: rows.map(|(row, count)| app(row, count, &paris, &lyon)).collect(),
            locals: vec![LocalSpec {
                name: "lyon-dev".to_owned(),
                count: 4,
                env: "dev".to_owned(),
                site: lyon,
                network: "lyon-app".into(),
                memory_mib: 4096,
            }],
            settings: Settings::default(),
        }
    }
}
