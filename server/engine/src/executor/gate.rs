//! A gate looks for evidence by itself; a person can always be quicker.

use muster_contract::{FenceState, Observation, Query, WitnessSight};
use muster_plans::document::EvidenceKind;
use muster_plans::graph::{GateKind, SiteIx};
use muster_plans::id::SiteName;

use super::ask::{Pace, query};
use super::job::How;
use super::shop::{Job, Shop};
use crate::event::{Evidence, EvidenceSource};

/// Asks the witness and the fence, as seen from the step's site, until one of them tells.
pub(super) async fn wait(shop: &Shop, job: &Job, kind: GateKind) -> How {
    let GateKind::EvidenceAgainst(against) = kind;
    let at = shop.graph.site(shop.graph.step(job.step).site).clone();
    let mut pace = Pace::slow();
    loop {
        for kind in &job.accepts {
            let source = match kind {
                EvidenceKind::Witness => witness(shop, &at, against).await,
                EvidenceKind::Fence => fence(shop, &at, against).await,
                EvidenceKind::Attestation => None,
            };
            if let Some(source) = source {
                return How::Evidence(evidence(shop, against, source));
            }
        }
        shop.sleep(pace.pause()).await;
    }
}

fn evidence(shop: &Shop, against: SiteIx, source: EvidenceSource) -> Evidence {
    let now = shop.now();
    Evidence {
        against: shop.graph.site(against).clone(),
        source,
        observed_at: now,
        expires_at: now + shop.core.limits.evidence,
    }
}

async fn witness(shop: &Shop, at: &SiteName, against: SiteIx) -> Option<EvidenceSource> {
    let against = shop.graph.site(against).clone();
    match query(shop, at, &Query::Witness(against)).await.ok()?.state {
        Observation::Witness(state) if state.sight == Some(WitnessSight::Dead) => {
            Some(EvidenceSource::Witness(state.witness?.to_string()))
        }
        _ => None,
    }
}

async fn fence(shop: &Shop, at: &SiteName, against: SiteIx) -> Option<EvidenceSource> {
    let against = shop.graph.site(against).clone();
    match query(shop, at, &Query::Fence(against)).await.ok()?.state {
        Observation::Fence(FenceState::Fenced) => Some(EvidenceSource::Fence(at.clone())),
        _ => None,
    }
}
