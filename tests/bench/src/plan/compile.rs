//! Compiling plans, and forecasting their runs.

use muster_plans::compile::compile;
use muster_plans::fixture::fleet;
use muster_plans::forecast;
use muster_plans::run::RunKind;

use super::{growth, sizes, time};
use crate::clock::{median_of, timed};
use crate::report::Report;

const KINDS: [(&str, RunKind); 3] = [
    ("failover", RunKind::Failover),
    ("planned migration", RunKind::PlannedMigration),
    ("test", RunKind::Test),
];

pub(super) fn run(report: &mut Report) -> anyhow::Result<()> {
    let mut compiles = [Vec::new(), Vec::new(), Vec::new()];
    let mut forecasts = Vec::new();
    for &vms in sizes(report.quick) {
        let world = fleet(vms);
        let derivation = world.derive();
        let plan = "all".into();
        for (ix, (name, kind)) in KINDS.into_iter().enumerate() {
            let request = world.request(&plan, &derivation, kind);
            let took = median_of(5, || compile(&request));
            let goal = (vms == 100_000).then_some(500.0);
            time(report, format!("compile, {name}, {vms} VMs"), took, goal);
            compiles[ix].push((vms, took));
        }
        let request = world.request(&plan, &derivation, RunKind::Failover);
        let compiled = compile(&request).map_err(|findings| {
            let words: Vec<&str> = findings.iter().take(3).map(|f| f.message.as_str()).collect();
            anyhow::anyhow!("the fleet cannot be compiled: {}", words.join("; "))
        })?;
        report.plain(format!("steps, failover, {vms} VMs"), compiled.graph.len() as f64, "steps");
        let (took, _) = timed(|| forecast::makespan(&compiled.graph));
        time(report, format!("forecast makespan, {vms} VMs"), took, None);
        forecasts.push((vms, took));
    }
    for ((name, _), times) in KINDS.into_iter().zip(&compiles) {
        growth(report, &format!("compile, {name}"), times);
    }
    growth(report, "forecast", &forecasts);
    Ok(())
}
