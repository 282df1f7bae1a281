//! The conformance kit: the simulator passes it, and whoever breaks one rule fails that case.

use std::sync::Arc;

use muster_adapter_remote::client::{Now, RemoteOptions, RemoteSite};
use muster_adapter_remote::serve::{ServeOptions, router};
use muster_adapter_sim::{Settings, Sim, SimClock, TokioClock, WorldSpec};
use muster_contract::SiteAdapter;
use muster_contract::kit::{KitReport, Probe, Verdict, verify};
use muster_plans::id::RunId;

use crate::common::{NOON, listen};
use crate::saboteur::{Sabotage, Saboteur};

/// A simulated site and its clock.
fn simulated(settings: Settings) -> (Arc<dyn SiteAdapter>, Now) {
    let clock = Arc::new(TokioClock::new(NOON));
    let world = WorldSpec::demo(60, 7).with_settings(settings).build(NOON).unwrap();
    let sim = Sim::new(world, clock.clone());
    (sim.site(&"paris".into()).unwrap(), Arc::new(move || clock.now()))
}

fn probe(now: Now) -> Probe {
    let run: RunId = serde_json::from_value("018f3c5a-0000-7000-8000-00000000a7c1".into()).unwrap();
    Probe::new(now, run)
}

/// Cases that are not passed, with why.
fn not_passed(report: &KitReport) -> Vec<String> {
    let cases = report.cases.iter().filter(|case| case.verdict != Verdict::Passed);
    cases.map(|case| format!("{} {:?}", case.id, case.verdict)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_simulator_passes() {
    let (site, now) = simulated(Settings::default());
    let report = verify(&*site, &probe(now)).await;
    insta::assert_snapshot!(report.to_string());
    assert!(report.passed());
}

#[tokio::test]
async fn the_simulator_passes_over_the_network() {
    let (site, now) = simulated(Settings::instant());
    let (address, _tasks) = listen(router(site, ServeOptions::default())).await;
    let remote =
        RemoteSite::new("paris".into(), &address, RemoteOptions::new(now.clone())).unwrap();
    let report = verify(&remote, &probe(now)).await;
    assert!(report.passed(), "{report}");
    // Operations take no time here, so that none can be seen under way.
    assert_eq!(not_passed(&report).len(), 1, "{report}");
}

#[tokio::test]
async fn nobody_there_is_a_failure() {
    let remote = RemoteSite::new(
        "paris".into(),
        "http://127.0.0.1:1",
        RemoteOptions::new(crate::common::noon()),
    );
    let report = verify(&remote.unwrap(), &probe(crate::common::noon())).await;
    assert!(!report.passed());
    let text = report.to_string();
    assert!(text.contains("the agent of site `paris` is out of reach"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn every_broken_rule_is_found() {
    for (sabotage, cases) in [
        (Sabotage::ForgetsIds, "ATK-02 ATK-03 ATK-05 ATK-15"),
        (Sabotage::IgnoresTokens, "ATK-06 ATK-09"),
        (Sabotage::DoesDryRuns, "ATK-19"),
        (Sabotage::IgnoresTheMode, "ATK-20"),
        (Sabotage::SaysTheFenceIsRaised, "ATK-09"),
        (Sabotage::NeverSaysAlready, "ATK-11"),
        (Sabotage::KnowsNoOperations, "ATK-15"),
        (Sabotage::CancelsInName, "ATK-16"),
        (Sabotage::Hangs, "ATK-17"),
        (Sabotage::LooksIntoAnOldCache, "ATK-24"),
        (Sabotage::DeclaresTooLittle, "ATK-01"),
        (Sabotage::RemovesWhatItLikes, "ATK-21"),
        (Sabotage::ListsTwice, "ATK-33"),
        (Sabotage::AlwaysPending, "ATK-25"),
        (Sabotage::Acknowledges, "ATK-02 ATK-24"),
    ] {
        let (site, now) = simulated(Settings::default());
        let report = verify(&Saboteur::new(sabotage, site), &probe(now)).await;
        let failed = report.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_)));
        let failed: Vec<_> = failed.map(|case| case.id).collect();
        for case in cases.split(' ') {
            assert!(failed.contains(&case), "{sabotage:?} and not {case}:\n{report}");
        }
    }
}
