//! Trouble on cue: a plot says what is done, and exactly when something goes wrong.
//!
//! Where a play of a seed lets chance decide, a plot is one cell of a matrix: these runs in this order,
//! and one trouble that sets in at one moment of the last of them, which is the plot's *target*.

mod act;
mod meddle;
mod trouble;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_adapter_sim::{Command, Effect, Fault, FaultId, Hit, Sim, Thing};
use muster_engine::step;
use muster_plans::graph::{Graph, StepIx};
use muster_plans::id::{RunId, SiteName};
use muster_plans::time::{Span, Time};

pub use act::Act;
pub(crate) use act::Deed;
pub use trouble::{Part, Plot, Spot, Trouble, ways};

use crate::net::Net;
use crate::scene::Scene;
use crate::watch::Sight;

/// After this long whatever was put on is healed.
const HEALS_AFTER: Span = Span::mins(4);

/// What became of a plot.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The target was started.
    pub started: bool,
    /// It.
    pub target: Option<RunId>,
    /// Faults with a moment that have struck.
    pub hits: Vec<Hit>,
    /// All directions were cut, and no other ones, as read back from the world.
    pub cut: bool,
    /// Records that the target wrote from then on until they were mended.
    pub meanwhile: usize,
    /// What had an effect for the target.
    pub effects: Vec<Effect>,
    /// Its graph.
    pub graph: Option<Arc<Graph>>,
    /// Points of it that were passed.
    pub spots: BTreeSet<Spot>,
    /// Steps whose end was written, in their order.
    pub done: Vec<StepIx>,
    /// Servers that died as the plot says.
    pub deaths: u32,
    /// Points that were passed after the first death.
    pub visits: u64,
    /// Owners of the target, in their order.
    pub owners: Vec<String>,
    /// How often a step was refused as the plot says.
    pub refusals: u32,
    /// Steps that were done twice, and those that were undone twice.
    pub twice: (BTreeSet<StepIx>, BTreeSet<StepIx>),
    /// What a second time brought that was neither done already nor refused.
    pub harm: Vec<String>,
}

#[derive(Debug, Default)]
struct State {
    deeds: VecDeque<Deed>,
    target: Option<RunId>,
    /// Operations that the target's graph has, and that were sent.
    has: usize,
    sent: usize,
    since: Option<Time>,
    healed: bool,
    /// Somebody has looked at all sites.
    looked: bool,
    /// The target has ended, or halted, once.
    over: bool,
    told: Told,
}

/// Watches for the moment.
pub(crate) struct Cue {
    pub(crate) plot: Plot,
    sim: Sim,
    net: Net,
    sites: [SiteName; 2],
    /// Sites that a disaster strikes.
    homes: Vec<SiteName>,
    servers: usize,
    state: Mutex<State>,
}

