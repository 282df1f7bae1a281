//! What journals promise: I4, I6, I7, I13, I14, and that nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_contract::{OpId, Token};
use muster_engine::{Event, Verdict as Word};
use muster_plans::compile::digest;
use muster_plans::graph::{Graph, StepIx};
use muster_plans::id::RunId;
use muster_plans::time::Time;

use super::{Checker, Invariant, Verdict};
use crate::watch::Sight;

/// I4 and I13: intents that were ever durable, also those that a rewound database has forgotten: what
/// was sent on their strength is still on its way.
#[derive(Default)]
pub(super) struct Intents(BTreeSet<(OpId, Token)>);

impl Checker for Intents {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Appended(append) => {
                for record in &append.records {
                    let Event::Intent { step, attempt, undo } = record.event else { continue };
                    let op = OpId { run: append.run, step, attempt, undo };
                    let (incarnation, epoch) = (append.fence.incarnation, record.epoch);
                    self.0.insert((op, Token { incarnation, epoch, seq: record.seq }));
                }
                Ok(())
            }
            Sight::Another(ctx) => {
                self.0.insert((ctx.op_id, ctx.token));
                Ok(())
            }
            Sight::Sent(site, ctx, _) if !self.0.contains(&(ctx.op_id, ctx.token)) => Err((
                Invariant::JournalBeforeAct,
                format!("{} was sent to {site} under {} without an intent", ctx.op_id, ctx.token),
            )),
            Sight::Had(effect) if !self.0.iter().any(|(op, _)| *op == effect.op) => Err((
                Invariant::AuditComplete,
                format!(
                    "{} had an effect at {} and no journal has an intent",
                    effect.op, effect.site
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// A finished step is not begun again, and no operation has its effect twice.
pub(super) struct Once {
    doubled: bool,
    done: BTreeSet<(RunId, StepIx, bool)>,
    effects: BTreeSet<OpId>,
}

impl Once {
    pub(super) fn new(doubled: bool) -> Once {
        Once { doubled, done: BTreeSet::new(), effects: BTreeSet::new() }
    }

    fn record(&mut self, run: RunId, event: &Event) -> Verdict {
        match event {
            Event::Done { step, undo, .. } if !self.done.insert((run, *step, *undo)) => {
                return Err((Invariant::Once, format!("step {step} of {run} was done twice")));
            }
            Event::Intent { step, undo, .. } if self.done.contains(&(run, *step, *undo)) => {
                return Err((
                    Invariant::Once,
                    format!("step {step} of {run} was begun after its end"),
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Checker for Once {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Appended(append) => {
                append.records.iter().try_for_each(|record| self.record(append.run, &record.event))
            }
            // What was forgotten may be done again: the agents know it by its operation id.
            Sight::Rewound => {
                self.done.clear();
                Ok(())
            }
            Sight::Had(effect) if !self.effects.insert(effect.op) && !self.doubled => {
                Err((Invariant::Once, format!("{} had its effect twice", effect.op)))
            }
            _ => Ok(()),
        }
    }
}

/// I6: the latest owner of each run.
#[derive(Default)]
pub(super) struct Owners(BTreeMap<RunId, (u64, u64)>);

impl Checker for Owners {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Owned(run, fence) => {
                let now = (fence.incarnation, fence.epoch);
                let before = self.0.insert(*run, now);
                if before.is_some_and(|before| before >= now) {
                    let what = format!("the epoch of {run} went from {before:?} to {now:?}");
                    return Err((Invariant::OneOwner, what));
                }
                Ok(())
            }
            Sight::Appended(append) => {
                let by = (append.fence.incarnation, append.fence.epoch);
                match self.0.get(&append.run) {
                    Some(owner) if *owner == by => Ok(()),
                    owner => Err((
                        Invariant::OneOwner,
                        format!("{} was written by {by:?}, its owner is {owner:?}", append.run),
                    )),
                }
            }
            _ => Ok(()),
        }
    }
}

/// I7: steps of which nobody knows.
#[derive(Default)]
pub(super) struct Unknowns(BTreeMap<(RunId, StepIx), u32>);

impl Checker for Unknowns {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        let append = match sight {
            Sight::Appended(append) => append,
            Sight::Rewound => {
                self.0.clear();
                return Ok(());
            }
            _ => return Ok(()),
        };
        for record in &append.records {
            match &record.event {
                Event::Unknown { step, .. } => {
                    self.0.entry((append.run, *step)).or_insert(0);
                }
                Event::Done { step, .. }
                | Event::Refused { step, .. }
                | Event::GivenUp { step, .. }
                | Event::Ruled {
                    step,
                    verdict: Word::Done | Word::Skip | Word::Retry | Word::Fail,
                    ..
                } => {
                    self.0.remove(&(append.run, *step));
                }
                Event::Ended(_) if self.0.keys().any(|(run, _)| *run == append.run) => {
                    return Err((
                        Invariant::NoGuess,
                        format!("{} ended with a step of which nobody knows", append.run),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// I14: the graph that is executed is the one whose digest was approved, and its journal holds no step
/// that it does not have.
#[derive(Default)]
pub(super) struct Approved(BTreeMap<RunId, Arc<Graph>>);

impl Checker for Approved {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Created(run, graph, approved) => {
                self.0.insert(*run, Arc::clone(graph));
                if digest(graph) != *approved {
                    let what = format!("{run} has another graph than {approved}");
                    return Err((Invariant::ApprovedIsExecuted, what));
                }
                Ok(())
            }
            Sight::Appended(append) => {
                let len = self.0.get(&append.run).map_or(0, |graph| graph.len());
                let foreign = append.records.iter().find_map(|record| match record.event {
                    Event::Intent { step, .. } if step as usize >= len => Some(step),
                    _ => None,
                });
                match foreign {
                    Some(step) => Err((
                        Invariant::ApprovedIsExecuted,
                        format!("step {step} of {} is not in its graph", append.run),
                    )),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}
