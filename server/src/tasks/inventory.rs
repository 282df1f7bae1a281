//! Asks every site what is there, round after round.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use muster_contract::{Observation, Query, SiteAdapter};
use muster_engine::{Clock, Sites};
use muster_plans::id::SiteName;
use muster_plans::time::Time;
use muster_store::SiteSnapshot;

use crate::app::App;
use crate::landscape::{Landscape, Learned, SiteStatus, Word};
use crate::ops;

/// A site that has not answered at all within this time counts as out of reach in this round.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// So does one that answers, and has not said within this time what is there: products with many objects need longer
/// to look at them than to say that they live.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// Comes round for ever.
pub async fn run(app: Arc<App>) {
    loop {
        round(&app).await;
        tokio::select! {
            () = tokio::time::sleep(app.options.poll) => {}
            () = app.look_again.notified() => {}
        }
    }
}

/// One round: asks all sites at once, takes in the answers, stores what changed.
pub async fn round(app: &App) {
    let _beside_others = app.reading.read().await;
    read_all(app).await;
}

/// One round with no other beside it, so that no answer of before takes the place of a later one.
pub async fn round_alone(app: &App) {
    let _alone = app.reading.write().await;
    read_all(app).await;
}

async fn read_all(app: &App) {
    let round = app.rounds.fetch_add(1, Ordering::SeqCst) + 1;
    let known = app.current.get();
    let asked = app.sites.all().into_iter().map(|(site, adapter)| {
        let knows = known.status.get(&site).is_some_and(|s| s.capabilities.is_some());
        let peers = known.config.sites.keys().filter(|peer| **peer != site).cloned().collect();
        ask(app, site, adapter, knows, peers)
    });
    let mut learned = join_all(asked).await;
    learned.iter_mut().for_each(|one| one.status.round = round);
    ops::tell_returned(app, returned(app, &known, &learned)).await;
    let mut changed = Vec::new();
    app.current.change(|landscape| changed = landscape.learn(learned));
    let landscape = app.current.get();
    for site in changed {
        let Some(inventory) = landscape.inventory.sites.get(&site) else { continue };
        // Kept, so that a plan can be compiled when the server starts and the site is gone.
        let Ok(json) = serde_json::to_string(inventory) else { continue };
        let digest = muster_store::sha256_hex(json.as_bytes());
        let observed_at = inventory.observed_at;
        let snapshot = SiteSnapshot { site: site.clone(), json, digest, observed_at };
        if let Err(error) = app.store.inventories().put(snapshot).await {
            tracing::warn!(site.name = %site, error = %error, "inventory was not stored");
        }
    }
}

/// Sites that answer now and did not before, or were never asked in this life of the server.
fn returned(
    app: &App,
    known: &Landscape,
    learned: &[Learned],
) -> Vec<(SiteName, Arc<dyn SiteAdapter>)> {
    let new = learned.iter().filter(|one| one.status.reachable && !known.answers(&one.site));
    new.filter_map(|one| Some((one.site.clone(), app.sites.adapter(&one.site)?))).collect()
}

async fn ask(
    app: &App,
    site: SiteName,
    adapter: Arc<dyn SiteAdapter>,
    knows_capabilities: bool,
    peers: Vec<SiteName>,
) -> Learned {
    let now = app.clock.now();
    let lives = async {
        match knows_capabilities {
            true => adapter.query(&Query::Alive).await.map(|_| None),
            false => adapter.capabilities().await.map(Some),
        }
    };
    let silence = |within: Duration| {
        silent(site.clone(), now, format!("no answer within {} s", within.as_secs()))
    };
    let capabilities = match tokio::time::timeout(ANSWER_WITHIN, lives).await {
        Ok(Ok(capabilities)) => capabilities,
        Ok(Err(error)) => return silent(site, now, error.to_string()),
        Err(_) => return silence(ANSWER_WITHIN),
    };
    let answers = tokio::time::timeout(READ_WITHIN, async {
        let words = join_all(peers.into_iter().map(|peer| word(&*adapter, peer)));
        let (inventory, surroundings, words) =
            tokio::join!(adapter.inventory(), adapter.surroundings(), words);
        let words: BTreeMap<SiteName, Word> = words.into_iter().collect();
        Ok::<_, muster_contract::AdapterError>((inventory?, surroundings?, words))
    });
    match answers.await {
        Ok(Ok((inventory, surroundings, peers))) => Learned {
            site,
            status: SiteStatus {
                reachable: true,
                last_seen: Some(app.clock.now()),
                since: Some(now),
                error: None,
                capabilities,
                peers,
                ..SiteStatus::default()
            },
            inventory: Some(inventory),
            surroundings: Some(surroundings),
        },
        Ok(Err(error)) => silent(site, now, error.to_string()),
        Err(_) => silence(READ_WITHIN),
    }
}

/// What a site says of another one. That it cannot say is no reason to doubt the rest.
async fn word(adapter: &dyn SiteAdapter, peer: SiteName) -> (SiteName, Word) {
    let (fence, witness) = (Query::Fence(peer.clone()), Query::Witness(peer.clone()));
    let (fence, witness) =
        futures_util::future::join(adapter.query(&fence), adapter.query(&witness)).await;
    let fence = match fence.map(|seen| seen.state) {
        Ok(Observation::Fence(state)) => Some(state),
        _ => None,
    };
    let witness = match witness.map(|seen| seen.state) {
        Ok(Observation::Witness(state)) => Some(state),
        _ => None,
    };
    (peer, Word { fence, witness })
}

fn silent(site: SiteName, now: Time, error: String) -> Learned {
    let status = SiteStatus {
        reachable: false,
        since: Some(now),
        error: Some(error),
        ..SiteStatus::default()
    };
    Learned { site, status, inventory: None, surroundings: None }
}