impl Cue {
    pub(crate) fn new(plot: Plot, sim: Sim, net: Net, scene: &Scene, servers: usize) -> Cue {
        let state = State { deeds: plot.act.deeds().into(), ..State::default() };
        let (sites, homes) = (scene.sites.clone(), scene.ends(false).0);
        Cue { plot, sim, net, sites, homes, servers, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has to be done next.
    pub(crate) fn next(&self) -> Option<Deed> {
        self.state().deeds.front().copied()
    }

    /// The run that the plot is about, once it was started.
    pub(crate) fn target(&self) -> Option<RunId> {
        self.state().target
    }

    pub(crate) fn looked(&self) {
        self.state().looked = true;
    }

    /// Something happened. Says what is done about it, for the story.
    pub(crate) fn see(
        &self,
        now: Time,
        sight: Option<&Sight<'_>>,
        effects: &[Effect],
    ) -> Option<String> {
        let mut state = self.state();
        let target = state.target;
        let ours = effects.iter().filter(|effect| Some(effect.op.run) == target);
        state.told.effects.extend(ours.cloned());
        match sight {
            Some(Sight::Created(run, graph, _)) if target.is_none() => {
                state.deeds.pop_front();
                if !state.deeds.is_empty() {
                    return None;
                }
                state.target = Some(*run);
                state.told.started = true;
                state.told.target = Some(*run);
                if let Some(kind) = self.plot.refused {
                    for site in &self.sites {
                        let refused = Fault::at(FaultId::F1, site.clone()).on(kind);
                        _ = self.sim.control(Command::Break(Thing::Backend(refused)));
                    }
                }
                state.told.graph = Some(Arc::clone(graph));
                state.has = operations(graph);
                self.begin(&mut state, now, false)
            }
            Some(Sight::Sent(_, ctx, _)) if Some(ctx.op_id.run) == target => {
                state.sent += 1;
                if state.sent < (state.has / 2).max(1) {
                    return None;
                }
                self.begin(&mut state, now, true)
            }
            Some(Sight::Owned(run, fence)) if Some(*run) == target => {
                state.told.owners.push(fence.owner.0.clone());
                None
            }
            Some(Sight::Appended(append)) if Some(append.run) == target => {
                if state.since.is_some() && !state.healed {
                    state.told.meanwhile += append.records.len();
                }
                None
            }
            _ => None,
        }
    }

    /// The trouble sets in, if this is its moment.
    fn begin(&self, state: &mut State, now: Time, half_way: bool) -> Option<String> {
        if state.since.is_some() {
            return None;
        }
        let told = match self.plot.trouble.as_ref()? {
            Trouble::Crash { .. }
            | Trouble::Refuse(_)
            | Trouble::Cancel(_)
            | Trouble::Double(_) => return None,
            Trouble::Fault(_) if half_way => return None,
            Trouble::Cut { half_way: wanted, .. } if *wanted != half_way => return None,
            Trouble::Fault(fault) => {
                let waits = Command::Break(Thing::Backend(fault.clone()));
                let put_on = self.sim.control(waits).is_ok();
                format!("{fault:?} waits: {put_on}")
            }
            Trouble::Cut { ways, .. } => {
                state.told.cut = self.cut(*ways, true) && self.are_cut(*ways);
                format!("the directions {ways:06b} are cut: {}", state.told.cut)
            }
        };
        state.since = Some(now);
        Some(told)
    }

    /// Cuts, or mends, directions in the world, and those of the servers' lines that run along them:
    /// servers stand at the two sites in turn.
    fn cut(&self, which: u8, cut: bool) -> bool {
        let all = ways(&self.sites, crate::scene::WITNESS);
        let chosen = all.iter().enumerate().filter(|(nr, _)| which & (1 << nr) != 0);
        let mut done = true;
        for (_, (from, to)) in chosen {
            let way = Thing::Way(from.clone(), to.clone());
            let command = if cut { Command::Break(way) } else { Command::Heal(way) };
            done &= self.sim.control(command).is_ok();
            for nr in 0..self.servers {
                let home = self.sites[nr % 2].as_str();
                let other = &self.sites[1 - nr % 2];
                let name = format!("server-{nr}");
                if home == from && other.as_str() == to {
                    self.net.cut((name, other.clone(), true), cut);
                } else if home == to && other.as_str() == from {
                    self.net.cut((name, other.clone(), false), cut);
                }
            }
        }
        done
    }

    fn are_cut(&self, which: u8) -> bool {
        let dead = self.sim.dead_ways();
        let all = ways(&self.sites, crate::scene::WITNESS);
        all.iter().enumerate().all(|(nr, way)| dead.contains(way) == (which & (1 << nr) != 0))
    }

    /// Does what is to be done to the world, and heals what was put on long enough ago.
    pub(crate) fn tend(&self, now: Time) -> Option<String> {
        let mut state = self.state();
        match state.deeds.front() {
            Some(Deed::Disaster) if state.looked => {
                state.deeds.pop_front();
                for home in &self.homes {
                    _ = self.sim.control(Command::Break(Thing::Site(home.clone())));
                }
                return Some(format!("{:?} lose their power", self.homes));
            }
            Some(Deed::Return) => {
                state.deeds.pop_front();
                for home in &self.homes {
                    _ = self.sim.control(Command::Heal(Thing::Site(home.clone())));
                }
                return Some(format!("{:?} have power again", self.homes));
            }
            _ => {}
        }
        let since = match &self.plot.trouble {
            // It counts from the moment in which it struck.
            Some(Trouble::Fault(_)) => self.sim.hits().last().map(|hit| hit.at),
            _ => state.since,
        };
        if state.healed || since.is_none_or(|since| now.since(since) < HEALS_AFTER) {
            return None;
        }
        state.healed = true;
        match self.plot.trouble.as_ref()? {
            Trouble::Fault(fault) => {
                for site in &self.sites {
                    let gone = Thing::Backend(Fault::at(fault.id, site.clone()));
                    _ = self.sim.control(Command::Heal(gone));
                }
            }
            Trouble::Cut { ways, .. } => _ = self.cut(*ways, false),
            _ => return None,
        }
        Some(String::from("the trouble is over"))
    }

    /// What is on when the play begins.
    pub(crate) fn raise_the_curtain(&self) {
        // Nobody wants a failover for nothing: here the cut comes first.
        if let (Act::Split, Some(Trouble::Cut { ways, .. })) = (self.plot.act, &self.plot.trouble) {
            let mut state = self.state();
            state.told.cut = self.cut(*ways, true) && self.are_cut(*ways);
            state.since = Some(self.sim.now());
        }
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.state().healed
    }

    pub(crate) fn told(&self) -> Told {
        Told { hits: self.sim.hits(), ..self.state().told.clone() }
    }
}

/// How many steps of a graph ask a site for something.
fn operations(graph: &Graph) -> usize {
    let steps = 0..graph.len() as u32;
    let asks = |step| step::forward(graph, step).is_some_and(|work| work.operation.is_some());
    steps.filter(|step| asks(*step)).count()
}
