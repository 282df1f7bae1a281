//! Runs through the real engine and the real store, on a file on disk.

mod adapter;
mod bare;
mod rig;
pub(crate) mod takeover;
pub(crate) mod throughput;
mod timer;
mod workload;

pub(crate) use workload::Workload;

use crate::report::{Goal, Report};

/// Measures all of it.
pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let small = throughput::fleet(report, 5_000, 5, Some(40_000.0))?;
    if !report.quick {
        let large = throughput::fleet(report, 50_000, 3, None)?;
        report.goal("steps/s, W(50000) : W(5000)", large / small, "", Goal::AtLeast(0.5));
    }
    takeover::measure(report, 5_000, false)?;
    takeover::measure(report, 5_000, true)?;
    throughput::makespan(report, 1_000)?;
    if !report.quick {
        throughput::makespan(report, 5_000)?;
    }
    Ok(())
}
