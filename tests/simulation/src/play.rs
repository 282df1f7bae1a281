//! One play: a scene, servers, an operator, a nemesis, and the end.

mod calm;

use std::sync::Arc;
use std::time::Duration;

use muster_adapter_sim::Sim;
use muster_engine::OwnerId;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::clock::{START, SkewedClock, TrueClock};
use crate::cue::{Cue, Plot, Told};
use crate::database::Database;
use crate::desk::Shared;
use crate::drill::Drill;
use crate::invariant::{Broken, Invariant, Judge};
use crate::life::{Crash, Life, Orders, Place};
use crate::nemesis::{Blow, FaultKind, Nemesis};
use crate::net::{Dice, Net};
use crate::operator::{self, Numbers, Operator};
use crate::scene::{Scene, SharedScene, Workflow};
use crate::server::{Parts, Server};
use crate::sql::Sql;
use crate::trace::Trace;
use crate::watch::{Sight, Watch};

/// What is asked of a play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Mode {
    /// Any faults, to the end of the play: only invariants count.
    Safety,
    /// The faults stop, and everything must come to an end.
    Liveness,
}

/// Where a play's servers keep what they write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Store {
    /// In plain values.
    #[default]
    Memory,
    /// In the product's own store on SQLite in memory, which has to do as the plain values do.
    Sqlite,
}

/// How a seed is played.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it is mostly about; `None`: the seed says.
    pub workflow: Option<Workflow>,
    /// What may go wrong.
    pub faults: Vec<FaultKind>,
    /// What is asked of it.
    pub mode: Mode,
    /// Crashes that are ordered.
    pub crashes: Vec<Crash>,
    /// Keep the story.
    pub tell: bool,
    /// Virtual minutes with faults.
    pub minutes: u64,
    /// Where the servers write.
    pub store: Store,
    /// Something is prepared for the play.
    pub drill: Option<Drill>,
    /// What is done and goes wrong, exactly, instead of what chance brings.
    pub plot: Option<Plot>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            workflow: None,
            faults: FaultKind::ALL.to_vec(),
            mode: Mode::Safety,
            crashes: Vec::new(),
            tell: false,
            minutes: 40,
            store: Store::default(),
            drill: None,
            plot: None,
        }
    }
}

/// What became of a play.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What it was about.
    pub workflow: Workflow,
    /// The first broken invariant.
    pub broken: Option<Broken>,
    /// Digest of everything that happened.
    pub digest: u64,
    /// How much happened.
    pub events: u64,
    /// Runs that were started, and of these that have ended.
    pub runs: (usize, usize),
    /// Commits of the database.
    pub commits: u64,
    /// Visits of each place, and crashes that were carried out.
    pub visits: (Vec<(Place, u64)>, Vec<Crash>),
    /// What happened, line by line, where it was kept.
    pub story: Vec<String>,
    /// What became of the plot.
    pub told: Told,
}

/// Plays one seed.
///
/// # Errors
/// Where a runtime or the scene cannot be made.
pub fn play(seed: u64, options: &Options) -> anyhow::Result<Report> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(Stage::set(seed, options)?.play())
}

/// A server slot: a process, or the wait for the next one.
struct Slot {
    server: Option<Server>,
    clock: Option<Arc<SkewedClock>>,
    lives: u32,
    /// Virtual instant at which it starts again, in milliseconds.
    starts: u64,
    /// When it goes on after a pause.
    goes_on: u64,
}

pub(crate) struct Stage {
    seed: u64,
    options: Options,
    pub(crate) dice: Dice,
    scene: SharedScene,
    workflow: Workflow,
}

impl Stage {
    fn set(seed: u64, options: &Options) -> anyhow::Result<Stage> {
        let dice = Dice::new(seed);
        let mut scene = match &options.plot {
            Some(plot) => Scene::set(seed, plot.setting, plot.whole)?,
            None => Scene::draw(seed, &dice)?,
        };
        if let Some(drill) = options.drill {
            drill.set(&mut scene);
        }
        let scene = Arc::new(scene);
        let drawn = dice.pick(&Workflow::ALL).unwrap_or(Workflow::Any);
        let workflow = options.workflow.unwrap_or(drawn);
        Ok(Stage { seed, options: options.clone(), dice, scene, workflow })
    }

    fn database(&self) -> anyhow::Result<Database> {
        let plan = &self.scene.plan;
        let groups = self.scene.config.plans[plan].spec.protection_groups.clone();
        let sql = match self.options.store {
            Store::Memory => None,
            Store::Sqlite => Some(Sql::open(plan.clone())?),
        };
        Ok(Database::new(groups, sql))
    }

