//! One step as people see it.

use muster_plans::graph::StepIx;
use muster_plans::time::Time;
use serde::Serialize;

use crate::state::{RunState, StepState};

/// One step as people see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// The step.
    pub step: StepIx,
    /// Where it stands.
    pub state: StepState,
    /// Attempts that were begun.
    pub attempts: u32,
    /// When it was first started.
    pub started_at: Option<Time>,
    /// When it came to its end.
    pub ended_at: Option<Time>,
    /// What is to be said of it where it did not go plainly.
    pub message: Option<String>,
}

impl StepView {
    /// Of a step of the graph; `None`: it has no such step.
    pub fn of(state: &RunState, step: StepIx) -> Option<StepView> {
        Some(StepView {
            step,
            state: state.step(step)?,
            attempts: state.attempts(step),
            started_at: state.step_started_at(step),
            ended_at: state.step_ended_at(step),
            message: state.message(step).map(str::to_owned),
        })
    }
}
