//! The thin loop of one run.
//!
//! What is decided is written; what is written and durable is sent; what comes back is applied and
//! written. Everything that has a branch worth testing is in `state`, `decide` and `step`. The order
//! is what this loop is for: an intent is durable before anything is sent, and because all records of
//! a run go down in one stream, so is everything that led to it.

mod ask;
mod callout;
mod flush;
mod gate;
mod job;
mod lease;
mod report;
mod resolve;
mod send;
mod shop;
mod strangers;
mod takeover;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use muster_plans::graph::StepIx;
use muster_plans::time::Time;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};

pub(crate) use lease::Held;
pub(crate) use shop::Shop;
pub(crate) use strangers::Strangers;

use crate::decide::Decider;
use crate::engine::{Command, CommandError, Live, Stop};
use crate::event::{Event, Ordinal};
use crate::state::{Illegal, StepState};
use flush::Outbox;
use job::How;
use shop::Job;

/// What a task comes back with.
enum Report {
    /// An attempt of a step.
    Step(Box<(Job, How)>),
    /// The pause before another attempt is over.
    Rested(StepIx),
    /// The lease is lost.
    LeaseLost,
    /// A shutdown has waited long enough.
    DrainedLongEnough,
}

/// A step that was sent and has not come back for good.
struct UnderWay {
    abort: Option<AbortHandle>,
    /// It holds its slot and its resources.
    holds: bool,
}

/// When a step was first tried by this executor, and as which attempt: attempts and deadlines of
/// earlier owners do not count.
#[derive(Clone, Copy)]
struct FirstTry {
    attempt: u32,
    at: Time,
}

type Reply = oneshot::Sender<Result<(), CommandError>>;

/// Executes one run.
pub(crate) struct Executor {
    shop: Arc<Shop>,
    live: Arc<Live>,
    decider: Decider,
    outbox: Outbox,
    tasks: JoinSet<Report>,
    under_way: BTreeMap<StepIx, UnderWay>,
    /// Steps whose attempt may have been begun by an earlier owner.
    resumed: std::collections::BTreeSet<StepIx>,
    tries: BTreeMap<(StepIx, bool), FirstTry>,
    commands: mpsc::Receiver<Command>,
    replies: VecDeque<(Ordinal, Reply)>,
    close: watch::Receiver<bool>,
    closing: bool,
    /// Whether the shutdown has waited long enough.
    drained: bool,
}

impl Executor {
    pub(crate) fn new(
        shop: Arc<Shop>,
        live: Arc<Live>,
        commands: mpsc::Receiver<Command>,
    ) -> Executor {
        let decider = Decider::new(&shop.graph, &shop.core.limits);
        let len = live.state().len();
        Executor {
            outbox: Outbox::new(shop.run, shop.fence.clone(), len),
            close: live.close.subscribe(),
            tasks: JoinSet::new(),
            under_way: BTreeMap::new(),
            resumed: std::collections::BTreeSet::new(),
            tries: BTreeMap::new(),
            replies: VecDeque::new(),
            closing: false,
            drained: false,
            shop,
            live,
            decider,
            commands,
        }
    }

    /// Runs until the run is over, lost, parked, or the server shuts down. Whatever is still under way
    /// then is dropped with it: nothing is sent any more.
    pub(crate) async fn run(mut self, first: Vec<Event>) -> Stop {
        match self.go(first).await {
            Ok(stop) | Err(stop) => stop,
        }
    }

    async fn go(&mut self, first: Vec<Event>) -> Result<Stop, Stop> {
        let shop = Arc::clone(&self.shop);
        self.tasks.spawn(async move {
            lease::keep(shop).await;
            Report::LeaseLost
        });
        for event in first {
            self.emit(event)?;
        }
        self.take_over()?;
        loop {
            self.turn()?;
            self.flush().await;
            if let Some(stop) = self.at_end() {
                return Ok(stop);
            }
            self.wait().await?;
        }
    }

