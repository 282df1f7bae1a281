//! Hold: after the database was restored, nothing is done until a person lets the server go on.
//!
//! A restored database has forgotten the end of its journal. Going on by it could repeat what was
//! done, or undo what people rely on, so the server shows everything and touches nothing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use muster_contract::{FenceDomain, Outcome, SiteAdapter, Token};
use muster_plans::id::SiteName;

use super::control::needs_reason;
use super::{Asker, Refused};
use crate::api::dto::{ReleaseRequest, ReleasedDto, ServerDto, SiteReadDto};
use crate::app::App;
use crate::http::Code;
use crate::tasks::inventory;

/// A site that does not answer within this time is named and not waited for: it may be the one that
/// was lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Whether the server holds.
pub fn on_hold(app: &App) -> bool {
    app.store.restored()
}

/// Refuses what would touch a site, or steer a run, while the server holds.
///
/// # Errors
/// While it holds.
pub fn not_on_hold(app: &App) -> Result<(), Refused> {
    if !on_hold(app) {
        return Ok(());
    }
    Err(Refused::new(
        Code::ServerOnHold,
        "the database is older than what this server has done; nothing is started, continued or \
         answered",
        "look at every site, then let the server go on: muster server release --reason TEXT",
    ))
}

/// The server itself.
pub fn server_state(app: &App) -> ServerDto {
    ServerDto {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        incarnation: app.store.incarnation(),
        on_hold: on_hold(app),
        why: not_on_hold(app).err().map(|refused| refused.detail),
    }
}

/// A person has looked at the sites and lets work go on. Before that every site that answers is read
/// again and is told of the new incarnation: what is still on its way from the life before has no
/// effect any more.
///
/// # Errors
/// Where the server does not hold, no reason is given, or the store does not answer.
pub async fn release_hold(
    app: &Arc<App>,
    asker: &Asker,
    request: &ReleaseRequest,
) -> Result<ReleasedDto, Refused> {
    needs_reason(&request.reason)?;
    let _one_at_a_time = app.starting.lock().await;
    if !on_hold(app) {
        return Err(Refused::new(
            Code::NotAllowedNow,
            "the server does not hold",
            "look at its state: muster server show",
        ));
    }
    inventory::round(app).await;
    let floor = Token { incarnation: app.store.incarnation(), epoch: 0, seq: 0 };
    let told = app.sites.all().into_iter().map(|(site, adapter)| tell(site, adapter, floor));
    let sites = join_all(told).await;
    let detail = serde_json::json!({
        "reason": request.reason, "incarnation": floor.incarnation, "sites": sites,
    });
    // Written before anything can be started: nobody is let go on without a trace.
    let entry = asker.audit(app.now(), "server.hold.release", "server", detail);
    app.store.audit().append(vec![entry]).await?;
    app.store.settle_restore().await?;
    tracing::warn!(user.name = %asker.by, incarnation = floor.incarnation, "the hold was released");
    Ok(ReleasedDto { server: server_state(app), sites })
}

/// Makes what carries a token of an earlier incarnation impossible at a site.
async fn tell(site: SiteName, adapter: Arc<dyn SiteAdapter>, floor: Token) -> SiteReadDto {
    let domain = FenceDomain { site: site.clone(), group: None };
    let raised = tokio::time::timeout(ANSWER_WITHIN, adapter.raise_fence(&domain, floor)).await;
    let (read, message) = match raised {
        Ok(Outcome::Done(now)) if now.incarnation > floor.incarnation => (
            false,
            format!(
                "has seen incarnation {} and refuses incarnation {}",
                now.incarnation, floor.incarnation
            ),
        ),
        Ok(Outcome::Done(_)) => (true, format!("knows incarnation {}", floor.incarnation)),
        Ok(Outcome::Refused(reason)) => (false, reason.message),
        Ok(Outcome::Unknown(hint)) => (false, hint.message),
        Err(_) => (false, format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    };
    SiteReadDto { site: site.to_string(), read, message }
}
