//! The conformance kit against the agent, with a backend that keeps rules and with one that knows
//! none of them.

use muster_adapter_sim::{Sim, SimClock, SimHand, TokioClock, WorldSpec};
use muster_contract::SiteAdapter;
use muster_contract::kit::{Hand, KitReport, Probe, Verdict, verify};

use super::careless::Careless;
use super::*;
use crate::agent::{Products, compose};

/// A simulated world, and its clock.
fn world() -> (Sim, Now) {
    let clock = Arc::new(TokioClock::new(NOON));
    let world = WorldSpec::demo(60, 7).build(NOON).unwrap();
    (Sim::new(world, clock.clone()), Arc::new(move || clock.now()))
}

/// A simulated site, and its clock.
fn simulated() -> (muster_adapter_sim::SimSite, Now) {
    let (sim, now) = world();
    (sim.sim_site(&"paris".into()).unwrap(), now)
}

async fn judged(backend: Arc<dyn SiteAdapter>, now: Now) -> KitReport {
    judged_with(backend, now, None).await
}

async fn judged_with(
    backend: Arc<dyn SiteAdapter>,
    now: Now,
    hand: Option<Arc<dyn Hand>>,
) -> KitReport {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path().to_owned(), now.clone());
    let agent = Agent::open(settings, backend).unwrap();
    let run = serde_json::from_value("018f3c5a-0000-7000-8000-00000000a7c1".into()).unwrap();
    verify(&agent, &Probe { hand, ..Probe::new(now, run) }).await
}

fn failed(report: &KitReport) -> Vec<&'static str> {
    let cases = report.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_)));
    cases.map(|case| case.id).collect()
}

#[tokio::test(start_paused = true)]
async fn an_agent_in_front_of_the_simulator_passes() {
    let (site, now) = simulated();
    let report = judged(Arc::new(site), now).await;
    assert_eq!(failed(&report), [""; 0], "{report}");
}

#[tokio::test(start_paused = true)]
async fn an_agent_in_front_of_a_backend_that_breaks_passes() {
    let (sim, now) = world();
    let [here, peer] = ["lyon", "paris"].map(|site| sim.site(&site.into()).unwrap());
    let hand = SimHand::new(sim, "lyon".into()).lending(&*here, peer).await.unwrap();
    let report = judged_with(here, now, Some(Arc::new(hand))).await;
    assert_eq!(failed(&report), [""; 0], "{report}");
    let missed = report.cases.iter().filter(|case| case.verdict != Verdict::Passed);
    // A process, a line, a secret and a large site are not here; all of them are in the tests over
    // the real binary.
    let missed: Vec<_> = missed.map(|case| case.id).collect();
    let elsewhere = ["ATK-04", "ATK-10", "ATK-14", "ATK-18", "ATK-31", "ATK-33", "ATK-40"];
    assert_eq!(missed, elsewhere, "{report}");
}

#[tokio::test(start_paused = true)]
async fn an_agent_makes_up_for_products_that_know_no_ids_and_no_tokens() {
    let (site, now) = simulated();
    let products = Products {
        capabilities: site.capabilities().await.unwrap(),
        storage: Arc::new(Careless::new(site.clone())),
        hypervisor: Arc::new(Careless::new(site.clone())),
        fencing: Arc::new(Careless::new(site)),
        neighbours: Vec::new(),
        now: now.clone(),
    };
    let report = judged(Arc::new(compose(products)), now).await;
    // What became of an operation that was given up half-way only the product could say. Until
    // somebody does, nothing else is let through to its object, not even what cleans it up.
    assert_eq!(failed(&report), ["ATK-00", "ATK-15"], "{report}");
}
