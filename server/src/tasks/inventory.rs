//! Asks every site what is there, round after round.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use muster_contract::SiteAdapter;
use muster_engine::Clock;
use muster_plans::id::SiteName;
use muster_store::SiteSnapshot;

use crate::app::App;
use crate::landscape::{Learned, SiteStatus};

/// A site that has not answered within this time counts as out of reach in this round.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

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
    let sites = app.sites.all();
    let known = app.current.get();
    let asked = sites.into_iter().map(|(site, adapter)| {
        let knows = known.status.get(&site).is_some_and(|s| s.capabilities.is_some());
        ask(app, site, adapter, knows)
    });
    let learned = join_all(asked).await;
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

async fn ask(
    app: &App,
    site: SiteName,
    adapter: Arc<dyn SiteAdapter>,
    knows_capabilities: bool,
) -> Learned {
    let answers = tokio::time::timeout(ANSWER_WITHIN, async {
        let capabilities =
            if knows_capabilities { None } else { Some(adapter.capabilities().await?) };
        let inventory = adapter.inventory().await?;
        let surroundings = adapter.surroundings().await?;
        Ok::<_, muster_contract::AdapterError>((capabilities, inventory, surroundings))
    });
    match answers.await {
        Ok(Ok((capabilities, inventory, surroundings))) => Learned {
            site,
            status: SiteStatus {
                reachable: true,
                last_seen: Some(app.clock.now()),
                error: None,
                capabilities,
            },
            inventory: Some(inventory),
            surroundings: Some(surroundings),
        },
        Ok(Err(error)) => silent(site, error.to_string()),
        Err(_) => silent(site, format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}

fn silent(site: SiteName, error: String) -> Learned {
    let status = SiteStatus { reachable: false, error: Some(error), ..SiteStatus::default() };
    Learned { site, status, inventory: None, surroundings: None }
}
