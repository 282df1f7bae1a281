//! What is done now and then, whether anybody asks or not.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::http::Gate;

/// How often the database's mark is renewed. A backup that is older than this is told from the
/// database that it was made of.
const ROUND: Duration = Duration::from_secs(60);
/// Rounds between two removals of what nobody needs any more.
const TIDY_EVERY: u64 = 10;

/// Comes round for ever.
pub async fn run(app: Arc<App>, gate: Gate) {
    for n in 0.. {
        round(&app, &gate, n).await;
        tokio::time::sleep(ROUND).await;
    }
}

/// One round: a new mark, and in some rounds no more sessions and answers that nobody needs. A
/// failure is logged, and the next round tries again.
pub async fn round(app: &App, gate: &Gate, n: u64) {
    if let Err(error) = app.store.renew_mark().await {
        tracing::error!(error = %error, "the mark of the database was not renewed");
    }
    if n.is_multiple_of(TIDY_EVERY)
        && let Err(error) = gate.tidy().await
    {
        tracing::warn!(error = %error, "old sessions and answers were not removed");
    }
}
