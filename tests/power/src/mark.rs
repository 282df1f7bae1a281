//! What the recorded process says of its own commits, on its standard output and so in the recording.
//!
//! Every transaction that counts is announced before it is begun and acknowledged when the store has
//! answered, one at a time, so that what may be found after a power loss is a number: the state after so
//! many of them.

use std::collections::BTreeMap;
use std::io::Write;

use muster_plans::id::RunId;
use serde::{Deserialize, Serialize};

/// What one transaction changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// A run is there, with a graph and an empty journal.
    Created(RunId),
    /// Journals are so long now.
    Appended(Vec<(RunId, u64)>),
    /// An epoch was drawn.
    Taken(u64),
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mark {
    /// The next transaction is begun. What it draws is not known yet.
    Begin(Option<Step>),
    /// It was acknowledged.
    Ack(Step),
}

impl Mark {
    /// Says it, in one write.
    pub(crate) fn say(&self) -> std::io::Result<()> {
        let line = format!("{}\n", serde_json::to_string(self)?);
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes())?;
        out.flush()
    }
}

/// What a database holds: the length of each run's journal, and the highest epoch that was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) runs: BTreeMap<RunId, u64>,
    pub(crate) epoch: u64,
}

impl Held {
    pub(crate) fn apply(&mut self, step: &Step) {
        match step {
            Step::Created(run) => drop(self.runs.insert(*run, 0)),
            Step::Appended(lengths) => self.runs.extend(lengths.iter().copied()),
            Step::Taken(epoch) => self.epoch = self.epoch.max(*epoch),
        }
    }
}
