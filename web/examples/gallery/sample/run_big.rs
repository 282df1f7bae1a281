use muster_web::page::{PhaseSteps, Run, RunBody, SubjectSteps};
use muster_web::part::Paging;
use muster_web::state::StepState;

use super::run::{run_live, step};

/// A run with as many steps on one page as the server ever sends, under names that try to break out.
pub(crate) fn run_big(count: u32, name: &str) -> Run {
    let run = run_live();
    let states = StepState::ALL;
    let subjects = (0..count)
        .map(|i| SubjectSteps {
            name: format!("{name}-{i:05}"),
            steps: vec![step(1000 + i, "Power on", states[i as usize % states.len()], name)],
        })
        .collect();
    Run {
        live: RunBody {
            steps: vec![PhaseSteps { ix: 7, name: "Power on, priority 2".into(), subjects }],
            paging: Paging {
                total: 100_000,
                next: Some("/runs/r1?show=all&skip=1000".into()),
                ..Paging::whole(count as usize)
            },
            ..run.live
        },
        ..run
    }
}
