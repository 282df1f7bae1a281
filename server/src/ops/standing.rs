//! Where a plan stands: its state, and the runs that the state came from.

use std::collections::{BTreeMap, BTreeSet};

use muster_plans::compile::Wall;
use muster_plans::id::{PlanName, RunId};
use muster_plans::state::{Event, PlanState};
use muster_plans::time::Time;
use muster_store::{PlanStateChange, Versioned};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::Code;
use crate::ops::Refused;

/// Where a plan stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Its state.
    pub state: PlanState,
    /// The test that is held, or whose cleanup is not done.
    #[serde(default)]
    pub test: Option<RunId>,
    /// The run whose protected-side steps may be owed: a failover, or a planned migration that could not
    /// clear something away.
    #[serde(default)]
    pub failover: Option<RunId>,
    /// The run that is under way, or halted.
    #[serde(default)]
    pub active: Option<RunId>,
    /// The run that ended last.
    #[serde(default)]
    pub last: Option<RunId>,
    /// When the recovery becomes final by itself.
    #[serde(default)]
    pub commit_at: Option<Time>,
    /// What its failover fences, and from where; `None`: not known, which counts as all that its documents
    /// allow.
    #[serde(default)]
    pub walls: Option<BTreeSet<Wall>>,
    /// The storage says that it is recovered, and no run of this journal did that: nobody knows what was
    /// left at the old site. Until a reprotect has ended well.
    #[serde(default)]
    pub unsettled: bool,
    /// Version in the store; 0: never stored.
    #[serde(skip)]
    pub version: u64,
}

impl Standing {
    fn read(stored: Option<Versioned>) -> Result<Standing, Refused> {
        let Some(stored) = stored else { return Ok(Standing::default()) };
        let mut standing: Standing = serde_json::from_str(&stored.json).map_err(|error| {
            Refused::new(
                Code::StoreUnavailable,
                format!("the stored state of the plan cannot be read: {error}"),
                "this database was written by another version; look at the changelog",
            )
        })?;
        standing.version = stored.version;
        Ok(standing)
    }

    /// The next state after an event.
    ///
    /// # Errors
    /// Where the event is not allowed in this state; the words say what to do first.
    pub fn after(&self, event: &Event) -> Result<Standing, Refused> {
        let state = self.state.next(event).map_err(|illegal| {
            Refused::new(
                Code::NotAllowedNow,
                illegal.to_string(),
                "look at what the plan allows now: muster plan show",
            )
        })?;
        Ok(Standing { state, ..self.clone() })
    }

    /// The change to be stored.
    pub fn change(&self, plan: &PlanName) -> PlanStateChange {
        PlanStateChange {
            plan: plan.clone(),
            json: serde_json::to_string(self).unwrap_or_default(),
            expected: self.version,
        }
    }
}

/// Where all plans stand that ever did something, in one look.
///
/// # Errors
/// Where the store does not answer.
pub async fn all_standings(app: &App) -> Result<BTreeMap<PlanName, Standing>, Refused> {
    let stored = app.store.plan_states().all().await?;
    let read = |(plan, stored)| Ok((plan, Standing::read(Some(stored))?));
    stored.into_iter().map(read).collect()
}

/// The same, where one that cannot be read must not be in the way of the others: it is `None`.
///
/// # Errors
/// Where the store does not answer.
pub(super) async fn readable_standings(
    app: &App,
) -> Result<Vec<(PlanName, Option<Standing>)>, Refused> {
    let stored = app.store.plan_states().all().await?;
    let read = |(plan, stored): (PlanName, Versioned)| {
        let standing = Standing::read(Some(stored)).inspect_err(|refused| {
            tracing::error!(plan.name = %plan, error = refused.detail, "where it stands is not known");
        });
        (plan, standing.ok())
    };
    Ok(stored.into_iter().map(read).collect())
}

/// Where a plan stands now.
///
/// # Errors
/// Where the store does not answer.
pub async fn standing_of(app: &App, plan: &PlanName) -> Result<Standing, Refused> {
    Standing::read(app.store.plan_states().get(plan).await?)
}
