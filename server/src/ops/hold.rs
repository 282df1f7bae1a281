//! Hold: after the database was restored, nothing is done until a person lets the server go on.
//!
//! A restored database has forgotten the end of its journal. Going on by it could repeat what was
//! done, or undo what people rely on, so the server shows everything and touches nothing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use muster_contract::{FenceDomain, Observation, Outcome, Query, SiteAdapter, Token};
use muster_plans::id::SiteName;

use super::control::needs_reason;
use super::reckon::{Contradiction, contradictions, contradictions_in, settle};
use super::{Asker, Refused};
use crate::api::dto::{ContradictionDto, ReleaseRequest, ReleasedDto, ServerDto, SiteReadDto};
use crate::app::App;
use crate::http::Code;
use crate::landscape::Landscape;
use crate::tasks::inventory;

/// A site that does not answer within this time is named and not waited for: it may be the one that
/// was lost. A fence may have to wait for what is under way, which takes up to 20 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

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

/// The server itself; while it holds, with what contradicts the database.
///
/// # Errors
/// Where the store does not answer.
pub async fn server_state(app: &App) -> Result<ServerDto, Refused> {
    let on_hold = on_hold(app);
    let found = if on_hold { contradictions(app).await? } else { Vec::new() };
    Ok(ServerDto {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        incarnation: app.store.incarnation(),
        on_hold,
        why: not_on_hold(app).err().map(|refused| refused.detail),
        contradictions: found.iter().map(Contradiction::dto).collect(),
    })
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
    let sites = tell_all(app).await?;
    all_told_or_named(&sites, &request.without)?;
    inventory::round_alone(app).await;
    let landscape = app.current.get();
    all_read(&landscape, &sites, &request.without)?;
    let found = contradictions_in(app, &landscape).await?;
    let shown: Vec<ContradictionDto> = found.iter().map(Contradiction::dto).collect();
    let incarnation = app.store.incarnation();
    let detail = serde_json::json!({
        "reason": request.reason, "incarnation": incarnation, "sites": sites,
        "without": request.without, "contradictions": shown,
    });
    // Written before anything can be started: nobody is let go on without a trace.
    let entry = asker.audit(app.now(), "server.hold.release", "server", detail);
    app.store.audit().append(vec![entry]).await?;
    settle(app, asker, &request.reason, &found).await?;
    app.store.settle_restore().await?;
    tracing::warn!(user.name = %asker.by, incarnation, "the hold was released");
    Ok(ReleasedDto { server: server_state(app).await?, sites, contradictions: shown })
}

/// Tells all sites of the new incarnation. Where one has seen a higher one already, which may be in no
/// backup, the journal is given one above it, and all are told again.
async fn tell_all(app: &Arc<App>) -> Result<Vec<SiteReadDto>, Refused> {
    loop {
        let floor = floor(app);
        let told = app.sites.all().into_iter().map(|(site, adapter)| tell(site, adapter, floor));
        let told: Vec<Told> = join_all(told).await;
        let highest = told.iter().filter_map(|told| told.seen).max();
        match highest.filter(|seen| seen.incarnation > floor.incarnation) {
            Some(seen) => outlive(app, seen).await?,
            None => return Ok(told.into_iter().map(|told| told.read).collect()),
        }
    }
}

