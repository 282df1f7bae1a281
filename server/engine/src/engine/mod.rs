//! The handle through which a server runs, watches and steers its runs.

mod abandon;
mod error;
mod live;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_plans::graph::{Graph, StepIx};
use muster_plans::id::RunId;
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::JoinSet;

pub use error::{CommandError, StartError, Stop};
pub use live::Pulse;
pub(crate) use live::{Command, Live, Registry};

use crate::event::{Answer, By, Ending, Event, Evidence, Opening, Record, Verdict};
use crate::executor::{Executor, Held, Shop, Strangers};
use crate::limits::Limits;
use crate::ports::{Append, Callouts, Clock, Fence, Journal, Leases, OwnerId, Sites};
use crate::state::{Course, RunState, fold};
use crate::view::{RunView, StepView};
use crate::writer::{self, Writer};

/// What an engine is handed.
#[derive(Clone)]
pub struct Ports {
    /// Where the truth is kept.
    pub journal: Arc<dyn Journal>,
    /// Who executes what.
    pub leases: Arc<dyn Leases>,
    /// The sites' agents.
    pub sites: Arc<dyn Sites>,
    /// Registered callouts.
    pub callouts: Arc<dyn Callouts>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What every executor of an engine shares.
pub(crate) struct Core {
    pub(crate) ports: Ports,
    pub(crate) owner: OwnerId,
    pub(crate) incarnation: AtomicU64,
    pub(crate) limits: Limits,
    pub(crate) writer: Writer,
    pub(crate) registry: Registry,
    pub(crate) strangers: Strangers,
}

struct Inner {
    core: Arc<Core>,
    closed: AtomicBool,
    /// Every task of the engine: dropping the last handle ends them all.
    tasks: Mutex<JoinSet<()>>,
}

/// Executes runs. A handle: clones share one engine. When the last one is dropped everything stops
/// where it stands, as in a crash; [`Engine::shutdown`] stops in good order.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("owner", &self.0.core.owner).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine for one life of a server. Must be called inside a tokio runtime.
    pub fn new(ports: Ports, owner: OwnerId, incarnation: u64, limits: Limits) -> Engine {
        let (writer, queue) = Writer::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(writer::write(Arc::clone(&ports.journal), queue, limits.batch));
        let core = Arc::new(Core {
            ports,
            owner,
            incarnation: AtomicU64::new(incarnation),
            limits,
            writer,
            registry: Registry::default(),
            strangers: Strangers::default(),
        });
        Engine(Arc::new(Inner { core, closed: AtomicBool::new(false), tasks: Mutex::new(tasks) }))
    }

    /// Opens a run and executes it. Returns when the opening is durable.
    ///
    /// # Errors
    /// [`StartError`]; nothing was started then.
    pub async fn start(
        &self,
        run: RunId,
        graph: Arc<Graph>,
        opening: Opening,
    ) -> Result<(), StartError> {
        let held = self.take(run).await?;
        match self.open(&held, graph, opening).await {
            Ok(state) => self.execute(held, state, Vec::new()),
            Err(error) => return self.give_up(held, error).await,
        }
        Ok(())
    }

    async fn open(
        &self,
        held: &Held,
        graph: Arc<Graph>,
        opening: Opening,
    ) -> Result<RunState, StartError> {
        let mut state = RunState::new(graph);
        let record = self.record(&state, &held.fence, Event::Opened(opening));
        state.apply(&record)?;
        let (run, fence) = (held.run(), held.fence.clone());
        self.0.core.writer.append(Append { run, fence, records: vec![record] }).await?;
        Ok(state)
    }

    /// Nothing was started: the lease goes back.
    async fn give_up(&self, held: Held, error: StartError) -> Result<(), StartError> {
        held.release().await;
        Err(error)
    }

    /// Takes over a run that its server left behind, and goes on where its journal ends.
    ///
    /// # Errors
    /// [`StartError::Empty`] where it was never opened: start it. [`StartError::Over`] where it is
    /// over, halted included. [`StartError::Held`] while another server has it.
    pub async fn resume(&self, run: RunId, graph: Arc<Graph>) -> Result<(), StartError> {
        let held = self.take(run).await?;
        match self.replay(run, &graph).await {
            Ok(state) => match state.course() {
                Course::Ended(ending) => self.give_up(held, StartError::Over(ending)).await,
                _ => {
                    self.execute(held, state, vec![Event::TakenOver]);
                    Ok(())
                }
            },
            Err(error) => self.give_up(held, error).await,
        }
    }

