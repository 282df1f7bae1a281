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

pub(crate) fn run_id() -> RunId {
    serde_json::from_value("018f3c5a-0000-7000-8000-00000000a7c1".into()).unwrap()
}

fn probe(now: Now) -> Probe {
    Probe::new(now, run_id())
}

/// Cases that could not be asked although they need no hook.
fn not_asked(report: &KitReport) -> Vec<&str> {
    let cases = report.cases.iter().filter(|case| match &case.verdict {
        Verdict::NotApplicable(why) => !why.starts_with("needs "),
        _ => false,
    });
    cases.map(|case| case.id).collect()
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
    // Operations take no time here, so that none can be seen under way; and the site is a small one
    // that receives nothing.
    let small = ["ATK-23", "ATK-33", "ATK-36"];
    let quick = ["ATK-07", "ATK-08", "ATK-25", "ATK-34"];
    let mut all = [&small[..], &quick[..]].concat();
    all.sort_unstable();
    assert_eq!(not_asked(&report), all, "{report}");
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

/// Broken rules, and the cases that must find each.
pub(crate) const PLAIN: [(Sabotage, &str); 17] = [
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
    (Sabotage::RemovesWhatItLikes, "ATK-21 ATK-27"),
    (Sabotage::ListsTwice, "ATK-33"),
    (Sabotage::AlwaysPending, "ATK-25"),
    (Sabotage::Acknowledges, "ATK-02 ATK-24"),
    (Sabotage::NamesNoClass, "ATK-06 ATK-12"),
    (Sabotage::RemovesNothing, "ATK-00 ATK-21"),
];

#[tokio::test(start_paused = true)]
async fn every_broken_rule_is_found() {
    for (sabotage, cases) in PLAIN {
        let (site, now) = simulated(Settings::default());
        let report = verify(&Saboteur::new(sabotage, site), &probe(now)).await;
        let failed = report.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_)));
        let failed: Vec<_> = failed.map(|case| case.id).collect();
        for case in cases.split(' ') {
            assert!(failed.contains(&case), "{sabotage:?} and not {case}:\n{report}");
        }
    }
}
