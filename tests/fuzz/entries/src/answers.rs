//! What an agent answers, as the client of the adapter protocol reads it, and what follows from an
//! inventory that an agent made up.

use std::fmt::Debug;
use std::sync::LazyLock;

use muster_adapter_remote::client::understand;
use muster_adapter_remote::wire::Surroundings;
use muster_contract::{Capabilities, Observed, OpStatus, Outcome, Receipt, Token};
use muster_plans::compile::compile;
use muster_plans::fixture::{self, World};
use muster_plans::graph::render::text;
use muster_plans::group::coverage;
use muster_plans::id::SiteName;
use muster_plans::inventory::SiteInventory;
use muster_plans::mobility::{Method, PairFacts, assess_fleet};
use muster_plans::run::RunKind;
use serde::Serialize;
use serde::de::DeserializeOwned;

static WORLD: LazyLock<World> = LazyLock::new(|| fixture::fleet(4));

/// The body of an answer.
///
/// # Panics
/// Where what was read is not read again as it was written, or an inventory is no good for the plans
/// that look at it.
pub fn answers(bytes: &[u8]) {
    let site = SiteName::from("paris");
    read::<Capabilities>(&site, bytes);
    read::<Outcome<Receipt>>(&site, bytes);
    read::<Outcome<Token>>(&site, bytes);
    read::<Outcome<()>>(&site, bytes);
    read::<Observed>(&site, bytes);
    read::<OpStatus>(&site, bytes);
    let around = read::<Surroundings>(&site, bytes);
    let inventory = read::<SiteInventory>(&site, bytes);
    for status in [400, 404, 409, 503] {
        let error = understand::<()>(&site, status, bytes).expect_err("it is no success");
        assert!(!format!("{error:?}").is_empty());
    }
    if around.is_none() && inventory.is_none() {
        return;
    }
    let mut world = WORLD.clone();
    if let Some(Surroundings { links, witnesses }) = around {
        (world.inventory.links, world.inventory.witnesses) = (links, witnesses);
    }
    if let Some(inventory) = inventory {
        world.inventory.sites.insert(site, inventory);
    }
    planned(&world);
}

fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    site: &SiteName,
    bytes: &[u8],
) -> Option<T> {
    let read = understand::<T>(site, 200, bytes).ok()?;
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    let again = serde_json::from_slice::<T>(&written).expect("and read again");
    // Not by value: a number that is none has no equal.
    assert_eq!(serde_json::to_vec(&again).ok(), Some(written), "{read:?}");
    Some(read)
}

/// All that plans do with an inventory.
fn planned(world: &World) {
    let derivation = world.derive();
    _ = derivation.findings();
    for site in world.inventory.sites.keys() {
        for uncovered in coverage(&world.config, &derivation, &world.inventory, site) {
            _ = uncovered.why.to_string();
        }
    }
    for (from, to) in [("paris", "lyon"), ("lyon", "paris")] {
        let site = |name: &str| world.inventory.sites.get(&SiteName::from(name));
        let (Some(from), Some(to)) = (site(from), site(to)) else { continue };
        let link = world.inventory.link(&from.site, &to.site);
        let facts = PairFacts::new(from, to, link, &world.rules);
        let vms = from.vms.iter().map(|vm| (vm, Method::ALL.as_slice()));
        let fleet = assess_fleet(&facts, vms, &Method::ALL);
        _ = serde_json::to_string(&fleet);
        for vm in &from.vms {
            _ = facts.assess(vm, &Method::ALL);
        }
    }
    for plan in world.config.plans.keys() {
        for kind in [RunKind::Test, RunKind::PlannedMigration, RunKind::Failover] {
            let mut request = world.request(plan, &derivation, kind);
            request.live = true;
            if let Ok(compiled) = compile(&request) {
                _ = text(&compiled.graph);
            }
        }
    }
}