async fn outlive(app: &App, seen: Token) -> Result<(), Refused> {
    let incarnation = app.store.outlive(seen.incarnation).await?;
    app.engine.reborn(incarnation);
    Ok(())
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

/// A site that knows the new incarnation and could not be read would be taken for one that contradicts
/// nothing, unless it is named as one to do without.
fn all_read(landscape: &Landscape, told: &[SiteReadDto], named: &[String]) -> Result<(), Refused> {
    let unread: Vec<String> = told
        .iter()
        .filter(|site| site.read && !named.contains(&site.site))
        .filter(|site| !landscape.answers(&SiteName::from(site.site.as_str())))
        .map(|site| {
            let status = landscape.status.get(&SiteName::from(site.site.as_str()));
            let why = status.and_then(|status| status.error.as_deref()).unwrap_or("no answer");
            format!("{}: {why}", site.site)
        })
        .collect();
    if unread.is_empty() {
        return Ok(());
    }
    Err(Refused::new(
        Code::SiteNotRead,
        format!("what is at a site could not be read ({})", unread.join("; ")),
        "release again when its agent answers, or name it, where what is there may be passed over: \
         muster server release --without SITE --reason TEXT",
    ))
}

/// A site answers that did not answer before: it may have missed a new incarnation, so it is told of it
/// before anything is asked of it. Telling it twice does no harm.
///
/// What it answers with is the highest token that it has seen. One that this journal has never given out
/// shows that the end of the journal is lost, as in a database that was put back together with the mark
/// beside it: then the server holds.
pub async fn tell_returned(app: &App, returned: Vec<(SiteName, Arc<dyn SiteAdapter>)>) {
    let told = returned.into_iter().map(|(site, adapter)| tell(site, adapter, floor(app)));
    let told: Vec<Told> = join_all(told).await;
    for site in told.iter().map(|told| &told.read).filter(|site| !site.read) {
        tracing::warn!(site.name = %site.site, site.said = site.message, "a site was not told");
    }
    if on_hold(app) {
        return;
    }
    if let Err(error) = judge(app, &told).await {
        tracing::error!(error = %error, "whether the journal is whole cannot be said");
    }
}

/// Holds where a site has seen more than the journal knows of.
async fn judge(app: &App, told: &[Told]) -> Result<(), Refused> {
    let Some((site, seen)) =
        told.iter().filter_map(|told| Some((&told.read.site, told.seen?))).max_by_key(|one| one.1)
    else {
        return Ok(());
    };
    // Read after the sites were: whatever was sent to them was in the journal before.
    let (epoch, seq) = app.store.reach().await?;
    let own = Token { incarnation: app.store.incarnation(), epoch, seq };
    if seen <= own {
        return Ok(());
    }
    outlive(app, seen).await?;
    let detail = serde_json::json!({
        "site": site, "seen": seen, "journal": own, "incarnation": app.store.incarnation(),
    });
    let entry = Asker::server("muster").audit(app.now(), "server.hold", "server", detail);
    app.store.audit().append(vec![entry]).await?;
    tracing::error!(
        site.name = site, site.seen = %seen, journal.reach = %own,
        "a site has seen more than the journal knows of: the server holds until somebody releases it"
    );
    Ok(())
}

/// What came of telling a site.
struct Told {
    read: SiteReadDto,
    /// The highest token that it has seen; `None`: it does not answer.
    seen: Option<Token>,
}

/// Makes what carries a token of an earlier incarnation impossible at a site.
async fn tell(site: SiteName, adapter: Arc<dyn SiteAdapter>, floor: Token) -> Told {
    let domain = FenceDomain { site: site.clone(), group: None };
    let raised = tokio::time::timeout(ANSWER_WITHIN, adapter.raise_fence(&domain, floor)).await;
    let seen = match &raised {
        Ok(Outcome::Done(_)) => high_water(&*adapter).await,
        _ => None,
    };
    let (read, message) = match raised {
        Ok(Outcome::Done(now)) => match now.incarnation > floor.incarnation {
            true => (
                false,
                format!(
                    "has seen incarnation {} and refuses incarnation {}",
                    now.incarnation, floor.incarnation
                ),
            ),
            false => (true, format!("knows incarnation {}", floor.incarnation)),
        },
        Ok(Outcome::Refused(reason)) => (false, reason.message),
        Ok(Outcome::Unknown(hint)) => (false, hint.message),
        Err(_) => (false, format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    };
    Told { read: SiteReadDto { site: site.to_string(), read, message }, seen }
}

/// The highest token that a site has seen, of any object.
async fn high_water(adapter: &dyn SiteAdapter) -> Option<Token> {
    let asked = tokio::time::timeout(ANSWER_WITHIN, adapter.query(&Query::Alive)).await;
    match asked.ok()?.ok()?.state {
        Observation::Alive { high_water } => Some(high_water),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::SiteStatus;

    #[test]
    fn a_site_that_was_told_has_to_be_read_too() {
        let told = |read| {
            let (site, message) = (String::from("paris"), String::new());
            [SiteReadDto { site, read, message }]
        };
        let mut landscape = Landscape::default();
        let mut seen = |reachable, error: Option<&str>| {
            let error = error.map(str::to_owned);
            let status = SiteStatus { reachable, error, ..SiteStatus::default() };
            landscape.status.insert(SiteName::from("paris"), status);
            landscape.clone()
        };
        let silent = seen(false, Some("no answer within 10 s"));
        let refused = all_read(&silent, &told(true), &[]).unwrap_err();
        assert_eq!(refused.code, Code::SiteNotRead);
        assert!(refused.detail.contains("paris: no answer within 10 s"), "{}", refused.detail);
        assert!(all_read(&silent, &told(false), &[]).is_ok(), "it was named as off");
        assert!(all_read(&silent, &told(true), &[String::from("paris")]).is_ok());
        assert!(all_read(&seen(true, None), &told(true), &[]).is_ok());
    }
}
