//! Sites, links, witnesses.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_contract::{FenceState, WitnessSight};
use muster_plans::id::SiteName;
use muster_plans::inventory::{HostState, Link, Witness};
use muster_web::page::{
    BackendLine, LinkLine, SiteDetail, Sites, SitesBody, SitesLive, WitnessLine,
};
use muster_web::part::When;
use muster_web::route::pattern;
use muster_web::state::{Fence, Health, Sight};
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
        witnesses: landscape
            .inventory
            .witnesses
            .iter()
            .map(|one| witness(&landscape, one, now))
            .collect(),
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
    let seen = status.is_some_and(|status| status.last_seen.is_some());
    let inventory = landscape.inventory.sites.get(&name);
    let hosts = inventory.map(|known| known.hosts.as_slice()).unwrap_or_default();
    // A host in standby is there and is woken when it is needed.
    let down = hosts.iter().filter(|host| host.state == HostState::Down).count();
    let health = match (site.reachable, seen, down) {
        (true, _, 0) => Health::Up,
        (true, ..) => Health::Degraded,
        (false, false, _) => Health::Unknown,
        (false, true, _) => Health::Down,
    };
    let containers = inventory.map(|known| known.containers.as_slice()).unwrap_or_default();
    let size: u64 = containers.iter().map(|container| container.size_gib).sum();
    let free: u64 = containers.iter().map(|container| container.free_gib).sum();
    let can = status.and_then(|status| status.capabilities.as_ref());
    let can: Vec<String> =
        can.map(|can| can.operations.keys().map(view::word).collect()).unwrap_or_default();
    SiteDetail {
        health,
        since: status.and_then(|status| status.since).map(|at| When::new(at.0, now)),
        read: inventory.map(|known| When::new(known.observed_at.0, now)),
        notes: notes(&site, down),
        fence: fence(landscape, &name),
        fence_level: site.fence_level.unwrap_or_else(|| "not known".to_owned()),
        hosts: (words::number(site.hosts_up), words::number(site.hosts)),
        vms: words::number(site.vms),
        storage_gib: (size.saturating_sub(free), size),
        backends: site.backends.into_iter().map(|one| backend(one, health, &can)).collect(),
        name: site.name,
    }
}

fn notes(site: &SiteDto, down: usize) -> Vec<String> {
    let said = site.error.iter().map(|error| format!("Its agent was asked in vain: {error}."));
    let mut notes: Vec<String> = said.collect();
    if site.reachable && down > 0 {
        notes.push(format!("{down} of {} hosts do not answer.", site.hosts));
    }
    notes
}

/// Whether a site is cut off, as its peers say.
fn fence(landscape: &Landscape, site: &SiteName) -> Fence {
    let said = landscape.status.values().filter(|status| status.reachable);
    let said: Vec<FenceState> = said.filter_map(|status| status.peers.get(site)?.fence).collect();
    if said.contains(&FenceState::Fenced) {
        Fence::Fenced
    } else if said.contains(&FenceState::Asked) {
        Fence::Asked
    } else if said.is_empty() {
        Fence::Unknown
    } else {
        Fence::Open
    }
}

fn backend(backend: BackendDto, site: Health, can: &[String]) -> BackendLine {
    BackendLine {
        name: backend.name,
        kind: backend.adapter,
        roles: backend.roles,
        // Backends answer through their site's agent, and are not asked one by one.
        health: if site == Health::Degraded { Health::Up } else { site },
        capabilities: can.to_vec(),
        note: String::new(),
    }
}

fn link(link: &Link, now: i64) -> LinkLine {
    LinkLine {
        a: link.a.to_string(),
        b: link.b.to_string(),
        health: if link.up { Health::Up } else { Health::Down },
        // What was measured before it went down says nothing of now.
        rtt_ms: link.up.then_some(link.rtt_ms),
        bandwidth_mbps: link.up.then_some(link.bandwidth_mbps),
        loss: link.up.then_some(link.loss),
        measured: Some(When::new(link.measured_at.0, now)),
        note: String::new(),
    }
}

/// What a witness sees, as the sites that reach it hear from it.
fn witness(landscape: &Landscape, witness: &Witness, now: i64) -> WitnessLine {
    let reached = landscape.status.values().filter(|status| status.reachable);
    let heard: Vec<_> = reached
        .flat_map(|status| status.peers.iter().map(move |(of, word)| (status.last_seen, of, word)))
        .filter_map(|(at, of, word)| Some((at, of, word.witness.as_ref()?)))
        .filter(|(_, _, state)| state.witness.as_ref() == Some(&witness.name))
        .collect();
    let sight = |sight: WitnessSight| match sight {
        WitnessSight::Seen => Sight::Seen,
        WitnessSight::Silent => Sight::Silent,
        WitnessSight::Dead => Sight::Dead,
    };
    WitnessLine {
        name: witness.name.to_string(),
        health: if witness.up { Health::Up } else { Health::Down },
        sees: heard
            .iter()
            .filter_map(|(_, of, state)| Some((of.to_string(), sight(state.sight?))))
            .collect(),
        heard: heard.iter().filter_map(|(at, ..)| *at).max().map(|at| When::new(at.0, now)),
    }
}
