//! Runs in the background: executes them, watches them end, goes on with those that were left.

use std::sync::Arc;
use std::time::Duration;

use muster_engine::{Opening, StartError, Stop};
use muster_plans::graph::Graph;
use muster_plans::id::RunId;
use muster_store::RunFilter;

use crate::app::App;
use crate::ops;

/// How often runs without an executor, and chains, are looked for.
const ROUND: Duration = Duration::from_millis(500);

/// For so long a start waits for the sites to say what they have seen: whether the journal is whole is
/// known before anything goes on by it. A site that is silent then is asked when it returns.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// Goes on with runs that an earlier server left behind, then comes round for ever.
pub async fn run(app: Arc<App>) {
    let first = ops::tell_returned(&app, app.sites.all().into_iter().collect());
    if tokio::time::timeout(FIRST_LOOK, first).await.is_err() {
        tracing::info!("not every site has said at once what it has seen");
    }
    loop {
        // A restored database does not know what was done last, so nothing goes on by it.
        if !ops::on_hold(&app) {
            adopt(&app).await;
            chains(&app).await;
            if let Err(error) = ops::commit_due(&app).await {
                tracing::warn!(error = %error, "a recovery whose window has passed is not final");
            }
        }
        if let Err(error) = ops::notice_sites(&app).await {
            tracing::warn!(error = %error, "sites to which steps are owed were not looked at");
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// Gives a run to the engine. Where that fails, the reconciler comes round.
pub async fn execute(app: &Arc<App>, id: RunId, graph: Arc<Graph>, opening: Option<Opening>) {
    let resumed = match opening {
        Some(opening) => app.engine.start(id, graph, opening).await,
        None => app.engine.resume(id, graph).await,
    };
    match resumed {
        Ok(()) => watch(app, id),
        Err(StartError::Held) => {}
        Err(error) => {
            tracing::error!(run.id = %id, error = %error, "the run cannot be executed now");
        }
    }
}

/// Takes in the end of a run when it comes.
pub fn watch(app: &Arc<App>, id: RunId) {
    let watched = Arc::clone(app);
    app.tasks.spawn("watch run", async move {
        watched.engine.wait_ended(id).await;
        if let Err(error) = ops::finish(&watched, id).await {
            tracing::error!(run.id = %id, error = %error, "the end of the run was not taken in");
        }
    });
}

/// Every active run is executed here, or by another server that holds its lease.
pub async fn adopt(app: &Arc<App>) {
    let filter = RunFilter { active: Some(true), ..RunFilter::default() };
    let mut cursor = None;
    loop {
        let page = match app.store.runs().list(&filter, cursor, 100).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(error = %error, "runs cannot be listed");
                return;
            }
        };
        for run in page.items {
            if run.ending.is_none() && is_free(app, run.id) {
                adopt_one(app, run.id, &run.summary).await;
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return;
        }
    }
}

/// Nobody executes it here, and it did not go wrong here: a run whose lease was lost, or whose store did
/// not answer, is taken up again; one that is parked waits for somebody to look at it.
fn is_free(app: &App, id: RunId) -> bool {
    let stop = app.engine.watch(id).map(|pulse| pulse.borrow().stop.clone());
    matches!(stop, None | Some(Some(Stop::Lost | Stop::Silent(_) | Stop::Ended(_))))
}

async fn adopt_one(app: &Arc<App>, id: RunId, summary: &serde_json::Value) {
    let graph = match ops::load_row(app, id).await {
        Ok((_, graph)) => graph,
        Err(error) => {
            // One bad run parks itself and no other.
            tracing::error!(run.id = %id, error = %error, "the run is parked");
            return;
        }
    };
    match app.engine.resume(id, Arc::clone(&graph)).await {
        Ok(()) => watch(app, id),
        Err(StartError::Held | StartError::AlreadyLive) => {}
        Err(StartError::Over(_)) => {
            if let Err(error) = ops::finish(app, id).await {
                tracing::error!(run.id = %id, error = %error, "the end of the run was not taken in");
            }
        }
        Err(StartError::Empty) => {
            // Stored, and the server was stopped before the first record.
            match serde_json::from_value::<Opening>(summary["opening"].clone()) {
                Ok(opening) => execute(app, id, graph, Some(opening)).await,
                Err(error) => tracing::error!(run.id = %id, error = %error, "the run is parked"),
            }
        }
        Err(error) => tracing::error!(run.id = %id, error = %error, "the run is parked"),
    }
}

async fn chains(app: &Arc<App>) {
    let open = match app.store.chains().open().await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(error = %error, "chains cannot be listed");
            return;
        }
    };
    for chain in open {
        if let Err(error) = ops::advance_chain(app, &chain).await {
            tracing::warn!(plan.name = %chain.plan, error = %error, "a failback does not go on");
        }
    }
}
