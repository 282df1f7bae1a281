//! A gate looks for evidence by itself; a person can always be quicker.

use muster_contract::{FenceState, Observation, Query, WitnessSight};
use muster_plans::document::EvidenceKind;
use muster_plans::graph::{GateKind, SiteIx};
use muster_plans::guard::{Guard, holds};
use muster_plans::id::SiteName;
use muster_plans::time::Time;

use super::ask::{Pace, query};
use super::job::How;
use super::shop::{Job, Shop};
use crate::event::{Evidence, EvidenceSource};

/// Asks the witness and the fence, as seen from the step's site, until one of them tells.
pub(super) async fn wait(shop: &Shop, job: &Job, kind: GateKind) -> How {
    let GateKind::EvidenceAgainst(against) = kind;
    let at = shop.graph.site(shop.graph.step(job.step).site).clone();
    let mut heard: Vec<Option<Heard>> = vec![None; job.accepts.len()];
    let mut pace = Pace::patient();
    loop {
        for (kind, heard) in job.accepts.iter().zip(&mut heard) {
            let site = shop.graph.site(against).clone();
            let question = match kind {
                EvidenceKind::Witness => Query::Witness(site),
                EvidenceKind::Fence => Query::Fence(site),
                EvidenceKind::Attestation => continue,
            };
            let Ok(seen) = query(shop, &at, &question).await else { continue };
            let since = Heard::again(heard, Heard { as_of: seen.as_of, at: shop.now() });
            if let (Some(since), Some(source)) = (since, proof(seen.state, &at)) {
                return How::Evidence(evidence(shop, against, source, since));
            }
        }
        shop.sleep(pace.pause()).await;
    }
}

/// An answer: as of when, by the agent's clock, and when it came, by the server's.
///
/// An agent may answer from a cache that was filled before the fence, or before the site came back. So an
/// answer counts if it was observed later than the answer before it, and therefore after that one came.
/// The two clocks are never compared.
#[derive(Clone, Copy, Debug)]
struct Heard {
    as_of: Time,
    at: Time,
}

impl Heard {
    /// Since when an answer was surely observed; `None`: it may be older than the question.
    fn again(last: &mut Option<Heard>, now: Heard) -> Option<Time> {
        if !holds(Guard::WitnessFresh) {
            return Some(now.at);
        }
        last.replace(now).filter(|last| now.as_of > last.as_of).map(|last| last.at)
    }
}

fn proof(seen: Observation, at: &SiteName) -> Option<EvidenceSource> {
    match seen {
        Observation::Witness(state) if state.sight == Some(WitnessSight::Dead) => {
            Some(EvidenceSource::Witness(state.witness?.to_string()))
        }
        Observation::Fence(FenceState::Fenced) => Some(EvidenceSource::Fence(at.clone())),
        _ => None,
    }
}

fn evidence(shop: &Shop, against: SiteIx, source: EvidenceSource, since: Time) -> Evidence {
    Evidence {
        against: shop.graph.site(against).clone(),
        source,
        observed_at: since,
        expires_at: since + shop.core.limits.evidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_when_it_was_observed_after_the_one_before_it() {
        let mut last = None;
        // The agent's clock is an hour behind; its cache was filled at 100 and again at 300.
        let looks = [(100, 5_000, None), (100, 6_000, None), (300, 7_000, Some(Time(6_000)))];
        for (as_of, at, since) in looks {
            let now = Heard { as_of: Time(as_of), at: Time(at) };
            assert_eq!(Heard::again(&mut last, now), since, "as of {as_of}, heard at {at}");
        }
        let back = Heard { as_of: Time(200), at: Time(8_000) };
        assert_eq!(Heard::again(&mut last, back), None, "its clock went back");
    }
}
