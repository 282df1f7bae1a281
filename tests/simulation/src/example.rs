//! The examples of `plans/examples`, each with the smallest world in which its plan does everything
//! that it can do.

use std::collections::BTreeMap;

use anyhow::bail;
use clap::ValueEnum;
use muster_adapter_sim::{AppSpec, LinkSpec, Settings, SiteSpec, WorldSpec};
use muster_plans::config::Config;
use muster_plans::finding::Finding;
use muster_plans::id::SiteName;
use muster_plans::inventory::{Network, NetworkRole, ReplicationMode};
use muster_plans::load::load_and_check;
use muster_plans::render;
use muster_plans::source::SourceFile;
use muster_plans::time::Span;

use crate::cue::Act;
use crate::scene::{COMMON, Scene};

/// The world and the plan of a plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Setting {
    /// One VM of every kind under one plan that asks for everything.
    Everything,
    /// The example `single-vm`.
    Wiki,
    /// The example `shop`.
    Shop,
    /// The example `bank`.
    Bank,
    /// The example `archive`.
    Archive,
    /// The example `branches`.
    Branches,
}

macro_rules! example {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../plans/examples/", $path)))
    };
}

impl Setting {
    /// The examples.
    pub const EXAMPLES: [Setting; 5] =
        [Setting::Wiki, Setting::Shop, Setting::Bank, Setting::Archive, Setting::Branches];

    /// Why a workflow is not played in it; `None`: it is.
    pub fn never_plays(self, act: Act) -> Option<&'static str> {
        match (self, act) {
            (Setting::Branches, Act::Reprotect | Act::Failback) => {
                Some("its mappings have `reverse: none`: nothing is protected the other way")
            }
            _ => None,
        }
    }

    fn documents(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Setting::Everything => &[],
            Setting::Wiki => &[example!("single-vm/plan.yaml")],
            Setting::Shop => &[example!("shop/plan.yaml")],
            Setting::Bank => &[example!("bank/plan.yaml")],
            Setting::Archive => &[example!("archive/plan.yaml")],
            Setting::Branches => &[
                example!("branches/sites.yaml"),
                example!("branches/backends.yaml"),
                example!("branches/plan.yaml"),
            ],
        }
    }

    fn plan(self) -> &'static str {
        match self {
            Setting::Everything => crate::scene::PLAN,
            Setting::Wiki => "wiki",
            Setting::Shop => "shop",
            Setting::Bank => "bank",
            Setting::Archive => "archive",
            Setting::Branches => "branches",
        }
    }

    fn world(self, seed: u64, whole: bool) -> WorldSpec {
        if self == Setting::Branches {
            return branches(seed);
        }
        // Rows of the world of `muster demo`, with as few VMs as leave every kind of step.
        let mut world = WorldSpec::demo(60, seed);
        let kept: &[(&str, u32)] = match self {
            Setting::Shop => &[("shop-db", 1), ("shop-app", 1), ("shop-web", 1), ("shop-cache", 1)],
            Setting::Bank => &[("bank-db", 1), ("bank-core", 1), ("bank-app", 2)],
            Setting::Archive => &[("archive", 2), ("archive-db", 1)],
            _ => &[("bank-app", 1)],
        };
        let count = |app: &AppSpec| {
            let found = kept.iter().find(|(name, _)| *name == app.name)?;
            Some(if whole && self != Setting::Wiki { app.count } else { found.1 })
        };
        world.apps = world
            .apps
            .into_iter()
            .filter_map(|app| count(&app).map(|count| AppSpec { count, ..app }))
            .collect();
        if self == Setting::Wiki {
            for app in &mut world.apps {
                app.name = "wiki".to_owned();
                app.app = "wiki".to_owned();
            }
        }
        for local in &mut world.locals {
            local.count = 1;
        }
        world
    }
}

impl Scene {
    /// The scene of a plot.
    ///
    /// # Errors
    /// Where the documents have findings, which a test forbids.
    pub(crate) fn set(seed: u64, setting: Setting, whole: bool) -> anyhow::Result<Scene> {
        if setting == Setting::Everything {
            return Scene::full(seed);
        }
        let texts = COMMON.iter().chain(setting.documents());
        let files: Vec<SourceFile> =
            texts.map(|(name, text)| SourceFile::new(*name, *text)).collect();
        let loaded = load_and_check(&files);
        if loaded.findings.iter().any(Finding::is_error) {
            bail!("an example has findings:\n{}", render::text(&loaded.findings));
        }
        let name = |name: &str| SiteName::from(name);
        let (sites, others) = match setting {
            Setting::Branches => {
                ([name("nice"), name("paris")], vec![name("lille"), name("brest")])
            }
            _ => ([name("paris"), name("lyon")], Vec::new()),
        };
        let spec = setting.world(seed, whole);
        let witness = spec.witness.is_some();
        Ok(Scene {
            config: Config::from_documents(loaded.values()),
            plan: setting.plan().into(),
            spec,
            sites,
            witness,
            others,
            drill: None,
        })
    }
}

/// Three branch offices with a few servers each, and paris.
fn branches(seed: u64) -> WorldSpec {
    let network = |name: String, role, subnet: &str| Network {
        name: name.into(),
        role,
        subnets: subnet.parse().into_iter().collect(),
    };
    let site = |name: &str, networks| SiteSpec {
        name: name.into(),
        hosts: 2,
        standby: 0,
        host_memory_mib: None,
        cpu_family: "icelake".to_owned(),
        networks,
    };
    let offices = [("nice", "10.31.0.0/24"), ("lille", "10.32.0.0/24"), ("brest", "10.33.0.0/24")];
    let mut sites: Vec<SiteSpec> = offices
        .iter()
        .map(|(name, subnet)| {
            site(name, vec![network("office".to_owned(), NetworkRole::Production, subnet)])
        })
        .collect();
    let at_paris = offices
        .iter()
        .map(|(name, subnet)| network(format!("{name}-at-paris"), NetworkRole::Production, subnet));
    let test = network("test-lan".to_owned(), NetworkRole::Test, "10.10.200.0/24");
    sites.push(site("paris", at_paris.chain([test]).collect()));
    let servers = [
        ("nice", "directory"),
        ("nice", "files"),
        ("nice", "print"),
        ("lille", "files"),
        ("brest", "files"),
    ];
    WorldSpec {
        seed,
        sites,
        links: offices
            .iter()
            .map(|(name, _)| LinkSpec {
                a: (*name).into(),
                b: "paris".into(),
                rtt_ms: 12.0,
                bandwidth_mbps: 500.0,
            })
            .collect(),
        witness: None,
        apps: servers.iter().map(|(office, role)| server(office, role)).collect(),
        locals: Vec::new(),
        settings: Settings::default(),
    }
}

fn server(office: &str, role: &str) -> AppSpec {
    AppSpec {
        name: format!("{office}-{role}"),
        app: "office".to_owned(),
        tier: role.to_owned(),
        tags: BTreeMap::from([("role".to_owned(), role.to_owned())]),
        count: 1,
        policy: "bronze-async".into(),
        mode: ReplicationMode::Async,
        interval: Some(Span::mins(5)),
        per_group: 1,
        site: office.into(),
        peer: "paris".into(),
        network: "office".into(),
        vcpus: 2,
        memory_mib: 4096,
        dirty_mib_s: 20,
        disks: 1,
        disk_gib: 20,
        ports: vec![22],
    }
}
