//! What is recorded: real runs through the real engine on the real store, in a process of its own.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use muster_contract::Receipt;
use muster_engine::testing::{Fault, Sample, TokioClock, World, opening};
use muster_engine::{
    Append, Ending, Engine, Event, Journal, Leases, Limits, OwnerId, Ports, Record, RunState,
    StepState, Stop,
};
use muster_plans::graph::{Graph, StepIx};
use muster_plans::time::Span;

use crate::told::{NOW, Told, id};

/// Rounds of the driver: enough for the log to reach the size at which SQLite copies it into the
/// database and begins it anew, 1,000 pages.
const ROUNDS: usize = 150;

/// A step in the middle of the run whose server stops.
const MIDDLE: StepIx = 8;

impl Told {
    fn engine(self: &Arc<Self>, world: &Arc<World>, owner: &str) -> Engine {
        let ports = Ports {
            journal: self.clone(),
            leases: self.clone(),
            sites: world.clone(),
            callouts: world.callouts(),
            clock: Arc::new(TokioClock::start()),
        };
        let owner = OwnerId(owner.to_owned());
        Engine::new(ports, owner, self.store.incarnation(), Limits::default())
    }

    /// Creates a run and executes it to its end.
    async fn execute(self: &Arc<Self>, n: u128, graph: Arc<Graph>) -> anyhow::Result<()> {
        self.create(n, &graph).await?;
        let engine = self.engine(&World::new(&graph), "first");
        engine.start(id(n), graph, opening("ines")).await?;
        ended(&engine, n).await
    }
}

async fn ended(engine: &Engine, n: u128) -> anyhow::Result<()> {
    let stop = engine.wait_ended(id(n)).await;
    ensure!(stop == Some(Stop::Ended(Ending::Succeeded)), "run {n} came to another end: {stop:?}");
    Ok(())
}

/// Plays everything: several runs at once, batches of many runs, a server that stops in the middle of a
/// run and one that goes on with it.
///
/// # Errors
/// Where something of it does not go as it should.
pub async fn play(db: &Path) -> anyhow::Result<()> {
    let told = Told::open(db).await?;
    let (one, two) = (Sample::planned(2), Sample::test(2));
    tokio::try_join!(told.execute(1, one), told.execute(2, two))?;
    drive(&told).await?;
    let graph = Sample::reprotect(6);
    told.create(3, &graph).await?;
    let world = World::new(&graph);
    // Its answer never comes, so that the run is in the middle whenever that is.
    world.fault(MIDDLE, Fault::Hang);
    let engine = told.engine(&world, "first");
    engine.start(id(3), graph.clone(), opening("ines")).await?;
    world.called(MIDDLE).await;
    // As the process ends: nothing is given back.
    drop(engine);
    let turn = told.turn.lock().await;
    told.store.clone().close().await?;
    drop(turn);
    let told = Told::open(db).await?;
    let engine = told.engine(&world, "second");
    engine.resume(id(3), graph).await?;
    ended(&engine, 3).await?;
    told.store.clone().close().await?;
    Ok(())
}

/// Batches as the group commit makes them when many runs are under way.
async fn drive(told: &Arc<Told>) -> anyhow::Result<()> {
    let graph = Sample::cleanup(40);
    let mut runs = Vec::new();
    for n in 10..14 {
        told.create(n, &graph).await?;
        let owner = OwnerId(String::from("driver"));
        let fence = told.acquire(id(n), &owner, NOW, Span::mins(10)).await?;
        runs.push((n, fence.context("nobody else takes it")?, RunState::new(graph.clone())));
    }
    for round in 0..ROUNDS {
        let mut batch = Vec::new();
        for (n, fence, state) in &mut runs {
            // Not always the same ones.
            if (round + *n as usize).is_multiple_of(5) {
                continue;
            }
            let mut records = Vec::new();
            for _ in 0..1 + round % 3 {
                let Some(event) = next(state, note(round)) else { break };
                let (seq, epoch) = (state.len(), fence.epoch);
                let at = NOW + Span(seq);
                let record = Record { seq, at, epoch, event };
                state.apply(&record)?;
                records.push(record);
            }
            batch.push(Append { run: id(*n), fence: fence.clone(), records });
        }
        batch.retain(|entry| !entry.records.is_empty());
        told.append(batch).await?;
    }
    Ok(())
}

/// Every third batch is of rows that take several pages each.
fn note(round: usize) -> Option<String> {
    round.is_multiple_of(3).then(|| "a long word ".repeat(1_000))
}

/// What would be written next if all went well.
fn next(state: &RunState, note: Option<String>) -> Option<Event> {
    if state.is_empty() {
        return Some(Event::Opened(opening("ines")));
    }
    if let Some(step) = state.active().next() {
        return Some(Event::Done {
            step,
            undo: false,
            receipt: Receipt { note, ..Receipt::default() },
        });
    }
    (0..state.graph().len() as u32).find_map(|step| {
        let ready = state.step(step) == Some(StepState::Ready);
        ready.then(|| state.next_intent(step)).flatten()
    })
}
