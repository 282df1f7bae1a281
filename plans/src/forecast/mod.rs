//! How long a run takes: its graph played through under the caps, without doing anything.

mod queue;
mod schedule;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::graph::{Graph, StepIx};
use crate::time::Span;

pub use schedule::{Hold, Schedule, schedule};

/// How long a run takes, and why not less.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// From the first step to the end of the last, in the schedule that the executor would follow.
    pub makespan: Span,
    /// No schedule is shorter: the longest chain of steps, or the work for one resource divided by
    /// its cap, whichever is more.
    pub lower_bound: Span,
    /// Steps that follow each other without a gap from the start to the end of the run: each waits
    /// for the one before it, by an edge or by a resource that it sets free.
    pub critical_path: Vec<StepIx>,
    /// The resource that the steps of this chain waited for longest; `None`: they waited for none.
    pub binding: Option<u32>,
}

/// Milliseconds that each step takes where all goes well. A step that another one makes unneeded
/// takes nothing: the restart of a VM that moves live.
pub fn durations(graph: &Graph) -> Vec<u64> {
    let taken = |step: &crate::graph::Step| match step.unless {
        Some(_) => 0,
        None => u64::from(step.estimate_ms),
    };
    graph.steps.iter().map(taken).collect()
}

/// Forecasts a run from the estimates in its graph.
pub fn makespan(graph: &Graph) -> Forecast {
    makespan_of(graph, &durations(graph))
}

/// Forecasts a run with other durations, in milliseconds by step: measured ones, or a drawn sample.
pub fn makespan_of(graph: &Graph, durations: &[u64]) -> Forecast {
    let schedule = schedule(graph, durations);
    let (critical_path, binding) = schedule.critical_path(graph.resources.len());
    Forecast {
        makespan: Span(schedule.makespan()),
        lower_bound: Span(lower_bound(graph, durations)),
        critical_path,
        binding,
    }
}

fn lower_bound(graph: &Graph, durations: &[u64]) -> u64 {
    let mut longest = vec![0_u64; durations.len()];
    for &ix in graph.edges.topological().iter().rev() {
        let after = graph.edges.from(ix).map(|e| longest[e.to as usize]).max().unwrap_or(0);
        longest[ix as usize] = after + durations[ix as usize];
    }
    let path = longest.into_iter().max().unwrap_or(0);
    let mut work = vec![0_u128; graph.resources.len()];
    for (step, duration) in graph.steps.iter().zip(durations) {
        for &(resource, units) in &graph.costs[step.cost as usize] {
            let held = units.min(graph.resources[resource as usize].cap);
            work[resource as usize] += u128::from(held) * u128::from(*duration);
        }
    }
    let busiest = work.iter().zip(&graph.resources).filter(|(_, resource)| resource.cap > 0).map(
        |(work, resource)| {
            u64::try_from(work.div_ceil(u128::from(resource.cap))).unwrap_or(u64::MAX)
        },
    );
    busiest.max().unwrap_or(0).max(path)
}
