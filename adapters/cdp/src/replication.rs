//! The loop: says hello every few seconds, and sends a point of each source group when it is due, or looks after
//! its mirrors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::{Span, Time};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Mode;
use crate::peer;
use crate::store::{Cdp, Group};

/// How often the sites speak to each other.
const PULSE: Duration = Duration::from_secs(3);
/// How soon a point is tried again that could not be sent.
const AGAIN: Span = Span::secs(10);

/// How long a stop waits for a look at mirrors.
const STOP: Duration = Duration::from_secs(1);

/// What a task was for.
enum Ended {
    Server(std::io::Result<()>),
    Pulse,
    Sent(ConsistencyGroupId, Option<Time>),
}

impl Cdp {
    /// Binds the peer listener, so that it is known to be free before anything begins.
    ///
    /// # Errors
    /// Where it cannot listen there.
    pub async fn listen(&self) -> std::io::Result<TcpListener> {
        TcpListener::bind(self.config.listen).await
    }

    /// Answers the other site and replicates until `shutdown` resolves. A point that is on its way then
    /// is broken off; the other site throws the half of it away.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn run(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut waits = stopped.clone();
        let server = peer::serve(self.clone(), listener, async move {
            // An error says that whoever could stop it is gone, which is a stop.
            let _ = waits.wait_for(|stop| *stop).await;
        });
        tasks.spawn(async { Ended::Server(server.await) });
        let mut next: BTreeMap<ConsistencyGroupId, Option<Time>> = BTreeMap::new();
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.clone().pulse(&mut tasks, Duration::ZERO);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = ticks.tick() => self.start_due(&mut next, &mut tasks),
                Some(ended) = tasks.join_next() => match ended {
                    Ok(Ended::Server(ended)) => return ended,
                    Ok(Ended::Pulse) => self.clone().pulse(&mut tasks, PULSE),
                    Ok(Ended::Sent(group, at)) => drop(next.insert(group, at)),
                    Err(error) => {
                        // Whoever runs this decides whether to begin again; going on with a loop that
                        // lost a part would look like replication.
                        tracing::error!(%error, "a task of the replication panicked");
                        return Err(std::io::Error::other(error));
                    }
                },
            }
        }
        stop.send_replace(true);
        self.end_mirrors().await;
        // The server ends by itself; what is being sent ends where it is when the set is dropped.
        while let Some(ended) = tasks.join_next().await {
            if let Ok(Ended::Server(ended)) = ended {
                return ended;
            }
        }
        Ok(())
    }

    /// Guests of this site go on alone, and those of the other one hear that they do.
    async fn end_mirrors(&self) {
        for group in self.groups() {
            // Who looks at them just now is ended next.
            if let Ok(mut session) = tokio::time::timeout(STOP, group.session.lock()).await {
                *session = None;
            }
            group.set_mirrored(None);
            if let Some(exports) = group.exports.lock().await.take()
                && let Err(error) = exports.stop().await
            {
                tracing::warn!(group = %group.id, %error, "a mirror was not ended");
            }
        }
    }

    fn pulse(self: Arc<Self>, tasks: &mut JoinSet<Ended>, after: Duration) {
        tasks.spawn(async move {
            tokio::time::sleep(after).await;
            if let Err(error) = self.exchange(false).await {
                tracing::debug!(%error, "no answer to hello");
                if let Err(error) = self.alone().await {
                    tracing::warn!(%error, "a leg was not opened on a person's word");
                }
            }
            Ended::Pulse
        });
    }

    /// `next` says when a group is due; `None` there: its task runs.
    fn start_due(
        self: &Arc<Self>,
        next: &mut BTreeMap<ConsistencyGroupId, Option<Time>>,
        tasks: &mut JoinSet<Ended>,
    ) {
        let now = self.now();
        for group in self.groups() {
            let at = next.entry(group.id.clone()).or_insert(Some(now));
            let due = at.is_some_and(|at| at <= now || group.due.load(Ordering::SeqCst));
            if due {
                *at = None;
                let store = self.clone();
                tasks.spawn(async move {
                    let next = store.send_due(&group).await;
                    Ended::Sent(group.id.clone(), Some(next))
                });
            }
        }
    }

    /// Sends a point where this is an open source; says when to look again.
    async fn send_due(&self, group: &Group) -> Time {
        // Before the lock, so that nobody who comes meanwhile is missed.
        let broken_off = group.yields.notified();
        let _turn = group.doing.lock().await;
        if group.urgent.load(Ordering::SeqCst) > 0 {
            return self.now() + Span::secs(1);
        }
        group.due.store(false, Ordering::SeqCst);
        {
            let leg = group.leg.lock().await;
            if leg.role != ReplicaRole::Source || !leg.serves(self.fence()) {
                drop(leg);
                *group.session.lock().await = None;
                group.set_mirrored(None);
                return self.now() + Span::secs(1);
            }
        }
        if self.config.mode(&group.id) == Mode::Sync {
            return self.keep_mirror(group).await;
        }
        let (began, interval) = (self.now(), self.config.interval(&group.id));
        tokio::select! {
            sent = self.ship(group) => match sent {
                Ok(_) => began + interval,
                Err(error) => {
                    tracing::warn!(group = %group.id, %error, "a point was not sent");
                    self.now() + interval.min(AGAIN)
                }
            },
            () = broken_off => self.now() + Span::secs(1),
        }
    }
}
