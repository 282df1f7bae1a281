//! An engine over a journal and a world in memory.

use std::sync::Arc;

use muster_contract::OpId;
use muster_engine::testing::{MemoryJournal, TokioClock, World, opening, ports};
use muster_engine::{
    Engine, Event, Limits, OwnerId, Record, RunState, StartError, StepState, Stop, fold,
};
use muster_plans::graph::{Action, Graph, StepIx};
use muster_plans::id::RunId;

/// The run of all tests.
pub(crate) fn run() -> RunId {
    RunId(uuid::Uuid::from_u128(1))
}

/// Everything that a test needs.
pub(crate) struct Rig {
    pub(crate) graph: Arc<Graph>,
    pub(crate) world: Arc<World>,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) clock: Arc<TokioClock>,
    pub(crate) engine: Engine,
    pub(crate) limits: Limits,
    owners: u32,
}

impl Rig {
    pub(crate) fn new(graph: &Arc<Graph>) -> Rig {
        Rig::over(graph, World::new(graph))
    }

    /// Over a world that was there before.
    pub(crate) fn over(graph: &Arc<Graph>, world: Arc<World>) -> Rig {
        Rig::with(graph, world, Limits::default())
    }

    pub(crate) fn with(graph: &Arc<Graph>, world: Arc<World>, limits: Limits) -> Rig {
        let journal = Arc::new(MemoryJournal::new(1));
        let clock = Arc::new(TokioClock::start());
        world.check_against(&journal);
        let engine = engine(&journal, &world, &clock, &limits, 0);
        Rig { graph: Arc::clone(graph), world, journal, clock, engine, limits, owners: 0 }
    }

    /// Starts the run.
    pub(crate) async fn start(&self) {
        self.engine.start(run(), Arc::clone(&self.graph), opening("ines")).await.unwrap();
    }

    /// Starts the run and waits for its end.
    pub(crate) async fn play(&self) -> Stop {
        self.start().await;
        self.wait().await
    }

    pub(crate) async fn wait(&self) -> Stop {
        self.engine.wait_ended(run()).await.unwrap()
    }

    /// The server dies and another one takes the run over.
    pub(crate) async fn take_over(&mut self) -> Result<(), StartError> {
        self.crash();
        self.journal.expire_leases();
        self.engine.resume(run(), Arc::clone(&self.graph)).await
    }

    /// The server dies; another one is there, with nothing to do.
    pub(crate) fn crash(&mut self) {
        self.owners += 1;
        self.engine = engine(&self.journal, &self.world, &self.clock, &self.limits, self.owners);
        self.journal.stop_after(None);
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.journal.records(run())
    }

    /// The state as anybody would fold it.
    pub(crate) fn state(&self) -> RunState {
        fold(&self.graph, &self.records()).unwrap()
    }

    pub(crate) fn step(&self, ix: StepIx) -> StepState {
        self.state().step(ix).unwrap()
    }

    /// Steps that ask something of a site or of a person.
    pub(crate) fn steps(&self) -> Vec<StepIx> {
        let steps = (0..).zip(&self.graph.steps);
        steps
            .filter(|(_, step)| !matches!(step.action, Action::Barrier | Action::Report))
            .map(|(ix, _)| ix)
            .collect()
    }

    /// Nothing that the engine promises was broken, whatever happened.
    pub(crate) fn assert_promises(&self) {
        assert_eq!(self.world.violations(), Vec::<String>::new());
        let mut effects = self.world.effects();
        effects.sort();
        let twice: Vec<OpId> =
            effects.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        assert_eq!(twice, Vec::<OpId>::new(), "an operation had its effect twice");
        self.assert_done_is_done();
        fold(&self.graph, &self.records()).expect("a journal that was written can be read");
    }

    /// No step gets an intent after it was done.
    fn assert_done_is_done(&self) {
        let mut done = std::collections::BTreeSet::new();
        for record in self.records() {
            match record.event {
                Event::Done { step, undo, .. } => {
                    assert!(done.insert((step, undo)), "step {step} was done twice");
                }
                Event::Intent { step, undo, .. } => {
                    assert!(!done.contains(&(step, undo)), "step {step} was begun after its end");
                }
                _ => {}
            }
        }
    }
}

fn engine(
    journal: &Arc<MemoryJournal>,
    world: &Arc<World>,
    clock: &Arc<TokioClock>,
    limits: &Limits,
    owner: u32,
) -> Engine {
    let owner = OwnerId(format!("server-{owner}"));
    Engine::new(ports(journal, world, clock), owner, 1, limits.clone())
}
