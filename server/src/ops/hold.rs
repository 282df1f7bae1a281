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

/// A person has looked at the sites and lets work go on.
///
/// The order matters. First every site is told of the new incarnation, so that what is still on its way
/// from the life before has no effect any more; only then is it read: the other way round something
/// could land between the look and the fence, and the look would be of a world that is gone. A site
/// that does not answer is not told, so that whoever releases names it; it is told when it returns,
/// before anything is asked of it ([`tell_returned`]).
///
/// # Errors
/// Where the server does not hold, no reason is given, a site does not answer that was not named, or
/// the store does not answer. The server goes on holding then.
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
    let floor = floor(app);
    let told = app.sites.all().into_iter().map(|(site, adapter)| tell(site, adapter, floor));
    let sites = join_all(told).await;
    all_told_or_named(&sites, &request.without)?;
    inventory::round(app).await;
    let detail = serde_json::json!({
        "reason": request.reason, "incarnation": floor.incarnation, "sites": sites,
        "without": request.without,
    });
    // Written before anything can be started: nobody is let go on without a trace.
    let entry = asker.audit(app.now(), "server.hold.release", "server", detail);
    app.store.audit().append(vec![entry]).await?;
    app.store.settle_restore().await?;
    tracing::warn!(user.name = %asker.by, incarnation = floor.incarnation, "the hold was released");
    Ok(ReleasedDto { server: server_state(app), sites })
}

/// The lowest token of this life of the journal.
fn floor(app: &App) -> Token {
    Token { incarnation: app.store.incarnation(), epoch: 0, seq: 0 }
}

/// A site that was not told could still do what the life before has asked of it. Whoever lets the
/// server go on all the same says by its name that it is known to be off.
fn all_told_or_named(sites: &[SiteReadDto], named: &[String]) -> Result<(), Refused> {
    let silent: Vec<&str> = sites
        .iter()
        .filter(|site| !site.read && !named.contains(&site.site))
        .map(|site| site.site.as_str())
        .collect();
    if silent.is_empty() {
        return Ok(());
    }
    let told = sites.iter().filter(|site| silent.contains(&site.site.as_str()));
    let words: Vec<String> = told.map(|site| format!("{}: {}", site.site, site.message)).collect();
    Err(Refused::new(
        Code::SiteNotTold,
        format!("not every site knows the new incarnation ({})", words.join("; ")),
        format!(
            "bring the site's agent back, or, where you know that the site is off and stays off, \
             name it: muster server release --without {} --reason TEXT",
            silent.join(" --without ")
        ),
    ))
}

/// A site answers that did not answer before: it may have missed a new incarnation, so it is told of it
/// before anything is asked of it. Telling it twice does no harm.
pub async fn tell_returned(app: &App, returned: Vec<(SiteName, Arc<dyn SiteAdapter>)>) {
    let told = returned.into_iter().map(|(site, adapter)| tell(site, adapter, floor(app)));
    for site in join_all(told).await.into_iter().filter(|site| !site.read) {
        tracing::warn!(site.name = %site.site, site.said = site.message, "a site was not told");
    }
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
