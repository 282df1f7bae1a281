//! Every step of every compiled graph: refused, with what it undoes undone twice; and done twice.

use muster_engine::step;
use muster_plans::graph::{Action, StepIx};

use super::graphs::{self, Played, row};
use super::{Ahead, Fate};
use crate::cue::{Plot, Trouble};
use crate::play::Report;

/// Why a step cannot be refused; `None`: it can.
fn unrefusable(played: &Played, ix: StepIx) -> Option<&'static str> {
    match played.graph.step(ix).action {
        Action::Prompt(_) | Action::Callout(_) => None,
        Action::Barrier | Action::Report => Some("it asks nobody for anything"),
        Action::Gate(_) => Some("it waits for evidence, and what it waits for cannot refuse"),
        _ => match step::forward(&played.graph, ix).and_then(|work| work.operation) {
            Some(_) => None,
            None => Some("it only looks, as do steps under stale, slow and missing answers"),
        },
    }
}

pub(super) fn refusals(seed: u64, only: Option<&str>, jobs: usize) -> anyhow::Result<Vec<Ahead>> {
    cells(seed, only, jobs, "refused", Trouble::Refuse, |_: &Plot, report: &Report| {
        match (report.told.refusals, report.told.harm.first()) {
            (0, _) => Err(String::from("nothing was refused")),
            (_, Some(harm)) => Err(harm.clone()),
            _ => Ok(Fate::Passed),
        }
    })
}

pub(super) fn doubles(seed: u64, only: Option<&str>, jobs: usize) -> anyhow::Result<Vec<Ahead>> {
    cells(seed, only, jobs, "twice", Trouble::Double, |_: &Plot, report: &Report| {
        match (report.told.twice.0.len(), report.told.harm.first()) {
            (1, None) => Ok(Fate::Passed),
            (_, Some(harm)) => Err(harm.clone()),
            (steps, None) => Err(format!("{steps} steps were done twice")),
        }
    })
}

fn cells(
    seed: u64,
    only: Option<&str>,
    jobs: usize,
    column: &str,
    trouble: fn(StepIx) -> Trouble,
    hit: fn(&Plot, &Report) -> Result<Fate, String>,
) -> anyhow::Result<Vec<Ahead>> {
    let (played, without) = graphs::all(seed, only, jobs)?;
    let mut cells: Vec<Ahead> = Vec::new();
    for one in &played {
        let row = row(one.setting, one.act);
        for ix in 0..one.graph.len() as StepIx {
            let operation = step::forward(&one.graph, ix).and_then(|work| work.operation);
            let reason = match trouble(ix) {
                Trouble::Double(_) if operation.is_none() => Some("no site is asked to do it"),
                Trouble::Double(_) => None,
                _ => unrefusable(one, ix),
            };
            let what = match reason {
                Some(reason) => Err(Fate::NotApplicable(reason)),
                None => {
                    let trouble = Some(trouble(ix));
                    let refused = one.refused_for(ix);
                    Ok(Plot { setting: one.setting, act: one.act, refused, trouble })
                }
            };
            let (row, column) = (row.clone(), column.to_owned());
            cells.push(Ahead { name: format!("{row}/{ix}"), row, column, what, hit });
        }
    }
    cells.extend(without.into_iter().map(graphs::without));
    Ok(cells)
}
