//! Proof that the protected sites cannot write, as a failover needs it.

use muster_engine::{Clock, Evidence};
use muster_plans::document::{EvidenceKind, PlanSpec};
use muster_plans::id::{PlanName, SiteName};
use muster_plans::time::Span;

use super::evidence::{Known, answers, attestation, gather};
use super::{Refused, Standing};
use crate::api::dto::StartRun;
use crate::app::App;
use crate::http::Code;
use crate::landscape::Landscape;

/// A witness is sure of a death after twice the time of its leases; a little more is waited for.
const WITNESS_PATIENCE: Span = Span::secs(20);

/// What is known against the protected sites.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// Of kinds that the plan accepts.
    pub(super) evidence: Vec<Evidence>,
    /// None of them answers this server.
    pub(super) out_of_reach: bool,
}

/// Evidence against each protected site, of a kind that the plan accepts.
pub(super) async fn proof_for(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
    spec: &PlanSpec,
    wish: &StartRun,
    by: &str,
) -> Result<Proof, Refused> {
    let (from, to) = landscape.sides(plan, standing.state.is_reversed());
    let accepts = spec.on.failover.clone().unwrap_or_default().evidence;
    let Some(at) = to.first() else { return Ok(Proof::default()) };
    if let Some(silent) = to.iter().find(|site| !landscape.answers(site)) {
        return Err(not_seen(silent));
    }
    let attested = wish.attest.as_deref().filter(|reason| !reason.trim().is_empty());
    let mut proof = Proof { evidence: Vec::new(), out_of_reach: true };
    for site in &from {
        let known = verdict(app, site, at, attested.is_some()).await;
        if let (Some(why), false) = (&known.alive, wish.accept_live_source) {
            return Err(alive(site, why));
        }
        proof.out_of_reach &= !known.answers;
        let mut good: Vec<Evidence> = known.holds;
        good.extend(attested.map(|reason| attestation(app, site, by, reason)));
        good.retain(|evidence| accepts.contains(&evidence.source.kind()));
        if good.is_empty() {
            let told: Vec<String> = known.told.into_iter().map(|told| told.message).collect();
            return Err(missing(site, &told, &accepts));
        }
        proof.evidence.append(&mut good);
    }
    Ok(proof)
}

/// What is known of a site; a witness that hears nothing any more is given the time that it takes to
/// be sure.
async fn verdict(app: &App, site: &SiteName, at: &SiteName, attested: bool) -> Known {
    let mut known = gather(app, site, at).await;
    let started = app.now();
    while known.undecided && !attested && app.now().since(started) < WITNESS_PATIENCE {
        app.clock.sleep(Span(500)).await;
        known = gather(app, site, at).await;
    }
    known
}

/// What a site reported earlier is not enough to promote there, or to turn round what is there: its copies
/// may have been replaced since, and after a restore of the database the report is as old as that.
pub(super) fn not_seen(site: &SiteName) -> Refused {
    Refused::new(
        Code::PlanNotReady,
        format!("{site} does not answer this server, so that what is there cannot be looked at"),
        "mend what keeps its agent from answering, then start it again",
    )
}

fn alive(site: &SiteName, why: &str) -> Refused {
    Refused::new(
        Code::SourceIsAlive,
        format!("{site} is alive: {why}"),
        "use a planned migration, which loses nothing; if the site must be given up although it \
         answers, say so (acceptLiveSource, --accept-live-source) and attest that it cannot write",
    )
}

fn missing(site: &SiteName, told: &[String], accepts: &[EvidenceKind]) -> Refused {
    let kinds: Vec<String> = accepts.iter().map(crate::view::word).collect();
    let ways: Vec<&str> = accepts
        .iter()
        .map(|kind| match kind {
            EvidenceKind::Witness => "a witness that calls the site dead",
            EvidenceKind::Fence => "a fence that is read back",
            EvidenceKind::Attestation => {
                "your word that it is off, with the reason (attest, --attest \"REASON\")"
            }
        })
        .collect();
    Refused::new(
        Code::EvidenceMissing,
        format!(
            "nothing proves that {site} cannot write: {}; the plan accepts {}",
            told.join("; "),
            kinds.join(", ")
        ),
        format!("any one of these would do: {}", ways.join("; ")),
    )
}

/// Whether none of the protected sites answers this server. What cannot answer is not asked: a
/// failover then tries nothing there, and owes it.
pub(super) async fn out_of_reach(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
) -> bool {
    let (from, to) = landscape.sides(plan, standing.state.is_reversed());
    for site in &from {
        if answers(app, site).await {
            return false;
        }
    }
    !to.is_empty()
}
