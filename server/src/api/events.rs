//! A run's records as server-sent events: from any record on, then live.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, Stream};
use muster_engine::{Journal, Record};
use muster_plans::id::RunId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::TheApp;
use crate::app::App;
use crate::http::{After, Path, Problem, Sse, Who, live};
use crate::ops;

/// The records of a run as server-sent events named `record`, each with its position as id. Send
/// `Last-Event-ID` to go on after one.
#[utoipa::path(get, path = "/api/v1/runs/{id}/events", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/event-stream")))]
pub(crate) async fn events(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    After(after): After,
) -> Result<Response, Problem> {
    let run = RunId(id);
    ops::load_row(&app, run).await?;
    let next = after.map_or(0, |last| last + 1);
    Ok(live(app.auth.clone(), who.principal, records(app, run, next)))
}

struct Reading {
    app: Arc<App>,
    run: RunId,
    /// The record that comes next.
    next: u64,
    /// Read and not yet sent.
    read: std::collections::VecDeque<Record>,
    live: Option<Receiver<Arc<Record>>>,
}

/// Records from a position on. Subscribed before the journal is read, so that none falls between.
pub(crate) fn records(app: Arc<App>, run: RunId, next: u64) -> impl Stream<Item = Sse> + Send {
    let live = app.engine.subscribe(run);
    let reading = Reading { app, run, next, read: Default::default(), live };
    stream::unfold((reading, true), |(mut reading, behind)| async move {
        let record = reading.next(behind).await?;
        reading.next = record.seq + 1;
        let sse = Sse::json(record.seq, "record", &record).ok()?;
        Some((sse, (reading, false)))
    })
}

impl Reading {
    async fn next(&mut self, mut behind: bool) -> Option<Record> {
        loop {
            if behind {
                self.catch_up().await?;
                behind = false;
            }
            if let Some(record) = self.read.pop_front() {
                return Some(record);
            }
            match self.live.as_mut()?.recv().await {
                Ok(record) if record.seq == self.next => return Some(Record::clone(&record)),
                // Sent already while catching up.
                Ok(record) if record.seq < self.next => {}
                Ok(_) | Err(RecvError::Lagged(_)) => behind = true,
                Err(RecvError::Closed) => {
                    self.live = None;
                    self.catch_up().await?;
                    if self.read.is_empty() {
                        return None;
                    }
                }
            }
        }
    }

    async fn catch_up(&mut self) -> Option<()> {
        let records = self.app.store.read(self.run, self.next).await.ok()?;
        self.read = records.into();
        Some(())
    }
}