    async fn play(self) -> anyhow::Result<Report> {
        let clock = TrueClock::start();
        let world = self.scene.spec.build(START)?;
        let vms = world.glance().running.iter().map(|(vm, _)| *vm).collect();
        let sim = Sim::new(world, Arc::new(clock.clone()));
        let faults = &self.options.faults;
        let plot = self.options.plot.clone();
        let doubled = match &plot {
            Some(plot) => plot.doubles(),
            None => faults.contains(&FaultKind::Backend),
        };
        let judge = Judge::new(
            doubled,
            faults.contains(&FaultKind::Clock),
            self.options.drill == Some(Drill::EarlyClaims),
        );
        let trace = Trace::new(self.options.tell);
        let watch = Arc::new(Watch::new(sim.clone(), clock.clone(), trace, judge));
        let servers = if plot.is_some() { 2 } else { 1 + self.dice.upto(2) as usize };
        // Each play has its own taste: a few kinds of faults at a time find more than all at once.
        let kinds: Vec<FaultKind> =
            faults.iter().copied().filter(|_| self.dice.chance(0.5)).collect();
        let nemesis = Nemesis {
            dice: self.dice.clone(),
            kinds,
            sites: self.scene.sites.clone(),
            witness: self.scene.witness,
            servers,
            vms,
        };
        watch.note(
            "stage",
            format_args!(
                "seed {}, {:?}, {servers} servers, witness: {}, faults {:?}",
                self.seed, self.workflow, self.scene.witness, nemesis.kinds
            ),
        );
        let mut cast = Cast {
            orders: Arc::new(Orders::new(self.options.crashes.clone())),
            died: Arc::new(Notify::new()),
            shared: Shared::new(self.database()?),
            net: Net::new(self.dice.clone()),
            slots: (0..servers)
                .map(|_| Slot { server: None, clock: None, lives: 0, starts: 0, goes_on: 0 })
                .collect(),
            people: JoinSet::new(),
            numbers: Numbers::default(),
            backups: Vec::new(),
            sim,
            watch,
            clock,
            stage: self,
        };
        let cue = plot.map(|plot| {
            let (sim, net) = (cast.sim.clone(), cast.net.clone());
            Arc::new(Cue::new(plot, sim, net, &cast.stage.scene, servers))
        });
        match &cue {
            Some(cue) => {
                cast.watch.follow(cue);
                cast.follow(cue).await;
            }
            None => cast.act(&nemesis).await,
        }
        cast.shared.lock().check_standing();
        cast.compare();
        Ok(cast.report())
    }
}

/// Everything that is on stage.
pub(crate) struct Cast {
    pub(crate) stage: Stage,
    sim: Sim,
    pub(crate) watch: Arc<Watch>,
    clock: TrueClock,
    orders: Arc<Orders>,
    died: Arc<Notify>,
    pub(crate) shared: Shared,
    net: Net,
    slots: Vec<Slot>,
    people: JoinSet<()>,
    numbers: Numbers,
    backups: Vec<Database>,
}

