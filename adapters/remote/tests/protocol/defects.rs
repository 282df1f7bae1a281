//! Every defect is found by the case that is there for it, and every case finds one.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_adapter_remote::line::BentLine;
use muster_contract::SiteAdapter;
use muster_contract::kit::{Hand, KitReport, Verdict, cases, verify};
use tokio::task::JoinSet;

use crate::around::Around;
use crate::defect::{Defect, Defective};
use crate::kit::{PLAIN, run_id};
use crate::stand::Stand;

/// Defects of an agent or its backend, and the cases that must find each.
const HANDED: [(Defect, &str); 18] = [
    (Defect::ForgetsIdsAtRestart, "ATK-04 ATK-18"),
    (Defect::ResetsTokensAtRestart, "ATK-10"),
    (Defect::ComparesTokensAtTheDoor, "ATK-07 ATK-08"),
    (Defect::CallsWhatIsUnknownRefused, "ATK-13"),
    (Defect::AsksTheFailedSite, "ATK-22"),
    (Defect::PromotesWithoutEvidence, "ATK-23"),
    (Defect::CallsHalfDone, "ATK-26"),
    (Defect::FindsByName, "ATK-28"),
    (Defect::Storms, "ATK-29"),
    (Defect::CallsExpiredBusy, "ATK-30"),
    (Defect::TellsItsToken, "ATK-31"),
    (Defect::TakesNonsenseForAnEmptySite, "ATK-32"),
    (Defect::WorksOnOneObjectAtATime, "ATK-34"),
    (Defect::KeepsItsGeneration, "ATK-35"),
    (Defect::IgnoresWhatIsKnownOfGenerations, "ATK-35"),
    (Defect::ListsPointsThatAreOnTheirWay, "ATK-36"),
    (Defect::RunsWhatIsLocked, "ATK-38"),
    (Defect::ConnectsNothing, "ATK-39"),
];

/// Those of a client, of a server side that reads leniently, and of an array that keeps nothing.
const AROUND: &str = "ATK-14 ATK-37 ATK-40";

/// ATK-31 judges what others heard, so that one of those must run too.
const LISTENED_TO: &str = "ATK-06";

async fn judged(stand: &Stand, only: &str, hand: fn(BentLine) -> Arc<dyn Hand>) -> KitReport {
    let mut probe = stand.probe(run_id(), hand).await;
    probe.only = only.split(' ').chain([LISTENED_TO]).map(str::to_owned).collect();
    verify(&stand.remote("lyon"), &probe).await
}

fn failed(report: &KitReport) -> Vec<&'static str> {
    let failed = report.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_)));
    failed.map(|case| case.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_hand_finds_is_found() {
    let mut all = JoinSet::new();
    for (defect, cases) in HANDED {
        all.spawn(async move {
            let front = move |site, life| -> Arc<dyn SiteAdapter> {
                Arc::new(Defective::new(defect, site, life))
            };
            let stand = Stand::start(60, Box::new(front));
            (defect, cases, judged(&stand, cases, |line| Arc::new(line)).await)
        });
    }
    while let Some(judged) = all.join_next().await {
        let (defect, cases, report) = judged.unwrap();
        let failed = failed(&report);
        for case in cases.split(' ') {
            assert!(
                failed.contains(&case),
                "{defect:?}, and not {case}:
{report}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_around_the_agent_is_found_too() {
    let stand = Stand::start(60, Box::new(|site, _| site));
    let report = judged(&stand, AROUND, |line| Arc::new(Around(line))).await;
    assert_eq!(failed(&report), AROUND.split(' ').collect::<Vec<_>>(), "{report}");
}

#[test]
fn every_case_finds_a_defect() {
    let plain = PLAIN.iter().map(|(_, cases)| *cases);
    let handed = HANDED.iter().map(|(_, cases)| *cases);
    let found: BTreeSet<&str> =
        plain.chain(handed).chain([AROUND]).flat_map(|cases| cases.split(' ')).collect();
    let blind: Vec<_> = cases().map(|about| about.id).filter(|id| !found.contains(id)).collect();
    assert_eq!(blind, [""; 0]);
}
