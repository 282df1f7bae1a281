//! What proves that a site cannot write.

use muster_contract::{FenceState, Observation, Query, SiteAdapter, WitnessSight};
use muster_engine::{By, Evidence, EvidenceSource, Sites};
use muster_plans::document::EvidenceKind;
use muster_plans::id::SiteName;
use muster_plans::time::Span;

use crate::api::dto::EvidenceDto;
use crate::app::App;
use crate::view::word;

/// For how long evidence counts after it was observed.
const EVIDENCE_LASTS: Span = Span::mins(15);

/// All that is known about one site.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Evidence that it cannot write.
    pub(super) holds: Vec<Evidence>,
    /// Everything, for and against, in words.
    pub(super) told: Vec<EvidenceDto>,
    /// It is seen alive: by the server or by a witness.
    pub(super) alive: Option<String>,
    /// Its agent answers this server.
    pub(super) answers: bool,
    /// A witness hears nothing of it and is not sure yet.
    pub(super) undecided: bool,
}

/// Asks at the recovery site about a protected one.
pub(super) async fn gather(app: &App, against: &SiteName, at: &SiteName) -> Known {
    let mut known = Known::default();
    let adapter = app.sites.adapter(at);
    if let Some(adapter) = &adapter {
        witness(app, adapter.as_ref(), against, &mut known).await;
        fence(app, adapter.as_ref(), against, &mut known).await;
    }
    known.answers = answers(app, against).await;
    if known.answers {
        known.alive = Some(format!("the agent of {against} answers this server"));
    }
    known
}

/// Whether a site's agent answers this server.
pub(super) async fn answers(app: &App, site: &SiteName) -> bool {
    match app.sites.adapter(site) {
        Some(adapter) => adapter.query(&Query::Alive).await.is_ok(),
        None => false,
    }
}

/// A named person's word.
pub(super) fn attestation(app: &App, against: &SiteName, by: &str, reason: &str) -> Evidence {
    let observed_at = app.now();
    Evidence {
        against: against.clone(),
        source: EvidenceSource::Attestation { by: By(by.to_owned()), reason: reason.to_owned() },
        observed_at,
        expires_at: observed_at + EVIDENCE_LASTS,
    }
}

async fn witness(app: &App, adapter: &dyn SiteAdapter, against: &SiteName, known: &mut Known) {
    let asked = adapter.query(&Query::Witness(against.clone())).await;
    let (holds, message) = match asked.map(|observed| observed.state) {
        Ok(Observation::Witness(state)) => match (state.witness, state.sight) {
            (Some(witness), Some(WitnessSight::Dead)) => {
                let observed_at = app.now();
                known.holds.push(Evidence {
                    against: against.clone(),
                    source: EvidenceSource::Witness(witness.to_string()),
                    observed_at,
                    expires_at: observed_at + EVIDENCE_LASTS,
                });
                (true, format!("witness {witness} says that {against} is dead"))
            }
            (Some(witness), Some(WitnessSight::Seen)) => {
                known.alive = Some(format!("witness {witness} sees {against}"));
                (false, format!("witness {witness} sees {against}: it is alive"))
            }
            (Some(witness), Some(WitnessSight::Silent)) => {
                known.undecided = true;
                (false, format!("witness {witness} hears nothing of {against} and is not sure yet"))
            }
            _ => (false, "no witness answers".to_owned()),
        },
        Ok(_) => (false, "the witness gave an answer that makes no sense".to_owned()),
        Err(error) => (false, format!("the witness cannot be asked: {error}")),
    };
    known.told.push(told(against, EvidenceKind::Witness, holds, message));
}

async fn fence(app: &App, adapter: &dyn SiteAdapter, against: &SiteName, known: &mut Known) {
    let asked = adapter.query(&Query::Fence(against.clone())).await;
    let at = adapter.site();
    let (holds, message) = match asked.map(|observed| observed.state) {
        Ok(Observation::Fence(FenceState::Fenced)) => {
            let observed_at = app.now();
            known.holds.push(Evidence {
                against: against.clone(),
                source: EvidenceSource::Fence(at.clone()),
                observed_at,
                expires_at: observed_at + EVIDENCE_LASTS,
            });
            (true, format!("{against} is fenced, read back at {at}"))
        }
        Ok(Observation::Fence(FenceState::Asked)) => (
            false,
            format!("a fence against {against} was asked for; that it holds is not read back"),
        ),
        Ok(Observation::Fence(FenceState::Unfenced)) => (false, format!("{against} is not fenced")),
        Ok(_) => (false, "the fence gave an answer that makes no sense".to_owned()),
        Err(error) => (false, format!("the fence cannot be read at {at}: {error}")),
    };
    known.told.push(told(against, EvidenceKind::Fence, holds, message));
}

fn told(site: &SiteName, kind: EvidenceKind, holds: bool, message: String) -> EvidenceDto {
    EvidenceDto { site: site.to_string(), kind: word(&kind), holds, message }
}
