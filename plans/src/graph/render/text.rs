//! A graph as text: phases, steps, and what each waits for.

use std::fmt::Write;

use super::step_title;
use crate::graph::{Action, Graph, Needs, OnFailure, StepIx};
use crate::time::Span;

/// Longest list of numbers that is written out.
const SHOWN: usize = 4;

/// The graph for people. Each step has its number, what it does, and behind it what it waits for: `<-`
/// for steps that must succeed, `..` for steps that must only have ended.
pub fn text(graph: &Graph) -> String {
    let mut text = String::new();
    // Writing into a `String` cannot fail.
    let _ = head(graph, &mut text);
    let waits = waits(graph);
    for (phase, steps) in by_phase(graph).iter().enumerate() {
        if steps.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}", graph.phases[phase].name);
        for &ix in steps {
            let _ = line(graph, ix, &waits[ix as usize], &mut text);
        }
    }
    text
}

fn head(graph: &Graph, text: &mut String) -> std::fmt::Result {
    let kind = match (graph.forced, graph.owed_only) {
        (true, _) => format!("forced {}", graph.kind),
        (_, true) => format!("owed steps of a {}", graph.kind),
        _ => graph.kind.to_string(),
    };
    write!(text, "{}: {kind}, {} steps", graph.plan, graph.len())?;
    match graph.remaining_path().into_iter().max() {
        Some(longest) => writeln!(text, ", longest path {}", Span(longest)),
        None => writeln!(text),
    }
}

/// Steps of each phase, in their order.
fn by_phase(graph: &Graph) -> Vec<Vec<StepIx>> {
    let mut phases = vec![Vec::new(); graph.phases.len()];
    for (ix, step) in (0_u32..).zip(&graph.steps) {
        phases[step.phase as usize].push(ix);
    }
    phases
}

/// For each step, what it waits for.
pub(super) fn waits(graph: &Graph) -> Vec<Vec<(StepIx, Needs)>> {
    let mut waits = vec![Vec::new(); graph.len()];
    for ix in 0..graph.len() as StepIx {
        for edge in graph.edges.from(ix) {
            waits[edge.to as usize].push((ix, edge.needs));
        }
    }
    waits
}

fn line(
    graph: &Graph,
    ix: StepIx,
    waits: &[(StepIx, Needs)],
    text: &mut String,
) -> std::fmt::Result {
    let step = graph.step(ix);
    match step.action {
        Action::Barrier => write!(text, "{ix:>5}  --")?,
        _ => write!(text, "{ix:>5}  {}", step_title(graph, ix))?,
    }
    numbers(text, " <-", waits, Needs::Success)?;
    numbers(text, " ..", waits, Needs::End)?;
    match step.on_failure {
        OnFailure::Policy => {}
        OnFailure::Warn => text.push_str("  [failure is a warning]"),
        OnFailure::Owe => text.push_str("  [failure is owed]"),
    }
    if let Some(unless) = step.unless {
        write!(text, "  [unless {unless} succeeded]")?;
    }
    if graph.pivot == Some(ix) {
        text.push_str("  [no undo from here on]");
    }
    writeln!(text)
}

fn numbers(
    text: &mut String,
    mark: &str,
    waits: &[(StepIx, Needs)],
    needs: Needs,
) -> std::fmt::Result {
    let of_kind: Vec<StepIx> =
        waits.iter().filter(|(_, n)| *n == needs).map(|(ix, _)| *ix).collect();
    if of_kind.is_empty() {
        return Ok(());
    }
    text.push_str(mark);
    for ix in of_kind.iter().take(SHOWN) {
        write!(text, " {ix}")?;
    }
    match of_kind.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(text, " and {more} more"),
    }
}
