//! A run as people see it.
//!
//! Views are made of a run's state alone, so that a run of last year looks like one of today.

mod run;
mod step;

#[cfg(test)]
mod tests;

pub use run::{PhaseView, RunView, RunningStep, StateWord, Waiting, WaitingFor};
pub use step::StepView;