    /// A person lets a halted run go on: failed steps get a new attempt.
    ///
    /// # Errors
    /// [`StartError::NotHalted`] where it has not halted; else as [`Engine::resume`].
    pub async fn resume_halted(
        &self,
        run: RunId,
        graph: Arc<Graph>,
        by: By,
        reason: Option<String>,
    ) -> Result<(), StartError> {
        self.resume_ruled(run, graph, by, reason, &[]).await
    }

    /// The same, with a word on some of the failed steps first: done, or not needed.
    ///
    /// # Errors
    /// As [`Engine::resume_halted`]; [`StartError::Illegal`] where a ruling is about a step that has
    /// not failed.
    pub async fn resume_ruled(
        &self,
        run: RunId,
        graph: Arc<Graph>,
        by: By,
        reason: Option<String>,
        rulings: &[(StepIx, Verdict)],
    ) -> Result<(), StartError> {
        let held = self.take(run).await?;
        let said = reason.clone().unwrap_or_default();
        let ruled = rulings.iter().map(|(step, verdict)| Event::Ruled {
            step: *step,
            by: by.clone(),
            verdict: *verdict,
            reason: said.clone(),
        });
        let resumed = Event::Resumed { by: by.clone(), reason };
        let first: Vec<Event> =
            std::iter::once(Event::TakenOver).chain(ruled).chain([resumed]).collect();
        match self.rehearse(&held, &graph, &first).await {
            Ok(state) => self.execute(held, state, first),
            Err(error) => return self.give_up(held, error).await,
        }
        Ok(())
    }

    /// The journal lives another life from now on: it was found older than what was done by it. Runs that
    /// are executed here lose their leases with it.
    pub fn reborn(&self, incarnation: u64) {
        self.0.core.incarnation.store(incarnation, Ordering::SeqCst);
    }

    /// Tries the first events on a copy, so that a wrong ruling leaves no trace.
    async fn rehearse(
        &self,
        held: &Held,
        graph: &Arc<Graph>,
        first: &[Event],
    ) -> Result<RunState, StartError> {
        let state = self.replay(held.run(), graph).await?;
        if state.course() != Course::Ended(Ending::Halted) {
            return Err(StartError::NotHalted);
        }
        let mut trial = state.clone();
        for event in first {
            let record = self.record(&trial, &held.fence, event.clone());
            trial.apply(&record)?;
        }
        Ok(state)
    }

    /// A person answers a prompt. Returns when the answer is durable.
    ///
    /// # Errors
    /// [`CommandError`]; nothing was written then.
    pub async fn answer(
        &self,
        run: RunId,
        step: StepIx,
        by: By,
        answer: Answer,
        reason: Option<String>,
    ) -> Result<(), CommandError> {
        self.command(run, Event::Answered { step, by, answer, reason }).await
    }

    /// A person says what became of a step of which nobody knows, or that failed.
    ///
    /// # Errors
    /// [`CommandError`]; nothing was written then.
    pub async fn rule(
        &self,
        run: RunId,
        step: StepIx,
        by: By,
        verdict: Verdict,
        reason: String,
    ) -> Result<(), CommandError> {
        self.command(run, Event::Ruled { step, by, verdict, reason }).await
    }

    /// A person asks to cancel: nothing new is started, what is under way comes to rest, and what was
    /// done is undone where that is still possible.
    ///
    /// # Errors
    /// [`CommandError`]; nothing was written then.
    pub async fn cancel(
        &self,
        run: RunId,
        by: By,
        reason: Option<String>,
    ) -> Result<(), CommandError> {
        self.command(run, Event::CancelRequested { by, reason }).await
    }

    /// Evidence for a gate.
    ///
    /// # Errors
    /// [`CommandError`]; nothing was written then.
    pub async fn attest(&self, run: RunId, evidence: Evidence) -> Result<(), CommandError> {
        self.command(run, Event::EvidenceSeen(evidence)).await
    }

    async fn command(&self, run: RunId, event: Event) -> Result<(), CommandError> {
        let live = self.0.core.registry.live(run).ok_or(CommandError::NotLive)?;
        let (reply, answer) = oneshot::channel();
        live.commands.send(Command { event, reply }).await.map_err(|_| CommandError::NotLive)?;
        answer.await.unwrap_or(Err(CommandError::Stopped))
    }

    /// How a run that is executed here, or was a short while ago, looks now.
    pub fn view(&self, run: RunId) -> Option<RunView> {
        let live = self.0.core.registry.known(run)?;
        let now = self.0.core.ports.clock.now();
        let mut view = RunView::of(&live.state(), now);
        view.left_behind(live.stop());
        Some(view)
    }

