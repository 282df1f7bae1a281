//! Runs, newest first.

use askama::Template;

use crate::Chrome;
use crate::part::{Choice, Paging, RunLine};

/// `GET /runs`.
#[derive(Clone, Debug, Template)]
#[template(path = "runs.html")]
pub struct Runs {
    /// The frame.
    pub chrome: Chrome,
    /// Filter by plan.
    pub plans: Vec<Choice>,
    /// Filter by kind.
    pub kinds: Vec<Choice>,
    /// Filter by state.
    pub states: Vec<Choice>,
    /// Runs of this page.
    pub runs: Vec<RunLine>,
    /// Which runs these are.
    pub paging: Paging,
}

impl Runs {
    /// Whether a filter is set.
    pub fn is_filtered(&self) -> bool {
        [&self.plans, &self.kinds, &self.states]
            .iter()
            .any(|choices| choices.iter().any(|c| c.chosen && !c.value.is_empty()))
    }
}
