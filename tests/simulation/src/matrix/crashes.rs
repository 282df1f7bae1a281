//! A crash at every point of every compiled graph: before and after each record and each operation.

use muster_contract::OperationKind;
use muster_engine::step;
use muster_plans::graph::StepIx;

use super::graphs::{self, Played, row};
use super::{Ahead, Fate};
use crate::cue::{Part, Plot, Spot, Trouble};
use crate::play::Report;

pub(super) fn cells(seed: u64, only: Option<&str>, jobs: usize) -> anyhow::Result<Vec<Ahead>> {
    let (played, without) = graphs::all(seed, only, jobs)?;
    let points = played.iter().flat_map(|one| points(one).into_iter().map(|at| cell(one, at)));
    Ok(points.chain(without.into_iter().map(graphs::without)).collect())
}

/// The points that a graph has by itself, whatever was seen of it.
fn points(played: &Played) -> Vec<Spot> {
    let graph = &played.graph;
    let mut points = Vec::new();
    let mut add = |step: Option<StepIx>, part: Part| {
        for after in [false, true] {
            points.push(Spot { step, part, after });
        }
    };
    add(None, Part::Intent);
    for ix in 0..graph.len() as StepIx {
        add(Some(ix), Part::Intent);
        if step::forward(graph, ix).is_some_and(|work| work.operation.is_some()) {
            add(Some(ix), Part::Call);
        }
        add(Some(ix), Part::End);
    }
    add(None, Part::End);
    points
}

fn cell(played: &Played, spot: Spot) -> Ahead {
    let row = row(played.setting, played.act);
    let part = match spot.part {
        Part::Intent => "intent",
        Part::Call => "call",
        Part::End => "end",
    };
    let when = if spot.after { "after" } else { "before" };
    let step = spot.step.map_or_else(|| String::from("run"), |step| step.to_string());
    let column = format!("{part}-{when}");
    let name = format!("{row}/{step}/{column}");
    let trouble = Some(Trouble::Crash { spot, again: None });
    let plot = |refused| Plot { setting: played.setting, act: played.act, refused, trouble };
    let what = if played.told.spots.contains(&spot) {
        Ok(plot(None))
    } else if played.restarted.spots.contains(&spot) {
        Ok(plot(Some(OperationKind::Migrate)))
    } else {
        let action = spot.step.map(|step| played.graph.step(step).action);
        Err(Fate::Missed(format!("the run does not come by {action:?}")))
    };
    Ahead { row, column, name, what, hit }
}

fn hit(_: &Plot, report: &Report) -> Result<Fate, String> {
    match report.told.deaths {
        1 => Ok(Fate::Passed),
        deaths => Err(format!("the server died {deaths} times")),
    }
}
