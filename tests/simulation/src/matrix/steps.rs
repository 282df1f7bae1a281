//! Every step of every compiled graph: refused; undone twice; done twice.

use std::collections::{BTreeMap, BTreeSet};

use muster_contract::OperationKind;
use muster_engine::step;
use muster_plans::graph::{Action, Graph, StepIx};
use muster_plans::run::FailurePolicy;

use super::graphs::{self, Played, row};
use super::{Ahead, Ask, Fate, Hit, options, spread};
use crate::cue::{Plot, Trouble};
use crate::play::{Report, play};

/// Why a step cannot be refused; `None`: it can.
fn unrefusable(played: &Played, ix: StepIx) -> Option<&'static str> {
    match played.graph.step(ix).action {
        Action::Prompt(_) | Action::Callout(_) => None,
        Action::Barrier | Action::Report => Some("it asks nobody for anything"),
        Action::Gate(_) => Some("it waits for evidence, and waiting is not refused"),
        _ => match step::forward(&played.graph, ix).and_then(|work| work.operation) {
            Some(_) => None,
            None => Some("it changes nothing: what it sees may be wrong, which is F11 to F18"),
        },
    }
}

/// A step is refused, whatever was done by then is undone, and that is done twice.
pub(super) fn refusals(ask: &Ask<'_>) -> anyhow::Result<Vec<Ahead>> {
    cells(ask, "refused", unrefusable, |ix| (Trouble::Refuse(ix), Box::new(refused)))
}

fn refused(_: &Plot, report: &Report) -> Result<Fate, String> {
    match (report.told.refusals, report.told.harm.first()) {
        (0, _) => Err(String::from("nothing was refused")),
        (_, Some(harm)) => Err(harm.clone()),
        _ => Ok(Fate::Passed),
    }
}

/// A step is done twice.
pub(super) fn doubles(ask: &Ask<'_>) -> anyhow::Result<Vec<Ahead>> {
    let undone = |played: &Played, ix: StepIx| {
        let asks = step::forward(&played.graph, ix).is_some_and(|work| work.operation.is_some());
        (!asks).then_some("no site is asked to do it")
    };
    cells(ask, "twice", undone, |ix| {
        let hit = move |_: &Plot, report: &Report| twice(&report.told.twice.0, ix, report);
        (Trouble::Double(ix), Box::new(hit))
    })
}

fn twice(steps: &BTreeSet<StepIx>, ix: StepIx, report: &Report) -> Result<Fate, String> {
    match (steps.contains(&ix), report.told.harm.first()) {
        (true, None) => Ok(Fate::Passed),
        (_, Some(harm)) => Err(harm.clone()),
        (false, None) => Err(format!("steps {steps:?} were done twice, step {ix} was not")),
    }
}

/// A step is undone twice: some later one is refused for it.
pub(super) fn undos(ask: &Ask<'_>) -> anyhow::Result<Vec<Ahead>> {
    let stops = refusals(ask)?.into_iter().chain(cancels(ask)?);
    let stops: Vec<Plot> = stops.filter_map(|cell| cell.what.ok()).collect();
    // What is done instead of a live migration is undone where that is refused as well.
    let instead = Some(OperationKind::Migrate);
    let restarts = stops.iter().map(|plot| Plot { refused: instead, ..plot.clone() });
    let all: Vec<Plot> = stops.iter().cloned().chain(restarts).collect();
    let told = spread(&all, ask.jobs, |plot| {
        Ok((plot.clone(), play(ask.seed, &options(plot.clone(), false))?.told))
    })?;
    let mut by: BTreeMap<(String, StepIx), Plot> = BTreeMap::new();
    for (plot, told) in told {
        for ix in told.twice.1 {
            by.entry((row(plot.setting, plot.act), ix)).or_insert_with(|| plot.clone());
        }
    }
    let (played, without) = graphs::all(ask)?;
    let mut cells = Vec::new();
    for one in &played {
        let row = row(one.setting, one.act);
        for ix in 0..one.graph.len() as StepIx {
            let what = match by.get(&(row.clone(), ix)) {
                Some(plot) => Ok(plot.clone()),
                None => Err(never_undone(one, ix)),
            };
            let hit = move |_: &Plot, report: &Report| twice(&report.told.twice.1, ix, report);
            let (name, column) = (format!("{row}/{ix}"), String::from("undone"));
            cells.push(Ahead { row: row.clone(), column, name, what, hit: Box::new(hit) });
        }
    }
    cells.extend(without.into_iter().map(graphs::without));
    Ok(cells)
}

