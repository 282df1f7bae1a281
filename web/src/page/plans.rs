//! Recovery plans.

use askama::Template;

use crate::Chrome;
use crate::part::{Finding, When};
use crate::state::{Readiness, RunState};

/// `GET /plans`.
#[derive(Clone, Debug, Template)]
#[template(path = "plans.html")]
pub struct Plans {
    /// The frame.
    pub chrome: Chrome,
    /// By name.
    pub plans: Vec<PlanLine>,
}

/// A plan in one line.
#[derive(Clone, Debug)]
pub struct PlanLine {
    /// Its name.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// Where its VMs run.
    pub from: String,
    /// Where they would be recovered.
    pub to: String,
    /// Its protection groups.
    pub groups: Vec<String>,
    /// How many VMs.
    pub vms: u32,
    /// The verdict.
    pub readiness: Readiness,
    /// The worst that is wrong.
    pub finding: Option<Finding>,
    /// Forecast of a failover and the objective, in milliseconds.
    pub rto_ms: (Option<u64>, Option<u64>),
    /// Age of the oldest recovery point and the objective, in milliseconds.
    pub rpo_ms: (Option<u64>, Option<u64>),
    /// The last test and how it ended.
    pub tested: Option<(When, RunState)>,
    /// Whether a test may be started now.
    pub may_test: bool,
    /// The plan's state by SRM's name, for those who know it: `READY_STATE`.
    pub srm: String,
}
