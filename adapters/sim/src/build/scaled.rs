//! Large worlds.

use muster_plans::id::SiteName;
use muster_plans::inventory::NetworkRole::{Migration, Production, Test};

use super::demo::{ROWS, app, network, shares};
use super::spec::{AppSpec, LinkSpec, LocalSpec, SiteSpec, WorldSpec};
use crate::world::Settings;

/// VMs for which a site gets one more host.
const VMS_PER_HOST: u32 = 40;
/// Names of the first sites; further ones are numbered.
const NAMES: [&str; 3] = ["paris", "lyon", "lille"];

impl WorldSpec {
    /// `vms` VMs in the proportions of the demo, spread over two or three sites in a ring: each site
    /// is the peer of the one before it. With two sites all VMs run at the first one.
    pub fn scaled(vms: u32, sites: u32, seed: u64) -> WorldSpec {
        let count = sites.clamp(2, 9);
        let names: Vec<SiteName> = (0..count as usize).map(name).collect();
        let running = if count == 2 { 1 } else { count };
        let hosts = (vms / VMS_PER_HOST).max(4);
        let mut apps = Vec::new();
        for (nr, site) in names.iter().enumerate().take(running as usize) {
            let peer = &names[(nr + 1) % names.len()];
            let extra = u32::from((nr as u32) < vms % running);
            apps.extend(site_apps(nr, vms / running + extra, site, peer));
        }
        WorldSpec {
            seed,
            sites: names.iter().enumerate().map(|(nr, name)| site(nr, name, hosts)).collect(),
            links: links(&names),
            witness: Some("bordeaux".into()),
            apps,
            locals: vec![LocalSpec {
                name: format!("{}-dev", names[1]),
                count: (vms / 100).max(1),
                env: "dev".to_owned(),
                site: names[1].clone(),
                network: "prod-app".into(),
                memory_mib: 4096,
            }],
            settings: Settings::default(),
        }
    }
}

fn name(nr: usize) -> SiteName {
    NAMES.get(nr).map_or_else(|| SiteName::from(format!("site-{}", nr + 1)), |n| (*n).into())
}

fn links(names: &[SiteName]) -> Vec<LinkSpec> {
    let mut links = Vec::new();
    for (nr, a) in names.iter().enumerate() {
        for b in &names[nr + 1..] {
            let (a, b) = (a.clone(), b.clone());
            links.push(LinkSpec { a, b, rtt_ms: 4.0, bandwidth_mbps: 10_000.0 });
        }
    }
    links
}

/// Apps of a site beyond the first carry its name, so that no two VMs are called alike.
fn site_apps(nr: usize, vms: u32, site: &SiteName, peer: &SiteName) -> Vec<AppSpec> {
    let rows = ROWS.iter().zip(shares(vms)).filter(|(_, count)| *count > 0);
    rows.map(|(row, count)| {
        let app = app(row, count, site, peer);
        if nr == 0 { app } else { AppSpec { name: format!("{site}-{}", app.name), ..app } }
    })
    .collect()
}

fn site(nr: usize, name: &SiteName, hosts: u32) -> SiteSpec {
    let ten = (nr + 1) * 10;
    let subnet = |text: String| network("", Production, &[&text]).subnets;
    let app = subnet(format!("10.{ten}.0.0/17"));
    let app6 = subnet(format!("fd00:{ten}::/64"));
    let mut prod_app = network("prod-app", Production, &[]);
    prod_app.subnets = [app, app6].concat();
    let mut prod_db = network("prod-db", Production, &[]);
    prod_db.subnets = subnet(format!("10.{ten}.128.0/17"));
    SiteSpec {
        name: name.clone(),
        hosts,
        standby: hosts / 10,
        host_memory_mib: None,
        cpu_family: "icelake".to_owned(),
        networks: vec![
            prod_app,
            prod_db,
            network("migration", Migration, &[]),
            network("test-lan", Test, &[]),
        ],
    }
}