/// A person cancels while a VM is waited for: where nothing comes after it that could be refused.
fn cancels(ask: &Ask<'_>) -> anyhow::Result<Vec<Ahead>> {
    let waits = |played: &Played, ix: StepIx| {
        let waits = matches!(played.graph.step(ix).action, Action::WaitHealthy(_));
        (!waits).then_some("nothing is waited for")
    };
    cells(ask, "cancelled", waits, |ix| (Trouble::Cancel(ix), Box::new(refused)))
}

/// Why no refusal made a run undo a step.
fn never_undone(played: &Played, ix: StepIx) -> Fate {
    let graph = &played.graph;
    if !step::undoable(graph, ix) {
        return Fate::NotApplicable("it has no undo");
    }
    match graph.kind.failure_policy() {
        FailurePolicy::Unwind => {}
        FailurePolicy::UnwindBeforePivot if behind_pivot(graph, ix) => {
            return Fate::NotApplicable("it comes behind the pivot, where a run halts");
        }
        FailurePolicy::UnwindBeforePivot if opens_pivot(played, ix) => {
            return Fate::NotApplicable("the pivot is passed in the moment in which it is done");
        }
        FailurePolicy::UnwindBeforePivot => {}
        FailurePolicy::Halt | FailurePolicy::HaltDependents | FailurePolicy::Continue => {
            return Fate::NotApplicable("a run of its kind halts, and undoes nothing");
        }
    }
    Fate::Missed(format!("no refusal undoes {:?}", graph.step(ix).action))
}

/// Whether a step is the last one that the pivot waits for: with its end the pivot is passed.
fn opens_pivot(played: &Played, ix: StepIx) -> bool {
    let graph = &played.graph;
    let Some(pivot) = graph.pivot else { return false };
    let mut before = BTreeSet::from([pivot]);
    // Steps are in an order in which each comes behind what it waits for.
    for step in graph.edges.topological().into_iter().rev() {
        if graph.edges.from(step).any(|edge| before.contains(&edge.to)) {
            before.insert(step);
        }
    }
    let told = [&played.told, &played.restarted].into_iter().find(|t| t.done.contains(&ix));
    let last = told.and_then(|told| told.done.iter().rev().find(|step| before.contains(step)));
    last == Some(&ix)
}

/// Whether a step waits for something after which its run is not undone any more.
fn behind_pivot(graph: &Graph, ix: StepIx) -> bool {
    let decides = |step: &StepIx| {
        let promotes = matches!(graph.step(*step).action, Action::PromoteStorage(_));
        promotes || graph.pivot == Some(*step)
    };
    let mut behind: BTreeSet<StepIx> = BTreeSet::new();
    let mut next: Vec<StepIx> = (0..graph.len() as StepIx).filter(decides).collect();
    while let Some(step) = next.pop() {
        next.extend(graph.edges.from(step).map(|edge| edge.to).filter(|to| behind.insert(*to)));
    }
    behind.contains(&ix)
}

fn cells(
    ask: &Ask<'_>,
    column: &str,
    reason: impl Fn(&Played, StepIx) -> Option<&'static str>,
    trouble: impl Fn(StepIx) -> (Trouble, Hit),
) -> anyhow::Result<Vec<Ahead>> {
    let (played, without) = graphs::all(ask)?;
    let mut cells: Vec<Ahead> = Vec::new();
    for one in &played {
        let row = row(one.setting, one.act);
        for ix in 0..one.graph.len() as StepIx {
            let (trouble, hit) = trouble(ix);
            let what = match reason(one, ix) {
                Some(reason) => Err(Fate::NotApplicable(reason)),
                None => Ok(Plot {
                    setting: one.setting,
                    whole: ask.whole,
                    act: one.act,
                    refused: one.refused_for(ix),
                    trouble: Some(trouble),
                }),
            };
            let (row, column) = (row.clone(), column.to_owned());
            cells.push(Ahead { name: format!("{row}/{ix}"), row, column, what, hit });
        }
    }
    cells.extend(without.into_iter().map(graphs::without));
    Ok(cells)
}
