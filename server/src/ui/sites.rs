//! Sites, links, witnesses.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, Witness};
use muster_web::page::{
    BackendLine, LinkLine, SiteDetail, Sites, SitesBody, SitesLive, WitnessLine,
};
use muster_web::part::When;
use muster_web::route::pattern;
use muster_web::state::{Fence, Health};
use muster_web::{Live, Nav};

use super::chrome::{self, At};
use super::{render, words};
use crate::api::TheApp;
use crate::api::dto::{BackendDto, SiteDto};
use crate::app::App;
use crate::http::{Problem, Who};
use crate::landscape::Landscape;
use crate::view;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let chrome = chrome::of(&app, Some(&who), Nav::Sites, "Sites", &at).await;
    Ok(render(&Sites { chrome, live: body(&app) }))
}

/// Its block.
pub(super) async fn live(State(app): TheApp) -> Result<Response, Problem> {
    Ok(render(&SitesLive { live: body(&app) }))
}

fn body(app: &App) -> SitesBody {
    let landscape = app.current.get();
    let now = app.now().0;
    SitesBody {
        source: Live { fragment: pattern::SITES_LIVE.to_owned(), events: String::new() },
        sites: details(app, &landscape),
        links: landscape.inventory.links.iter().map(|found| link(found, now)).collect(),
        witnesses: landscape.inventory.witnesses.iter().map(witness).collect(),
    }
}

/// All sites, by name.
pub(super) fn details(app: &App, landscape: &Landscape) -> Vec<SiteDetail> {
    let now = app.now().0;
    view::site::all(landscape).into_iter().map(|site| detail(landscape, site, now)).collect()
}

fn detail(landscape: &Landscape, site: SiteDto, now: i64) -> SiteDetail {
    let name = SiteName::from(site.name.as_str());
    let status = landscape.status.get(&name);
    let seen = status.and_then(|status| status.last_seen).map(|at| When::new(at.0, now));
    let health = match (site.reachable, seen, site.hosts_up == site.hosts) {
        (true, _, true) => Health::Up,
        (true, _, false) => Health::Degraded,
        (false, None, _) => Health::Unknown,
        (false, Some(_), _) => Health::Down,
    };
    let inventory = landscape.inventory.sites.get(&name);
    let containers = inventory.map(|known| known.containers.as_slice()).unwrap_or_default();
    let size: u64 = containers.iter().map(|container| container.size_gib).sum();
    let free: u64 = containers.iter().map(|container| container.free_gib).sum();
    SiteDetail {
        health,
        // Since when a site has answered is not kept; since when it is silent is.
        since: seen.filter(|_| health == Health::Down),
        read: inventory.map(|known| When::new(known.observed_at.0, now)),
        notes: notes(&site),
        // Whether a site is fenced is asked of its peer, when a failover is about to start.
        fence: Fence::Unknown,
        fence_level: site.fence_level.unwrap_or_else(|| "not known".to_owned()),
        hosts: (words::number(site.hosts_up), words::number(site.hosts)),
        vms: words::number(site.vms),
        storage_gib: (size.saturating_sub(free), size),
        backends: site.backends.into_iter().map(|one| backend(one, health)).collect(),
        name: site.name,
    }
}

fn notes(site: &SiteDto) -> Vec<String> {
    let mut notes: Vec<String> = site.error.iter().cloned().collect();
    if site.reachable && site.hosts_up < site.hosts {
        notes.push(format!("{} of {} hosts are up", site.hosts_up, site.hosts));
    }
    notes
}

fn backend(backend: BackendDto, site: Health) -> BackendLine {
    BackendLine {
        name: backend.name,
        kind: backend.adapter,
        roles: backend.roles,
        // Backends answer through their site's agent, and are not asked one by one.
        health: if site == Health::Degraded { Health::Up } else { site },
        capabilities: Vec::new(),
        note: String::new(),
    }
}

fn link(link: &Link, now: i64) -> LinkLine {
    LinkLine {
        a: link.a.to_string(),
        b: link.b.to_string(),
        health: if link.up { Health::Up } else { Health::Down },
        rtt_ms: Some(link.rtt_ms),
        bandwidth_mbps: Some(link.bandwidth_mbps),
        loss: Some(link.loss),
        measured: Some(When::new(link.measured_at.0, now)),
        note: String::new(),
    }
}

fn witness(witness: &Witness) -> WitnessLine {
    WitnessLine {
        name: witness.name.to_string(),
        health: if witness.up { Health::Up } else { Health::Down },
        // What it sees is asked when it matters: on the page that starts a failover.
        sees: Vec::new(),
        heard: None,
    }
}
