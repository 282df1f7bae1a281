//! A crash at every point of every compiled graph: before and after each record and each operation;
//! and then a crash of the server that has taken over, at every point of what follows.

use muster_contract::OperationKind;
use muster_engine::step;
use muster_plans::graph::{Action, StepIx};

use super::graphs::{self, Played, row};
use super::{Ahead, Ask, Fate, options, spread};
use crate::cue::{Part, Plot, Spot, Trouble};
use crate::play::{Report, play};

pub(super) fn cells(ask: &Ask<'_>) -> anyhow::Result<Vec<Ahead>> {
    let (played, without) = graphs::all(ask)?;
    let points = played.iter().flat_map(|one| points(one).into_iter().map(|at| cell(ask, one, at)));
    Ok(points.chain(without.into_iter().map(graphs::without)).collect())
}

/// The points that a graph has by itself, whatever was seen of it; or why a step has none.
fn points(played: &Played) -> Vec<Result<Spot, (StepIx, &'static str)>> {
    let graph = &played.graph;
    let mut points = Vec::new();
    let mut add = |step: Option<StepIx>, part: Part| {
        points.extend([false, true].map(|after| Ok(Spot { step, part, after })));
    };
    add(None, Part::Intent);
    add(None, Part::End);
    for ix in 0..graph.len() as StepIx {
        if matches!(graph.step(ix).action, Action::Barrier | Action::Report) {
            continue;
        }
        add(Some(ix), Part::Intent);
        if step::forward(graph, ix).is_some_and(|work| work.operation.is_some()) {
            add(Some(ix), Part::Call);
        }
        add(Some(ix), Part::End);
    }
    let unwritten = (0..graph.len() as StepIx)
        .filter(|ix| matches!(graph.step(*ix).action, Action::Barrier | Action::Report))
        .map(|ix| Err((ix, "nothing is written or sent for it: it follows from the others")));
    points.extend(unwritten);
    points
}

fn cell(ask: &Ask<'_>, played: &Played, at: Result<Spot, (StepIx, &'static str)>) -> Ahead {
    let row = row(played.setting, played.act);
    let spot = match at {
        Ok(spot) => spot,
        Err((step, reason)) => {
            let (name, column) = (format!("{row}/{step}"), String::from("-"));
            let what = Err(Fate::NotApplicable(reason));
            return Ahead { row, column, name, what, hit: Box::new(hit) };
        }
    };
    let part = match spot.part {
        Part::Intent => "intent",
        Part::Call => "call",
        Part::End => "end",
    };
    let when = if spot.after { "after" } else { "before" };
    let step = spot.step.map_or_else(|| String::from("run"), |step| step.to_string());
    let column = format!("{part}-{when}");
    let name = format!("{row}/{step}/{column}");
    let trouble = || Some(Trouble::Crash { spot, again: None });
    let (setting, whole, act) = (played.setting, ask.whole, played.act);
    let plot = |refused| Plot { setting, whole, act, refused, trouble: trouble() };
    let what = if played.told.spots.contains(&spot) {
        Ok(plot(None))
    } else if played.restarted.spots.contains(&spot) {
        Ok(plot(Some(OperationKind::Migrate)))
    } else {
        let action = spot.step.map(|step| played.graph.step(step).action);
        Err(Fate::Missed(format!("the run does not come by {action:?}")))
    };
    Ahead { row, column, name, what, hit: Box::new(hit) }
}

fn hit(_: &Plot, report: &Report) -> Result<Fate, String> {
    match report.told.deaths {
        1 => Ok(Fate::Passed),
        deaths => Err(format!("the server died {deaths} times")),
    }
}

/// After each first crash, one more at each point that its successor passes.
pub(super) fn seconds(ask: &Ask<'_>) -> anyhow::Result<Vec<Ahead>> {
    let firsts = cells(ask)?.into_iter().filter(|cell| {
        // Named below a first crash, only that one is of interest.
        ask.only.is_none_or(|only| cell.name.starts_with(only) || only.starts_with(&cell.name))
    });
    let firsts: Vec<Ahead> = firsts.filter(|cell| cell.what.is_ok()).collect();
    let followed = spread(&firsts, ask.jobs, |first| {
        let Ok(plot) = &first.what else { return Ok(Vec::new()) };
        let visits = play(ask.seed, &options(plot.clone(), false))?.told.visits;
        Ok((0..visits).filter_map(|again| second(first, plot, again)).collect::<Vec<Ahead>>())
    })?;
    Ok(followed.into_iter().flatten().collect())
}

fn second(first: &Ahead, plot: &Plot, again: u64) -> Option<Ahead> {
    let Some(Trouble::Crash { spot, .. }) = plot.trouble else { return None };
    let trouble = Some(Trouble::Crash { spot, again: Some(again) });
    Some(Ahead {
        row: first.row.clone(),
        column: first.column.clone(),
        name: format!("{}/{again}", first.name),
        what: Ok(Plot { trouble, ..plot.clone() }),
        hit: Box::new(|_, report| {
            let owners = &report.told.owners;
            let server = |owner: &String| owner.split('.').next().unwrap_or_default().to_owned();
            let changes = owners.windows(2).filter(|two| server(&two[0]) != server(&two[1]));
            match (report.told.deaths, changes.count()) {
                (2, 1..) => Ok(Fate::Passed),
                (deaths, _) => Err(format!("{deaths} deaths, owners {owners:?}")),
            }
        }),
    })
}
