//! Every defect is found by the case that is there for it, and every case finds one.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use muster_adapter_remote::line::BentLine;
use muster_contract::SiteAdapter;
use muster_contract::kit::{Aim, Count, Hand, Hook, Lab, Line, Verdict, cases, verify};
use tokio::task::JoinSet;

use crate::defect::{Defect, Defective};
use crate::kit::{PLAIN, run_id};
use crate::stand::Stand;

/// Defects of an agent or its backend, and the cases that must find each.
const HANDED: [(Defect, &str); 17] = [
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
    (Defect::ListsPointsThatAreOnTheirWay, "ATK-36"),
    (Defect::RunsWhatIsLocked, "ATK-38"),
    (Defect::ConnectsNothing, "ATK-39"),
];

/// Those of a client, of a server side that reads leniently, and of an array that keeps nothing.
const AROUND: &str = "ATK-14 ATK-37 ATK-40";

/// ATK-31 judges what others heard, so that one of those must run too.
const LISTENED_TO: &str = "ATK-06";

async fn failed(stand: &Stand, only: &str, hand: fn(BentLine) -> Arc<dyn Hand>) -> Vec<String> {
    let mut probe = stand.probe(run_id(), hand).await;
    probe.only = only.split(' ').chain([LISTENED_TO]).map(str::to_owned).collect();
    let report = verify(&stand.remote("lyon"), &probe).await;
    let failed = report.cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_)));
    eprintln!("{report}");
    failed.map(|case| case.id.to_owned()).collect()
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
            (defect, cases, failed(&stand, cases, |line| Arc::new(line)).await)
        });
    }
    while let Some(judged) = all.join_next().await {
        let (defect, cases, failed) = judged.unwrap();
        for case in cases.split(' ') {
            assert!(failed.iter().any(|id| id == case), "{defect:?}: {failed:?}, and not {case}");
        }
    }
}

/// A client that guesses, an agent that drops what it does not know, and an array that keeps nothing,
/// as the kit sees them.
struct Around(BentLine);

/// A client that takes no answer for a refusal.
struct Guesses(Arc<dyn SiteAdapter>);

#[async_trait]
impl Hand for Around {
    fn hooks(&self) -> BTreeSet<Hook> {
        BTreeSet::from([Hook::Line, Hook::Snapshots])
    }

    async fn harm(&self, how: Hook, _: &Aim) -> Result<(), String> {
        Err(format!("{how} is not mine"))
    }

    async fn count(&self, _: &Count) -> Result<u64, String> {
        Ok(0)
    }

    async fn line(&self, how: Line) -> Result<Arc<dyn SiteAdapter>, String> {
        match how {
            Line::NewerServer => self.0.line(Line::NewerAgent).await,
            how => Ok(Arc::new(Guesses(self.0.line(how).await?))),
        }
    }

    fn lab(&self) -> Option<Lab> {
        None
    }
}

#[async_trait]
impl SiteAdapter for Guesses {
    fn site(&self) -> &muster_plans::id::SiteName {
        self.0.site()
    }

    async fn capabilities(
        &self,
    ) -> Result<muster_contract::Capabilities, muster_contract::AdapterError> {
        self.0.capabilities().await
    }

    async fn inventory(
        &self,
    ) -> Result<muster_plans::inventory::SiteInventory, muster_contract::AdapterError> {
        self.0.inventory().await
    }

    async fn surroundings(
        &self,
    ) -> Result<
        (Vec<muster_plans::inventory::Link>, Vec<muster_plans::inventory::Witness>),
        muster_contract::AdapterError,
    > {
        self.0.surroundings().await
    }

    async fn execute(
        &self,
        ctx: &muster_contract::OpContext,
        op: &muster_contract::Operation,
    ) -> muster_contract::Outcome<muster_contract::Receipt> {
        match self.0.execute(ctx, op).await {
            muster_contract::Outcome::Unknown(hint) => {
                muster_contract::Outcome::refused(muster_contract::ErrorClass::Retry, hint.message)
            }
            known => known,
        }
    }

    async fn query(
        &self,
        query: &muster_contract::Query,
    ) -> Result<muster_contract::Observed, muster_contract::AdapterError> {
        self.0.query(query).await
    }

    async fn operation(
        &self,
        id: &muster_contract::OpId,
    ) -> Result<muster_contract::OpStatus, muster_contract::AdapterError> {
        self.0.operation(id).await
    }

    async fn cancel(&self, id: &muster_contract::OpId) -> muster_contract::Outcome<()> {
        self.0.cancel(id).await
    }

    async fn raise_fence(
        &self,
        domain: &muster_contract::FenceDomain,
        token: muster_contract::Token,
    ) -> muster_contract::Outcome<muster_contract::Token> {
        self.0.raise_fence(domain, token).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_around_the_agent_is_found_too() {
    let stand = Stand::start(60, Box::new(|site, _| site));
    let failed = failed(&stand, AROUND, |line| Arc::new(Around(line))).await;
    assert_eq!(failed, AROUND.split(' ').collect::<Vec<_>>());
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
