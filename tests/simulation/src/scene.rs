//! What a play begins with: documents, a world, and what is going to be done.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;
use muster_adapter_sim::{AppSpec, LinkSpec, Settings, SiteSpec, WorldSpec};
use muster_plans::config::Config;
use muster_plans::finding::Finding;
use muster_plans::id::{PlanName, SiteName};
use muster_plans::inventory::{Network, NetworkRole, ReplicationMode};
use muster_plans::load::load_and_check;
use muster_plans::render;
use muster_plans::run::RunKind;
use muster_plans::source::SourceFile;
use muster_plans::time::Span;

use crate::drill::Drill;
use crate::net::Dice;

/// What a play is mostly about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Workflow {
    /// Tests and their cleanup.
    Test,
    /// Planned migration, reprotect, and back.
    Planned,
    /// A disaster, its failover, the return of the site, what is owed to it, and back.
    Failover,
    /// Whatever an operator may do, in any order.
    Any,
}

impl Workflow {
    /// All of them.
    pub const ALL: [Workflow; 4] =
        [Workflow::Test, Workflow::Planned, Workflow::Failover, Workflow::Any];

    /// How much an operator wants a kind of run, of ten.
    pub(crate) fn wants(self, kind: RunKind) -> u64 {
        match (self, kind) {
            (Workflow::Any, _) => 5,
            (Workflow::Test, RunKind::Test) => 8,
            (_, RunKind::Cleanup | RunKind::Reprotect) => 9,
            (Workflow::Planned, RunKind::PlannedMigration) => 9,
            (Workflow::Failover, RunKind::Failover) => 9,
            (Workflow::Failover, RunKind::PlannedMigration) => 2,
            _ => 1,
        }
    }
}

/// The plan of every play.
pub(crate) const PLAN: &str = "everything";

/// The protected site.
pub(crate) const PARIS: &str = "paris";
/// The recovery site.
pub(crate) const LYON: &str = "lyon";
/// The witness.
pub(crate) const WITNESS: &str = "bordeaux";

