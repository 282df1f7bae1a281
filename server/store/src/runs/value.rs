//! A run as lists and pages show it.

use muster_engine::Ending;
use muster_plans::id::{GroupName, PlanName, RunId, RunTag};
use muster_plans::run::RunKind;
use muster_plans::time::Time;
use uuid::Uuid;

use crate::Error;
use crate::entity::run;
use crate::text::{from_json, from_word, json, word};

/// One execution of a plan, without its graph and its journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id (UUID v7, so ids are in the order of starts).
    pub id: RunId,
    /// The plan.
    pub plan: PlanName,
    /// What it does.
    pub kind: RunKind,
    /// When it was made.
    pub created_at: Time,
    /// By whom.
    pub started_by: String,
    /// Why, where it was said.
    pub reason: Option<String>,
    /// Digest of the graph.
    pub graph_digest: String,
    /// The chain to which it belongs.
    pub chain: Option<Uuid>,
    /// The mark on what a test made.
    pub tag: Option<RunTag>,
    /// One word for lists. Not the truth, which is the journal.
    pub state: String,
    /// Further fields for lists.
    pub summary: serde_json::Value,
    /// It holds its protection groups.
    pub active: bool,
    /// How it ended, last time.
    pub ending: Option<Ending>,
    /// When.
    pub ended_at: Option<Time>,
}

/// Which runs a list shows; `None` shows all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    /// Of this plan.
    pub plan: Option<PlanName>,
    /// Of this kind.
    pub kind: Option<RunKind>,
    /// That hold their groups, or do not.
    pub active: Option<bool>,
    /// With this word as their state.
    pub state: Option<String>,
    /// Of this chain.
    pub chain: Option<Uuid>,
    /// In which this protection group takes part.
    pub group: Option<GroupName>,
}

impl TryFrom<run::Model> for Run {
    type Error = Error;

    fn try_from(row: run::Model) -> Result<Run, Error> {
        Ok(Run {
            id: RunId(row.id),
            plan: row.plan.into(),
            kind: from_word("kind of run", &row.kind)?,
            created_at: Time(row.created_at),
            started_by: row.started_by,
            reason: row.reason,
            graph_digest: row.graph_digest,
            chain: row.chain_id,
            tag: row.tag.map(Into::into),
            state: row.state,
            summary: from_json("summary of a run", &row.summary)?,
            active: row.active,
            ending: row.ending.map(|word| from_word("ending of a run", &word)).transpose()?,
            ended_at: row.ended_at.map(Time),
        })
    }
}

impl TryFrom<&Run> for run::Model {
    type Error = Error;

    fn try_from(run: &Run) -> Result<run::Model, Error> {
        Ok(run::Model {
            id: run.id.0,
            plan: run.plan.as_str().to_owned(),
            kind: word("kind of run", &run.kind)?,
            created_at: run.created_at.0,
            started_by: run.started_by.clone(),
            reason: run.reason.clone(),
            graph_digest: run.graph_digest.clone(),
            chain_id: run.chain,
            tag: run.tag.as_ref().map(|tag| tag.as_str().to_owned()),
            state: run.state.clone(),
            summary: json("summary of a run", &run.summary)?,
            active: run.active,
            ending: run.ending.map(|ending| word("ending of a run", &ending)).transpose()?,
            ended_at: run.ended_at.map(|at| at.0),
        })
    }
}
