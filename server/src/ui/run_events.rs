//! Tells a page that its run has changed.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, Stream};
use muster_engine::{Ending, Pulse};
use muster_plans::id::RunId;
use tokio::sync::watch::Receiver;
use uuid::Uuid;

use crate::api::TheApp;
use crate::app::App;
use crate::http::{Path, Problem, Sse, Who, live};
use crate::ops;

/// How often a run that is not executed here is looked for: it may be resumed.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Changes are told at most this often: one page is made for many of them.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);

/// `change` with the position of the newest record, at once and on each change; `end` when nothing
/// can follow.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let run = RunId(id);
    ops::load_row(&app, run).await?;
    Ok(live(app.auth.clone(), who.principal, changes(app, run)))
}

struct Watching {
    app: Arc<App>,
    run: RunId,
    pulse: Option<Receiver<Pulse>>,
    /// What was told last; `None`: nothing yet.
    told: Option<u64>,
    ended: bool,
}

fn changes(app: Arc<App>, run: RunId) -> impl Stream<Item = Sse> + Send {
    let pulse = app.engine.watch(run);
    let watching = Watching { app, run, pulse, told: None, ended: false };
    stream::unfold(watching, |mut watching| async move {
        let sse = watching.next().await?;
        Some((sse, watching))
    })
}

impl Watching {
    async fn next(&mut self) -> Option<Sse> {
        if self.ended {
            return None;
        }
        let Some(told) = self.told else {
            let at = self.pulse.as_ref().map_or(0, |pulse| position(&pulse.borrow()));
            return Some(self.change(at));
        };
        loop {
            if let Some(pulse) = &mut self.pulse {
                let (now, stop) = {
                    let seen = pulse.borrow_and_update();
                    (position(&seen), seen.stop.clone())
                };
                match stop {
                    None if now > told => {
                        tokio::time::sleep(AT_MOST_EVERY).await;
                        return Some(self.change(now));
                    }
                    None => {
                        if pulse.changed().await.is_err() {
                            self.pulse = None;
                        }
                    }
                    // That it is over is told when its end has been taken in.
                    Some(_) if now > told => return Some(self.change(now)),
                    Some(_) => self.pulse = None,
                }
                continue;
            }
            if self.is_over().await {
                return Some(self.end(told));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            let pulse = self.app.engine.watch(self.run);
            self.pulse = pulse.filter(|pulse| pulse.borrow().stop.is_none());
        }
    }

    /// It has ended for good; what has halted can be resumed.
    async fn is_over(&self) -> bool {
        let row = self.app.store.runs().get(self.run).await.ok().flatten();
        row.and_then(|row| row.ending).is_some_and(|ending| ending != Ending::Halted)
    }

    fn change(&mut self, at: u64) -> Sse {
        self.told = Some(at);
        Sse { id: at, name: Some("change"), data: at.to_string() }
    }

    fn end(&mut self, at: u64) -> Sse {
        self.ended = true;
        Sse { id: at, name: Some("end"), data: at.to_string() }
    }
}

fn position(pulse: &Pulse) -> u64 {
    pulse.records.saturating_sub(1)
}
