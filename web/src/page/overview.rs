//! The first page: could I fail over now, what is running, how are the sites?

use askama::Template;

use crate::chrome::{Chrome, Live};
use crate::part::{Finding, RunLine, When};
use crate::state::{Fence, Health, Readiness, RunState};
use crate::text;

/// `GET /`.
#[derive(Clone, Debug, Template)]
#[template(path = "overview.html")]
pub struct Overview {
    /// The frame.
    pub chrome: Chrome,
    /// What changes while one looks.
    pub live: OverviewBody,
}

/// `GET /overview/live`.
#[derive(Clone, Debug, Template)]
#[template(path = "overview.html", block = "live")]
pub struct OverviewLive {
    /// What changes while one looks.
    pub live: OverviewBody,
}

/// What changes while one looks at the overview.
#[derive(Clone, Debug)]
pub struct OverviewBody {
    /// How the block keeps itself current.
    pub source: Live,
    /// One per recovery plan, worst first.
    pub plans: Vec<PlanCard>,
    /// Runs under way and runs that wait, waiting first.
    pub runs: Vec<RunLine>,
    /// One per site.
    pub sites: Vec<SiteCard>,
    /// VMs that no group protects, at all sites.
    pub unprotected: u32,
    /// VMs of which only some objects are protected.
    pub partly: u32,
}

/// One plan's verdict.
#[derive(Clone, Debug)]
pub struct PlanCard {
    /// Its name.
    pub name: String,
    /// Where its VMs run.
    pub from: String,
    /// Where they would be recovered.
    pub to: String,
    /// How many VMs.
    pub vms: u32,
    /// The verdict.
    pub readiness: Readiness,
    /// Why; worst first. Three are shown, the rest is counted.
    pub reasons: Vec<Finding>,
    /// The one thing to do next.
    pub next: Option<Next>,
    /// Age of the oldest recovery point, in milliseconds; `None`: not known.
    pub rpo_ms: Option<u64>,
    /// What the business asked for, in milliseconds.
    pub rpo_goal_ms: Option<u64>,
    /// Forecast of a failover, in milliseconds.
    pub rto_ms: Option<u64>,
    /// What the business asked for, in milliseconds.
    pub rto_goal_ms: Option<u64>,
    /// The last test and how it ended.
    pub tested: Option<(When, RunState)>,
}

impl PlanCard {
    /// Whether data would be lost beyond the objective. An age that is not known counts as too old.
    pub fn misses_rpo(&self) -> bool {
        self.rpo_goal_ms.is_some_and(|goal| self.rpo_ms.is_none_or(|age| age > goal))
    }

    /// Whether recovery would take longer than the objective.
    pub fn misses_rto(&self) -> bool {
        self.rto_goal_ms.is_some_and(|goal| self.rto_ms.is_some_and(|time| time > goal))
    }
}

/// The one thing to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// `Answer the prompt`, `Run a test`.
    pub label: String,
    /// Where.
    pub href: String,
}

/// One site in one line.
#[derive(Clone, Debug)]
pub struct SiteCard {
    /// Its name.
    pub name: String,
    /// Whether its agent answers.
    pub health: Health,
    /// Since when it is so.
    pub since: Option<When>,
    /// Whether it is cut off.
    pub fence: Fence,
    /// VMs there.
    pub vms: u32,
    /// One sentence on what is wrong; empty: nothing.
    pub note: String,
}

impl OverviewBody {
    /// The page in one sentence: `3 of 4 plans could fail over now.`
    pub fn headline(&self) -> String {
        let able = self.count(Readiness::Ready) + self.count(Readiness::Warnings);
        match (self.plans.len(), able) {
            (0, _) => String::from("There are no recovery plans yet."),
            (1, 1) => String::from("The plan could fail over now."),
            (1, 0) if self.count(Readiness::Busy) == 1 => String::from("A run is under way."),
            (1, 0) => String::from("The plan could not fail over now."),
            (all, able) if all == able => format!("All {all} plans could fail over now."),
            (all, able) => format!("{able} of {all} plans could fail over now."),
        }
    }

    /// How many plans have this verdict.
    pub fn count(&self, readiness: Readiness) -> usize {
        self.plans.iter().filter(|plan| plan.readiness == readiness).count()
    }

    /// `12 VMs are not protected`, or nothing.
    pub fn gap(&self) -> Option<String> {
        let mut said = Vec::new();
        if self.unprotected > 0 {
            said.push(format!("{} without protection", text::count(self.unprotected, "VM", "VMs")));
        }
        if self.partly > 0 {
            said.push(format!("{} protected in part", text::count(self.partly, "VM", "VMs")));
        }
        (!said.is_empty()).then(|| said.join(", "))
    }
}
