//! The place where everything that happens is noted and judged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use muster_adapter_sim::{Command, Effect, Glance, Sim};
use muster_contract::{OpContext, Operation};
use muster_engine::{Append, Fence};
use muster_plans::graph::Graph;
use muster_plans::id::{RunId, SiteName};
use muster_plans::time::{Span, Time};
use tokio::sync::Notify;

use crate::clock::TrueClock;
use crate::cue::{Cue, Told};
use crate::invariant::{Broken, Invariant, Judge};
use crate::trace::Trace;

/// What the judge is shown.
pub(crate) enum Sight<'a> {
    /// Records were accepted by the database.
    Appended(&'a Append),
    /// Somebody became the owner of a run.
    Owned(RunId, &'a Fence),
    /// A run is held until then, by the holder's clock.
    Held(RunId, Time),
    /// A run's holder has let it go.
    GivenBack(RunId),
    /// Somebody ends a lease that was not renewed for long.
    Deserted(RunId),
    /// A run was stored, with what was approved.
    Created(RunId, &'a Arc<Graph>, &'a str),
    /// A server asks a site for an operation.
    Sent(&'a SiteName, &'a OpContext, &'a Operation),
    /// A plot asks for the same once more, as an attempt that no journal has.
    Another(&'a OpContext),
    /// An operation had its effect.
    Had(&'a Effect),
    /// The world, after something happened.
    World(&'a Glance),
    /// The database was put back to an earlier moment.
    Rewound,
    /// A site has said that it knows of this life.
    Told(&'a SiteName, u64),
    /// Somebody let a server go on after that, in this life; these sites could not be told.
    Released(u64, &'a [SiteName]),
}

struct State {
    trace: Trace,
    judge: Judge,
    broken: Option<Broken>,
    last: Glance,
    /// Until when somebody keeps a site off.
    vouched: BTreeMap<SiteName, Time>,
}

/// Notes and judges.
pub(crate) struct Watch {
    state: Mutex<State>,
    sim: Sim,
    clock: TrueClock,
    cue: OnceLock<Arc<Cue>>,
    /// Rings when something was found broken.
    pub(crate) alarm: Notify,
}

impl Watch {
    pub(crate) fn new(sim: Sim, clock: TrueClock, trace: Trace, judge: Judge) -> Watch {
        sim.watch();
        let state =
            State { trace, judge, broken: None, last: Glance::default(), vouched: BTreeMap::new() };
        Watch { state: Mutex::new(state), sim, clock, cue: OnceLock::new(), alarm: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Notes what somebody did.
    pub(crate) fn note(&self, who: &str, what: std::fmt::Arguments<'_>) {
        let now = self.now();
        self.state().trace.note(now, who, what);
    }

    /// Something is done to the world.
    pub(crate) fn command(&self, who: &str, command: &Command) {
        // What the world refuses has not happened.
        let told = if self.sim.control(command.clone()).is_ok() { "" } else { " (not possible)" };
        self.see(who, format_args!("{command:?}{told}"), None);
    }

    /// Judges what leaves no trace in the world.
    pub(crate) fn judge(&self, sight: &Sight<'_>) {
        let now = self.now();
        self.state().judge_one(now, sight);
    }

    /// Notes it, and judges what the world is like now.
    pub(crate) fn see(&self, who: &str, what: std::fmt::Arguments<'_>, sight: Option<Sight<'_>>) {
        let (glance, effects) = self.sim.look_around();
        let now = self.now();
        let told = self.cue.get().and_then(|cue| cue.see(now, sight.as_ref(), &effects));
        let mut state = self.state();
        let state = &mut *state;
        state.trace.note(now, who, what);
        if let Some(told) = told {
            state.trace.note(now, "stage", format_args!("{told}"));
        }
        for effect in &effects {
            state.trace.note(
                effect.at,
                effect.site.as_str(),
                format_args!(
                    "{:?} of {} by {} under {}",
                    effect.kind, effect.object, effect.op, effect.token
                ),
            );
            state.judge_one(now, &Sight::Had(effect));
        }
        if let Some(sight) = sight {
            state.judge_one(now, &sight);
        }
        if glance.groups != state.last.groups {
            for group in &glance.groups {
                let writers: Vec<&str> = (0..2)
                    .filter(|side| group.serving[*side])
                    .map(|side| group.sites[side].as_str())
                    .collect();
                state.trace.note(
                    now,
                    "world",
                    format_args!(
                        "{} is written at {writers:?}, generations {:?}",
                        group.id, group.generation
                    ),
                );
            }
        }
        state.judge_one(now, &Sight::World(&glance));
        state.last = glance;
        if state.broken.is_some() {
            self.alarm.notify_one();
        }
    }

    /// From now on a plot is followed.
    pub(crate) fn follow(&self, cue: &Arc<Cue>) {
        // There is one plot in a play.
        _ = self.cue.set(Arc::clone(cue));
    }

    /// The plot, where there is one.
    pub(crate) fn cue(&self) -> Option<&Arc<Cue>> {
        self.cue.get()
    }

    /// What became of the plot.
    pub(crate) fn told(&self) -> Told {
        self.cue.get().map(|cue| cue.told()).unwrap_or_default()
    }

    /// The world as it was last seen.
    pub(crate) fn last(&self) -> Glance {
        self.state().last.clone()
    }

    /// A person sees whether a site is off, and keeps it off for hours: longer than any clock lets the
    /// evidence count. `false`: it is not off.
    pub(crate) fn vouch(&self, site: &SiteName) -> bool {
        let glance = self.sim.glance();
        let off = glance.powered.iter().any(|(name, powered)| name == site && !powered);
        if off {
            let until = glance.at + Span::mins(240);
            self.state().vouched.insert(site.clone(), until);
        }
        off
    }

    /// Whether somebody keeps this site off.
    pub(crate) fn is_kept_off(&self, site: &SiteName) -> bool {
        let now = self.now();
        self.state().vouched.get(site).is_some_and(|until| *until > now)
    }

    /// Whoever kept a site off lets go.
    pub(crate) fn let_go(&self) {
        self.state().vouched.clear();
    }

    /// Something is broken that no checker of single events can see.
    pub(crate) fn break_now(&self, invariant: Invariant, what: String) {
        let now = self.now();
        self.state().broken.get_or_insert(Broken { at: now, invariant, what });
        self.alarm.notify_one();
    }

    pub(crate) fn broken(&self) -> Option<Broken> {
        self.state().broken.clone()
    }

    /// What was noted: digest, number of events, the story where it was kept.
    pub(crate) fn end(&self) -> (u64, u64, Vec<String>) {
        let mut state = self.state();
        (state.trace.digest(), state.trace.events(), state.trace.take_story())
    }
}

impl State {
    fn judge_one(&mut self, now: Time, sight: &Sight<'_>) {
        if self.broken.is_some() {
            return;
        }
        if let Err((invariant, what)) = self.judge.see(now, sight) {
            self.trace.note(now, "judge", format_args!("{invariant:?} is broken: {what}"));
            self.broken = Some(Broken { at: now, invariant, what });
        }
    }
}
