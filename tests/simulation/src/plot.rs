//! How a plot is played: its runs in their order, then everything to its end.

use std::sync::Arc;

use muster_plans::run::RunKind;
use muster_plans::state::{Event as PlanEvent, Phase};
use muster_plans::time::Span;

use crate::cue::{Act, Cue, Deed};
use crate::operator::{Numbers, Operator, is_off, kind_of};
use crate::play::Cast;
use crate::scene::Workflow;
use crate::server::Core;
use crate::start::Wish;

/// A plot whose target has not been started after so long is not going to be.
const LONGEST: Span = Span::mins(90);

impl Cast {
    /// Plays a plot up to the end of its target.
    pub(crate) async fn follow(&mut self, cue: &Arc<Cue>) {
        let operator = Operator {
            workflow: Workflow::Any,
            dice: self.stage.dice.clone(),
            helps_only: true,
            cue: Some(Arc::clone(cue)),
        };
        cue.raise_the_curtain();
        while self.now_ms() < LONGEST.0 && self.watch.broken().is_none() {
            self.turn(&operator).await;
            while let Some(told) = cue.tend(self.watch.now()) {
                self.watch.see("stage", format_args!("{told}"), None);
            }
            let ended = cue.target().is_some_and(|run| {
                self.shared.lock().runs.get(&run).is_some_and(|row| row.ending.is_some())
            });
            // A failover that nobody may start is an answer as well.
            let refused = cue.plot.act == Act::Split && cue.target().is_none() && cue.is_healed();
            if ended || refused {
                cue.target_ended();
                break;
            }
        }
        if self.watch.broken().is_none() {
            self.calm_down().await;
        }
    }
}

impl Operator {
    /// Begins what the plot says, as soon as the plan allows it.
    pub(crate) async fn begin_next(&self, core: &Arc<Core>, numbers: &Numbers, cue: &Cue) {
        let state = core.shared.lock().standing.state.clone();
        let kind = match cue.next() {
            Some(Deed::Run(kind)) => kind,
            // A site is known before it fails.
            Some(Deed::Disaster) => {
                core.look_at_sites().await;
                return cue.looked();
            }
            _ => return,
        };
        if state.phase == Phase::CommitHeld {
            let mut database = core.shared.lock();
            if let Some(next) = database.standing.after(&PlanEvent::Committed) {
                database.stand(next);
            }
            return;
        }
        if !state.allowed().into_iter().filter_map(kind_of).any(|allowed| allowed == kind) {
            return;
        }
        let from = core.scene.ends(state.is_reversed()).0;
        let off = from.iter().all(|from| is_off(core, from));
        let failover = kind == RunKind::Failover && !state.owes();
        let wish = Wish {
            id: numbers.run(),
            kind,
            forced: failover && off,
            live: true,
            accept_live: false,
            attest: failover && off && from.iter().all(|from| core.watch.vouch(from)),
        };
        if let Err(why) = core.start(&wish).await {
            core.watch.note("ines", format_args!("wanted a {kind}, but {why}"));
        }
    }
}
