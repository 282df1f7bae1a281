//! Deciding what to do: documents, groups, graphs, forecasts.

mod check;
mod compile;
mod derive;

use crate::clock::{Took, ms};
use crate::report::{Goal, Report};

/// Measures all of it.
pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    check::run(report)?;
    derive::run(report)?;
    compile::run(report)
}

/// Sizes of a benchmark that shows growth.
fn sizes(quick: bool) -> &'static [usize] {
    if quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] }
}

/// How much more one VM costs when there are ten times as many: 1 is linear.
fn growth(report: &mut Report, name: &str, times: &[(usize, Took)]) {
    for pair in times.windows(2) {
        let [(small, quick), (large, slow)] = pair else { continue };
        let each = |took: &Took, vms: usize| took.wall.as_secs_f64() / vms as f64;
        let each = each(slow, *large) / each(quick, *small);
        report.plain(format!("{name}, cost of a VM at {large} : at {small}"), each, "(1 = linear)");
    }
}

/// One time by size, with its goal where it has one.
fn time(report: &mut Report, name: String, took: Took, goal: Option<f64>) {
    match goal {
        Some(goal) => {
            report.goal(name.clone(), ms(took.wall), "ms", Goal::AtMost(goal));
            report.plain(format!("{name}, on a core"), ms(took.core), "ms");
        }
        None => report.plain(name, ms(took.wall), "ms"),
    }
}
