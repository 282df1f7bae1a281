//! The end of a play: faults stop, and everything must come to its end.

use muster_adapter_sim::{Command, Thing};
use muster_plans::state::Phase;
use muster_plans::time::Span;

use super::Cast;
use crate::invariant::Invariant;
use crate::operator::{self, Operator};
use crate::scene::Workflow;

impl Cast {
    /// The faults are over. Everything must come to its end, with the help of a patient person.
    pub(crate) async fn calm_down(&mut self) {
        self.watch.note("stage", format_args!("all faults are over"));
        self.net.calm();
        self.watch.let_go();
        // All that can be healed is.
        _ = self.sim.control(Command::HealAll);
        _ = self.sim.control(Command::Heal(Thing::Witness));
        for nr in 0..self.slots.len() {
            self.slots[nr].goes_on = 0;
            self.slots[nr].starts = 0;
            if let Some(clock) = &self.slots[nr].clock {
                clock.disturb(0, 1.0);
            }
        }
        let operator = Operator {
            workflow: Workflow::Any,
            dice: self.stage.dice.clone(),
            helps_only: true,
            cue: None,
        };
        let end = self.now_ms() + Span::mins(8 * 60).0;
        while self.watch.broken().is_none() {
            self.turn(&operator).await;
            if self.at_rest() {
                return;
            }
            if self.now_ms() > end {
                self.stuck();
                return;
            }
        }
    }

    /// No run is under way, nothing is owed, no test is left.
    fn at_rest(&self) -> bool {
        let database = self.shared.lock();
        let state = &database.standing.state;
        let phase = matches!(state.phase, Phase::Idle | Phase::Recovered);
        !database.on_hold && phase && state.run.is_none() && !state.owes()
    }

    fn stuck(&self) {
        let standing = self.shared.lock().standing.clone();
        let server = self.slots.iter().find_map(|slot| slot.server.as_ref());
        let words = standing
            .active
            .zip(server)
            .map(|(run, server)| operator::stuck_words(&server.core, run));
        let what = format!(
            "after 8 hours without faults the plan is {:?}, its run {:?}: {}",
            standing.state.phase,
            standing.state.run,
            words.unwrap_or_default()
        );
        self.watch.note("stage", format_args!("{what}"));
        self.watch.break_now(Invariant::Liveness, what);
    }
}