/// One application: name, policy, mode, interval in minutes, tier, VMs, VMs in a consistency group.
type App = (&'static str, &'static str, ReplicationMode, u64, &'static str, u32, u32);

const APPS: [App; 5] = [
    ("metro-db", "gold-metro", ReplicationMode::Stretched, 0, "db", 1, 1),
    ("metro-app", "gold-metro", ReplicationMode::Stretched, 0, "app", 2, 2),
    ("sync", "silver-sync", ReplicationMode::Sync, 0, "app", 2, 2),
    ("async", "bronze-async", ReplicationMode::Async, 5, "app", 1, 1),
    ("cdp", "copper-cdp", ReplicationMode::Cdp, 0, "app", 1, 1),
];

/// Documents and world of one play.
pub(crate) struct Scene {
    pub(crate) config: Config,
    pub(crate) plan: PlanName,
    pub(crate) spec: WorldSpec,
    pub(crate) sites: [SiteName; 2],
    pub(crate) witness: bool,
    /// What was prepared for the play.
    pub(crate) drill: Option<Drill>,
    /// Further protected sites, beside the first one.
    pub(crate) others: Vec<SiteName>,
}

pub(crate) const COMMON: [(&str, &str); 3] = [
    ("sites.yaml", include_str!("../../../plans/examples/common/sites.yaml")),
    ("policies.yaml", include_str!("../../../plans/examples/common/policies.yaml")),
    ("mapping.yaml", include_str!("../../../plans/examples/common/mapping.yaml")),
];

impl Scene {
    /// Drawn from the play's dice.
    ///
    /// # Errors
    /// Where the documents have findings, which is a fault of this file.
    pub(crate) fn draw(seed: u64, dice: &Dice) -> anyhow::Result<Scene> {
        let apps: Vec<App> = loop {
            let drawn: Vec<App> = APPS.into_iter().filter(|_| dice.chance(0.5)).collect();
            if !drawn.is_empty() {
                break drawn;
            }
        };
        let documents = documents(&apps, &Choice::draw(dice));
        Scene::of(seed, &apps, documents, || dice.chance(0.9))
    }

    /// One of everything, with every choice made so that most is done.
    ///
    /// # Errors
    /// As [`Scene::draw`].
    pub(crate) fn full(seed: u64) -> anyhow::Result<Scene> {
        let choice = Choice { prompt: true, restart: true, sync: true, addresses: true };
        let mut scene = Scene::of(seed, &APPS, documents(&APPS, &choice), || true)?;
        // Of the seven VMs three fit on a host at Lyon, so that the one in standby is needed.
        for app in &mut scene.spec.apps {
            app.memory_mib = 20 * 1024;
        }
        scene.spec.sites[0].host_memory_mib = Some(128 * 1024);
        scene.spec.sites[1].host_memory_mib = Some(64 * 1024);
        Ok(scene)
    }

    fn of(
        seed: u64,
        apps: &[App],
        documents: String,
        witness: impl FnOnce() -> bool,
    ) -> anyhow::Result<Scene> {
        let mut files: Vec<SourceFile> =
            COMMON.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
        files.push(SourceFile::new("play.yaml", documents));
        let loaded = load_and_check(&files);
        if loaded.findings.iter().any(Finding::is_error) {
            bail!("the documents of a play have findings:\n{}", render::text(&loaded.findings));
        }
        let witness = witness();
        Ok(Scene {
            config: Config::from_documents(loaded.values()),
            plan: PlanName::from(PLAN),
            spec: world(seed, apps, witness),
            sites: [SiteName::from(PARIS), SiteName::from(LYON)],
            witness,
            drill: None,
            others: Vec::new(),
        })
    }

    /// All sites.
    pub(crate) fn all_sites(&self) -> Vec<SiteName> {
        self.sites.iter().chain(&self.others).cloned().collect()
    }

    /// From where, and to where, runs go.
    pub(crate) fn ends(&self, reversed: bool) -> (Vec<SiteName>, SiteName) {
        let [home, away] = self.sites.clone();
        if reversed {
            return (vec![away], home);
        }
        (std::iter::once(home).chain(self.others.iter().cloned()).collect(), away)
    }
}

/// What a plan may have or not.
struct Choice {
    /// A person is asked.
    prompt: bool,
    /// A live migration that fails becomes a restart, instead of a halt.
    restart: bool,
    /// A test sends what is missing first.
    sync: bool,
    /// Guests get other addresses.
    addresses: bool,
}

impl Choice {
    fn draw(dice: &Dice) -> Choice {
        let (prompt, restart, sync) = (dice.chance(0.2), dice.chance(0.5), dice.chance(0.5));
        Choice { prompt, restart, sync, addresses: false }
    }
}

fn documents(apps: &[App], choice: &Choice) -> String {
    let mut text = String::new();
    for (name, policy, ..) in apps {
        text.push_str(&format!(
            "apiVersion: muster/v1\nkind: ProtectionGroup\nmetadata: {{name: {name}}}\nspec:\n  \
             sites: {{protected: paris, recovery: lyon}}\n  policies: [{policy}]\n  \
             where: {{tags: {{app: {name}}}}}\n---\n"
        ));
    }
    let groups: Vec<&str> = apps.iter().map(|app| app.0).collect();
    let prompt = match choice.prompt {
        true => "\n      before-power-on: [{prompt: \"Go on?\", role: recovery-admin}]",
        false => "",
    };
    let addresses = match choice.addresses {
        true => {
            "\n    - match: {tags: {tier: app}}\n      ip: {rules: \
             [{from: 10.10.0.0/24, to: 10.20.0.0/24, gateway: 10.20.0.1}]}"
        }
        false => "",
    };
    let live = if choice.restart { "restart" } else { "halt" };
    text.push_str(&format!(
        "apiVersion: muster/v1\nkind: RecoveryPlan\nmetadata: {{name: {PLAN}}}\nspec:\n  \
         protectionGroups: [{}]\n  defaults:\n    priority: 3\n    shutdown: {{timeout: 2m}}\n    \
         startup: {{wait: heartbeat, timeout: 5m}}\n    \
         mobility: {{prefer: [long-distance/active-active, restart]}}\n  vms:\n    \
         - match: {{tags: {{tier: db}}}}\n      priority: 1{prompt}{addresses}\n  \
         networks:\n    - {{protected: prod-app, recovery: lyon-app, test: bubble}}\n    \
         - {{protected: prod-db, recovery: lyon-db, test: bubble}}\n  \
         suspend-at-recovery: {{match: {{tags: {{env: dev}}}}}}\n  live-failure: {live}\n  on:\n    \
         test: {{sync: {}}}\n    failover: {{evidence: [witness, fence, attestation]}}\n",
        groups.join(", "),
        choice.sync,
    ));
    text
}

fn world(seed: u64, apps: &[App], witness: bool) -> WorldSpec {
    let network = |name: &str, role: NetworkRole, subnet: &str| Network {
        name: name.into(),
        role,
        subnets: subnet.parse().into_iter().collect(),
    };
    let site = |name: &str, standby, networks| SiteSpec {
        name: name.into(),
        hosts: 2,
        standby,
        host_memory_mib: None,
        cpu_family: "icelake".to_owned(),
        networks,
    };
    use NetworkRole::{Migration, Production, Test};
    let at_paris = vec![
        network("prod-app", Production, "10.10.0.0/24"),
        network("prod-db", Production, "10.10.1.0/24"),
        network("migration", Migration, "10.10.9.0/24"),
        network("test-lan", Test, "10.10.200.0/24"),
    ];
    let at_lyon = vec![
        network("lyon-app", Production, "10.20.0.0/24"),
        network("lyon-db", Production, "10.20.1.0/24"),
        network("migration", Migration, "10.20.9.0/24"),
        network("lyon-test", Test, "10.20.200.0/24"),
    ];
    WorldSpec {
        seed,
        sites: vec![site(PARIS, 0, at_paris), site(LYON, 1, at_lyon)],
        links: vec![LinkSpec {
            a: PARIS.into(),
            b: LYON.into(),
            rtt_ms: 4.0,
            bandwidth_mbps: 10_000.0,
        }],
        witness: witness.then(|| WITNESS.into()),
        apps: apps.iter().map(app).collect(),
        locals: vec![muster_adapter_sim::LocalSpec {
            name: "lyon-dev".to_owned(),
            count: 1,
            env: "dev".to_owned(),
            site: LYON.into(),
            network: "lyon-app".into(),
            memory_mib: 4096,
        }],
        settings: Settings { latency: BTreeMap::new(), ..Settings::default() },
    }
}

fn app(app: &App) -> AppSpec {
    let (name, policy, mode, minutes, tier, count, per_group) = *app;
    AppSpec {
        name: name.to_owned(),
        app: name.to_owned(),
        tier: tier.to_owned(),
        tags: BTreeMap::new(),
        count,
        policy: policy.into(),
        mode,
        interval: (minutes > 0).then(|| Span::mins(minutes)),
        per_group,
        site: PARIS.into(),
        peer: LYON.into(),
        network: if tier == "db" { "prod-db".into() } else { "prod-app".into() },
        vcpus: 2,
        memory_mib: 4096,
        dirty_mib_s: 60,
        disks: 1,
        disk_gib: 20,
        ports: vec![22],
    }
}

/// Shared by all servers of a play.
pub(crate) type SharedScene = Arc<Scene>;