impl Cast {
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now().since(START).0
    }

    async fn act(&mut self, nemesis: &Nemesis) {
        let operator = Operator {
            workflow: self.stage.workflow,
            dice: self.stage.dice.clone(),
            helps_only: false,
            cue: None,
        };
        let end = self.stage.options.minutes * 60_000;
        while self.now_ms() < end && self.watch.broken().is_none() {
            self.turn(&operator).await;
            if let Some(drill) = self.stage.scene.drill {
                drill.turn(&self.numbers, &self.stage.scene, &self.watch);
            }
            if !nemesis.kinds.is_empty() && self.stage.dice.chance(0.3) {
                let blow = nemesis.strike(&self.net, &self.watch);
                self.take(blow);
            }
            if self.stage.dice.chance(0.1) {
                self.backups.push(self.shared.lock().clone());
            }
        }
        if self.stage.options.mode == Mode::Liveness && self.watch.broken().is_none() {
            self.calm_down().await;
        }
    }

    /// A little time passes, somebody looks.
    pub(crate) async fn turn(&mut self, operator: &Operator) {
        let wait = Duration::from_millis(500 + self.stage.dice.upto(12_000));
        tokio::select! {
            biased;
            () = self.watch.alarm.notified() => return,
            () = self.died.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
        self.compare();
        self.tend();
        let alive: Vec<usize> = (0..self.slots.len()).filter(|nr| self.awake(*nr)).collect();
        while self.people.try_join_next().is_some() {}
        if self.people.len() < 3
            && let Some(nr) = self.stage.dice.pick(&alive)
            && let Some(server) = &self.slots[nr].server
        {
            let (operator, core, numbers) =
                (operator.clone(), Arc::clone(&server.core), self.numbers.clone());
            self.people.spawn(async move {
                let look = operator::look(operator, core, numbers);
                // A person does not wait for ever for a page that does not load.
                _ = tokio::time::timeout(Duration::from_secs(90), look).await;
            });
        }
    }

    /// The product's store and the plain values have to be the same.
    fn compare(&self) {
        let differs = self.shared.lock().differs.take();
        if let Some(what) = differs {
            self.watch.break_now(Invariant::SameStore, what);
        }
    }

    fn awake(&self, nr: usize) -> bool {
        let server = self.slots[nr].server.as_ref();
        server.is_some_and(|server| !server.core.life.is_dead() && !server.core.life.is_paused())
    }

    /// Clears away dead processes, starts new ones, lets paused ones go on.
    fn tend(&mut self) {
        let now = self.now_ms();
        for nr in 0..self.slots.len() {
            let slot = &mut self.slots[nr];
            if slot.server.as_ref().is_some_and(|server| server.core.life.is_dead()) {
                slot.server = None;
                // In a plot the next owner is another server.
                let least = if self.watch.cue().is_some() { 90_000 } else { 1000 };
                slot.starts = now + least + self.stage.dice.upto(60_000);
                self.watch.note(&format!("server-{nr}"), format_args!("is dead"));
            }
            if let Some(server) = &self.slots[nr].server
                && server.core.life.is_paused()
                && self.slots[nr].goes_on <= now
            {
                self.watch.note(&server.core.life.name, format_args!("goes on"));
                server.core.life.pause(false);
            }
            if self.slots[nr].server.is_none() && self.slots[nr].starts <= now {
                self.launch(nr);
            }
        }
    }

    fn launch(&mut self, nr: usize) {
        let name = format!("server-{nr}");
        let life =
            Arc::new(Life::new(name.clone(), Arc::clone(&self.orders), Arc::clone(&self.died)));
        let clock = Arc::new(SkewedClock::new(self.clock.clone(), Arc::clone(&life)));
        let slot = &mut self.slots[nr];
        slot.lives += 1;
        slot.clock = Some(Arc::clone(&clock));
        let sites = self.stage.scene.all_sites();
        let sites = sites.iter().filter_map(|site| self.sim.site(site)).collect();
        slot.server = Some(Server::start(Parts {
            life,
            shared: self.shared.clone(),
            watch: Arc::clone(&self.watch),
            scene: Arc::clone(&self.stage.scene),
            clock,
            sites,
            net: self.net.clone(),
            owner: OwnerId(format!("{name}.{}", slot.lives)),
        }));
    }

    fn take(&mut self, blow: Blow) {
        let now = self.now_ms();
        match blow {
            Blow::None => {}
            Blow::Crash(nr) => self.kill(nr),
            Blow::Pause(nr, millis) => {
                if let Some(server) = &self.slots[nr].server {
                    self.watch
                        .note(&server.core.life.name, format_args!("stands still for {millis} ms"));
                    server.core.life.pause(true);
                    self.slots[nr].goes_on = now + millis;
                }
            }
            Blow::Clock(nr, jump, rate) => {
                if let Some(clock) = &self.slots[nr].clock {
                    self.watch.note(
                        "nemesis",
                        format_args!(
                            "the clock of server-{nr} jumps by {jump} ms and runs at {rate}"
                        ),
                    );
                    clock.disturb(jump, rate);
                }
            }
            Blow::Rewind => self.rewind(),
        }
    }

    fn kill(&mut self, nr: usize) {
        if let Some(server) = &self.slots[nr].server {
            self.watch.note(&server.core.life.name, format_args!("is killed"));
            server.core.life.kill();
        }
    }

    /// An earlier copy of the database is put back: all servers are stopped for it.
    fn rewind(&mut self) {
        let all: Vec<usize> = (0..self.backups.len()).collect();
        let Some(chosen) = self.stage.dice.pick(&all) else { return };
        // What was saved after that moment belongs to a life that never was.
        self.backups.truncate(chosen + 1);
        let backup = self.backups[chosen].clone();
        for nr in 0..self.slots.len() {
            self.kill(nr);
        }
        let lost = self.shared.lock().commits - backup.commits;
        self.shared.lock().put_back(backup);
        self.watch.see(
            "nemesis",
            format_args!("puts an older database back: {lost} commits are forgotten"),
            Some(Sight::Rewound),
        );
    }

    fn report(self) -> Report {
        let database = self.shared.lock();
        let ended = database.runs.values().filter(|row| row.ending.is_some()).count();
        let (digest, events, mut story) = self.watch.end();
        if self.stage.options.tell {
            story.extend(self.sim.truth().violations.iter().map(|v| format!("the world: {v:?}")));
        }
        Report {
            seed: self.stage.seed,
            workflow: self.stage.workflow,
            broken: self.watch.broken(),
            digest,
            events,
            runs: (self.numbers.given() as usize, ended),
            commits: database.commits,
            visits: self.orders.told(),
            story,
            told: self.watch.told(),
        }
    }
}
