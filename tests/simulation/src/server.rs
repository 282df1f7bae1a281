//! A server process: an engine, and the rounds that adopt runs, take in their ends and notice sites.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muster_contract::{OpContext, Outcome, Query, Receipt, SiteAdapter};
use muster_engine::{
    CalloutCall, Callouts, Course, Engine, Limits, OwnerId, Ports, RunView, Sites, StartError,
    Stop, fold,
};
use muster_plans::id::{RunId, SiteName};
use muster_plans::state::Event as PlanEvent;
use tokio::task::JoinSet;

use crate::clock::SkewedClock;
use crate::desk::{Desk, Shared, short};
use crate::life::{Life, Place};
use crate::line::Line;
use crate::scene::SharedScene;
use crate::watch::Watch;

/// How often a server comes round.
const ROUND: Duration = Duration::from_secs(5);

/// The lines of one server.
pub(crate) struct Lines(pub(crate) BTreeMap<SiteName, Arc<dyn SiteAdapter>>);

impl Sites for Lines {
    fn adapter(&self, site: &SiteName) -> Option<Arc<dyn SiteAdapter>> {
        self.0.get(site).cloned()
    }
}

/// Callouts of this world always work, after a while.
struct Works(Arc<Life>, Arc<Watch>);

#[async_trait]
impl Callouts for Works {
    async fn call(&self, ctx: &OpContext, _: &CalloutCall) -> Outcome<Receipt> {
        if let Some(refused) = self.1.cue().and_then(|cue| cue.refuses(ctx)) {
            return refused;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.0.go_on().await;
        Outcome::Done(Receipt::default())
    }
}

/// What the tasks of one server share.
pub(crate) struct Core {
    pub(crate) life: Arc<Life>,
    pub(crate) shared: Shared,
    pub(crate) watch: Arc<Watch>,
    pub(crate) scene: SharedScene,
    pub(crate) lines: Arc<Lines>,
    pub(crate) clock: Arc<SkewedClock>,
    pub(crate) engine: Engine,
    /// Runs whose end somebody here waits for.
    watched: Mutex<BTreeSet<RunId>>,
    tasks: Mutex<JoinSet<()>>,
}

/// A server process from its start to its death.
pub(crate) struct Server {
    pub(crate) core: Arc<Core>,
}

/// Everything that a server is made of.
pub(crate) struct Parts {
    pub(crate) life: Arc<Life>,
    pub(crate) shared: Shared,
    pub(crate) watch: Arc<Watch>,
    pub(crate) scene: SharedScene,
    pub(crate) clock: Arc<SkewedClock>,
    pub(crate) sites: Vec<Arc<dyn SiteAdapter>>,
    pub(crate) net: crate::net::Net,
    /// Made anew at each start.
    pub(crate) owner: OwnerId,
}

impl Server {
    pub(crate) fn start(parts: Parts) -> Server {
        let Parts { life, shared, watch, scene, clock, sites, net, owner } = parts;
        let lines = sites.into_iter().map(|inner| {
            let site = inner.site().clone();
            let line = Line {
                life: Arc::clone(&life),
                site: site.clone(),
                inner,
                net: net.clone(),
                watch: Arc::clone(&watch),
                clock: Arc::clone(&clock),
            };
            (site, Arc::new(line) as Arc<dyn SiteAdapter>)
        });
        let lines = Arc::new(Lines(lines.collect()));
        let desk = Arc::new(Desk {
            life: Arc::clone(&life),
            shared: shared.clone(),
            watch: Arc::clone(&watch),
            dice: net.dice.clone(),
        });
        let ports = Ports {
            journal: desk.clone(),
            leases: desk,
            sites: lines.clone(),
            callouts: Arc::new(Works(Arc::clone(&life), Arc::clone(&watch))),
            clock: clock.clone(),
        };
        let incarnation = shared.lock().incarnation;
        let engine = Engine::new(ports, owner, incarnation, Limits::default());
        watch.note(&life.name, format_args!("starts, incarnation {incarnation}"));
        let core = Arc::new(Core {
            life,
            shared,
            watch,
            scene,
            lines,
            clock,
            engine,
            watched: Mutex::default(),
            tasks: Mutex::default(),
        });
        let rounds = Arc::clone(&core);
        core.spawn(async move { rounds.rounds().await });
        Server { core }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.core.life.kill();
        self.core.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl Core {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    async fn rounds(self: Arc<Self>) {
        loop {
            self.life.at(Place::Elsewhere).await;
            if !self.shared.lock().on_hold {
                self.tell_returned().await;
                self.adopt().await;
            }
            self.notice().await;
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Goes on with runs that nobody executes.
    async fn adopt(self: &Arc<Self>) {
        let open = self.shared.lock().open_runs();
        for (id, graph, opening) in open {
            if self.engine.executes(id) || self.watches(id) {
                continue;
            }
            match self.engine.resume(id, Arc::clone(&graph)).await {
                Ok(()) => self.watch_run(id),
                Err(StartError::Over(_)) => self.finish(id).await,
                Err(StartError::Empty) => {
                    if self.engine.start(id, graph, opening).await.is_ok() {
                        self.watch_run(id);
                    }
                }
                Err(StartError::Held | StartError::AlreadyLive) => {}
                Err(error) => {
                    self.watch.note(
                        &self.life.name,
                        format_args!("cannot execute {}: {error}", short(id)),
                    );
                }
            }
        }
    }

    fn watches(&self, id: RunId) -> bool {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    /// Takes in the end of a run when it comes.
    pub(crate) fn watch_run(self: &Arc<Self>, id: RunId) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        let core = Arc::clone(self);
        self.spawn(async move {
            let stop = core.engine.wait_ended(id).await;
            core.watch
                .note(&core.life.name, format_args!("stops executing {}: {stop:?}", short(id)));
            if matches!(stop, Some(Stop::Ended(_))) {
                core.finish(id).await;
            }
            core.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        });
    }

    /// Takes in the end of a run; doing it twice does it once.
    pub(crate) async fn finish(&self, id: RunId) {
        self.life.at(Place::Elsewhere).await;
        let mut database = self.shared.lock();
        let Some(graph) = database.runs.get(&id).map(|row| Arc::clone(&row.graph)) else { return };
        let records = database.read(id);
        let Ok(state) = fold(&graph, &records) else { return };
        let Course::Ended(ending) = state.course() else { return };
        let owed = RunView::of(&state, muster_engine::Clock::now(&*self.clock)).owed;
        let taken =
            database.finish(id, ending, |standing, graph| standing.ended(graph, ending, &owed));
        if taken {
            let phase = database.standing.state.phase;
            drop(database);
            self.watch.note(
                &self.life.name,
                format_args!("{} has ended: {ending:?}; the plan is {phase:?}", short(id)),
            );
        }
    }

    /// Tells sites of this life of the journal that were off when the hold ended.
    async fn tell_returned(&self) {
        let untold = self.shared.lock().untold.clone();
        for site in untold {
            if crate::release::tell(self, &site).await {
                self.shared.lock().untold.remove(&site);
            }
        }
    }

    /// Notes which owed sites answer by now.
    async fn notice(&self) {
        let owed = self.shared.lock().standing.state.conditions.owed.clone();
        for (site, back) in owed {
            let answers = self.answers(&site).await;
            let event = match (back, answers) {
                (false, true) => PlanEvent::SiteReturned { site },
                (true, false) => PlanEvent::SiteLost { site },
                _ => continue,
            };
            let mut database = self.shared.lock();
            if let Some(next) = database.standing.after(&event) {
                database.stand(next);
            }
        }
    }

    pub(crate) async fn answers(&self, site: &SiteName) -> bool {
        let Some(adapter) = self.lines.adapter(site) else { return false };
        let asked = tokio::time::timeout(Duration::from_secs(5), adapter.query(&Query::Alive));
        matches!(asked.await, Ok(Ok(_)))
    }
}