    /// Decides until there is nothing left to decide, and sends what may be sent.
    fn turn(&mut self) -> Result<(), Stop> {
        self.take_fresh();
        self.drop_lookers()?;
        loop {
            let next = self.decider.decide(&self.live.state());
            let Some(event) = next else {
                break;
            };
            self.write_decision(event)?;
            self.take_fresh();
        }
        self.send()
    }

    fn write_decision(&mut self, event: Event) -> Result<(), Stop> {
        let intent = match event {
            Event::Intent { step, undo, .. } => Some((step, undo)),
            _ => None,
        };
        let seq = self.emit(event)?;
        if let Some((step, undo)) = intent {
            let mut state = self.live.state();
            state.hold(step, true);
            self.decider.wrote(&state, step, undo, seq);
        }
        Ok(())
    }

    /// Steps that have become ready get in line; those that were tried before rest first.
    fn take_fresh(&mut self) {
        let fresh = self.live.state().take_fresh();
        for step in fresh {
            let made = self.live.state().attempt(step);
            if made == 0 {
                self.decider.offer(&self.live.state(), step);
            } else {
                self.rest(step, made);
            }
        }
    }

    /// Waits for whatever comes next, and takes in all that has come by then.
    async fn wait(&mut self) -> Result<(), Stop> {
        tokio::select! {
            biased;
            answer = self.outbox.answered() => self.appended(answer)?,
            Some(report) = self.tasks.join_next() => self.reported(report)?,
            Some(command) = self.commands.recv() => self.command(command)?,
            Ok(()) = self.close.changed(), if !self.closing => self.begin_to_close(),
        }
        while let Some(report) = self.tasks.try_join_next() {
            self.reported(report)?;
        }
        while let Ok(command) = self.commands.try_recv() {
            self.command(command)?;
        }
        Ok(())
    }

    fn reported(&mut self, report: Result<Report, JoinError>) -> Result<(), Stop> {
        match report {
            Ok(Report::Step(report)) => self.take_report(report.0, report.1),
            Ok(Report::Rested(step)) => {
                self.decider.offer(&self.live.state(), step);
                Ok(())
            }
            Ok(Report::LeaseLost) => Err(Stop::Lost),
            Ok(Report::DrainedLongEnough) => {
                self.drained = true;
                Ok(())
            }
            Err(error) if error.is_cancelled() => Ok(()),
            Err(error) => Err(Stop::Parked(format!("a step broke down: {error}"))),
        }
    }

    /// A person's word is applied at once and answered when it is durable.
    fn command(&mut self, command: Command) -> Result<(), Stop> {
        let retried = match &command.event {
            Event::Ruled { step, .. } => Some(*step),
            _ => None,
        };
        match self.record(command.event) {
            Ok(seq) => {
                self.replies.push_back((seq, command.reply));
                if let Some(step) = retried {
                    self.forget(step);
                }
                self.after_command()
            }
            Err(illegal) => {
                // Who asked may have gone away in the meantime.
                _ = command.reply.send(Err(CommandError::Illegal(illegal)));
                Ok(())
            }
        }
    }

    /// What a person said may have ended what was under way, or opened a gate.
    fn after_command(&mut self) -> Result<(), Stop> {
        let settled: Vec<StepIx> = {
            let state = self.live.state();
            let gone = |ix: &&StepIx| !state.step(**ix).is_some_and(StepState::is_active);
            self.under_way.keys().filter(gone).copied().collect()
        };
        for step in settled {
            self.done_with(step);
        }
        self.open_gates()
    }

    fn begin_to_close(&mut self) {
        self.closing = true;
        self.decider.close();
        let shop = Arc::clone(&self.shop);
        self.tasks.spawn(async move {
            shop.sleep(shop.core.limits.drain).await;
            Report::DrainedLongEnough
        });
    }

    /// Applies an event that must be legal; where it is not, something is wrong with this run.
    fn emit(&mut self, event: Event) -> Result<Ordinal, Stop> {
        Ok(self.record(event)?)
    }

    fn record(&mut self, event: Event) -> Result<Ordinal, Illegal> {
        let at = self.shop.now();
        self.outbox.record(&mut self.live.state(), at, event)
    }
}
