//! What a journal has closed stays closed, and what lies behind a pivot stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_adapter_sim::Effect;
use muster_contract::{OpId, OperationKind};
use muster_engine::{Event, Verdict as Word};
use muster_plans::graph::{Action, Graph, StepIx};
use muster_plans::id::RunId;
use muster_plans::run::RunKind;
use muster_plans::time::Time;

use super::{Checker, Invariant, Verdict};
use crate::watch::Sight;

/// What the engine writes of an attempt that has not happened and never will.
const NEVER: &str = "the agent never heard of it";

/// An attempt that is done, or has not happened, has its first effect before that is written, or never.
///
/// Left out is what can harm nobody or be known by nobody: sending data, which replication does all the
/// time; what was proved by the state alone, while the request may still be on its way; and what a backend claims too early of a state that comes about by itself, unless the play has no
/// such state (`literal`).
#[derive(Default)]
pub(super) struct Settled {
    literal: bool,
    attempts: BTreeMap<(RunId, StepIx, bool), u32>,
    closed: BTreeSet<OpId>,
    had: BTreeSet<OpId>,
}

impl Settled {
    pub(super) fn new(literal: bool) -> Settled {
        Settled { literal, ..Settled::default() }
    }

    fn record(&mut self, run: RunId, event: &Event) {
        let (step, undo) = match event {
            Event::Intent { step, attempt, undo } => {
                self.attempts.insert((run, *step, *undo), *attempt);
                return;
            }
            Event::Done { step, undo, receipt } if receipt.at.is_some() => (*step, *undo),
            Event::Refused { step, undo, reason, .. } if reason.message == NEVER => (*step, *undo),
            _ => return,
        };
        if let Some(&attempt) = self.attempts.get(&(run, step, undo)) {
            self.closed.insert(OpId { run, step, attempt, undo });
        }
    }

    fn is_excused(&self, effect: &Effect) -> bool {
        effect.kind == OperationKind::Sync || (effect.claimed && !self.literal)
    }
}

impl Checker for Settled {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Appended(append) => {
                append.records.iter().for_each(|record| self.record(append.run, &record.event));
            }
            // What was forgotten is asked about again.
            Sight::Rewound => {
                self.attempts.clear();
                self.closed.clear();
            }
            Sight::Had(effect) => {
                let late = self.had.insert(effect.op) && self.closed.contains(&effect.op);
                if late && !self.is_excused(effect) {
                    let what = format!("{} had its effect after it was closed", effect.op);
                    return Err((Invariant::Settled, what));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A planned run that has promoted undoes nothing.
#[derive(Default)]
pub(super) struct PastPivot(BTreeMap<RunId, (Arc<Graph>, bool)>);

impl Checker for PastPivot {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Created(run, graph, _) if graph.kind == RunKind::PlannedMigration => {
                self.0.insert(*run, (Arc::clone(graph), false));
            }
            Sight::Appended(append) => {
                let Some((graph, promoted)) = self.0.get_mut(&append.run) else { return Ok(()) };
                for record in &append.records {
                    match &record.event {
                        Event::Done { step, undo: false, receipt } if !receipt.already => {
                            let action = graph.step(*step).action;
                            *promoted |= matches!(action, Action::PromoteStorage(_));
                        }
                        Event::Intent { step, undo: true, .. } if *promoted => {
                            let what =
                                format!("{} undoes step {step} behind a promotion", append.run);
                            return Err((Invariant::PastPivot, what));
                        }
                        _ => {}
                    }
                }
            }
            // Of a promotion that was forgotten the journal knows nothing.
            Sight::Rewound => self.0.values_mut().for_each(|(_, promoted)| *promoted = false),
            _ => {}
        }
        Ok(())
    }
}

/// A site is let in again when nothing that the run has to stop there can write any more, and all
/// replication that it turns round is turned.
#[derive(Default)]
pub(super) struct LetIn(BTreeMap<RunId, (Arc<Graph>, BTreeSet<StepIx>)>);

impl Checker for LetIn {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Created(run, graph, _) => {
                self.0.insert(*run, (Arc::clone(graph), BTreeSet::new()));
            }
            Sight::Appended(append) => {
                let Some((graph, good)) = self.0.get_mut(&append.run) else { return Ok(()) };
                for record in &append.records {
                    match record.event {
                        Event::Done { step, undo: false, .. }
                        | Event::Ruled { step, verdict: Word::Done | Word::Skip, .. } => {
                            good.insert(step);
                        }
                        Event::Intent { step, undo: false, .. } => {
                            may_let_in(append.run, graph, good, step)?;
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn may_let_in(run: RunId, graph: &Graph, good: &BTreeSet<StepIx>, step: StepIx) -> Verdict {
    let Action::Unfence(site) = graph.step(step).action else { return Ok(()) };
    let open = (0..graph.len() as StepIx).find(|ix| {
        let step = graph.step(*ix);
        let stops = match step.action {
            Action::PowerOff(_) | Action::UnregisterVm(_) | Action::DemoteStorage(_) => {
                step.site == site
            }
            Action::ReverseReplication(_) => true,
            _ => false,
        };
        stops && !good.contains(ix)
    });
    match open {
        Some(open) => {
            let (site, action) = (graph.site(site), graph.step(open).action);
            let what = format!("{run} lets {site} in before step {open} is done, {action:?}");
            Err((Invariant::LetIn, what))
        }
        None => Ok(()),
    }
}