    /// How one of its steps looks now.
    pub fn step_view(&self, run: RunId, step: StepIx) -> Option<StepView> {
        let live = self.0.core.registry.known(run)?;
        let state = live.state();
        StepView::of(&state, step)
    }

    /// Looks at a run's state, for pages that need more than a view. The state is locked meanwhile:
    /// be quick.
    pub fn look<R>(&self, run: RunId, look: impl FnOnce(&RunState) -> R) -> Option<R> {
        let live = self.0.core.registry.known(run)?;
        let state = live.state();
        Some(look(&state))
    }

    /// Runs that are executed here.
    pub fn runs(&self) -> Vec<RunId> {
        self.0.core.registry.all().iter().map(|live| live.run).collect()
    }

    /// Whether a run is executed here at this moment. Of one that was left (its lease was lost, the
    /// store did not answer) this is `false`, although it can still be looked at.
    pub fn executes(&self, run: RunId) -> bool {
        self.0.core.registry.live(run).is_some()
    }

    /// Tells each time records have become durable, and when the run comes to a stop.
    pub fn watch(&self, run: RunId) -> Option<watch::Receiver<Pulse>> {
        Some(self.0.core.registry.known(run)?.pulse.subscribe())
    }

    /// Records of a run as they become durable, until it comes to a stop. Who lags far behind is told how many were missed, and
    /// reads them in the journal.
    pub fn subscribe(&self, run: RunId) -> Option<broadcast::Receiver<Arc<Record>>> {
        self.0.core.registry.live(run)?.listen()
    }

    /// Waits until a run is not executed here any more, and says why. `None`: it is not known here.
    pub async fn wait_ended(&self, run: RunId) -> Option<Stop> {
        let mut pulse = self.watch(run)?;
        let pulse = pulse.wait_for(|pulse| pulse.stop.is_some()).await;
        pulse.ok().and_then(|pulse| pulse.stop.clone())
    }

    /// Stops in good order: nothing new is started, what is under way comes to rest, leases are given
    /// back. What does not come to rest in time is asked about by whoever resumes the run.
    pub async fn shutdown(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        let live = self.0.core.registry.all();
        for run in &live {
            run.close.send_replace(true);
        }
        for run in live {
            let mut pulse = run.pulse.subscribe();
            _ = pulse.wait_for(|pulse| pulse.stop.is_some()).await;
        }
    }

    async fn take(&self, run: RunId) -> Result<Held, StartError> {
        let core = &self.0.core;
        if self.0.closed.load(Ordering::SeqCst) {
            return Err(StartError::Closed);
        }
        Held::take(core, run).await
    }

    async fn replay(&self, run: RunId, graph: &Arc<Graph>) -> Result<RunState, StartError> {
        let records = self.0.core.ports.journal.read(run, 0).await?;
        if records.is_empty() {
            return Err(StartError::Empty);
        }
        Ok(fold(graph, &records)?)
    }

    fn record(&self, state: &RunState, fence: &Fence, event: Event) -> Record {
        let at = self.0.core.ports.clock.now();
        Record { seq: state.len(), at, epoch: fence.epoch, event }
    }

    fn execute(&self, held: Held, state: RunState, first: Vec<Event>) {
        let graph = Arc::clone(state.graph());
        let (live, commands) = Live::new(held.run(), state);
        self.0.core.registry.insert(&live);
        let core = Arc::clone(held.core());
        let shop = Arc::new(Shop::new(core, held.run(), held.fence.clone(), graph));
        let executor = Executor::new(shop, Arc::clone(&live), commands);
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(supervise(held, live, executor, first));
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Executes one run, apart from all others: whatever goes wrong in it, a panic included, parks this
/// run alone.
async fn supervise(held: Held, live: Arc<Live>, executor: Executor, first: Vec<Event>) {
    let mut one = JoinSet::new();
    one.spawn(executor.run(first));
    let stop = match one.join_next().await {
        Some(Ok(stop)) => stop,
        Some(Err(error)) => Stop::Parked(panic_words(error)),
        None => Stop::Shutdown,
    };
    if let Stop::Parked(words) = &stop {
        tracing::error!(run.id = %live.run, run.error = words, "a run was parked");
    }
    let core = Arc::clone(held.core());
    if stop == Stop::Lost {
        drop(held);
    } else {
        held.release().await;
    }
    core.registry.retire(&live, core.limits.remembered);
    live.end(stop);
}

fn panic_words(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return String::from("the executor was ended from outside");
    };
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the executor broke down: {}", words.unwrap_or("without a word"))
}
