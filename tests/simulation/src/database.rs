//! The database that all servers share: journal, leases, runs, where the plan stands.
//!
//! One value under one lock; each function is one transaction. A copy of it is a backup, and putting
//! a backup back is the worst fault there is: the end of the journal is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_engine::{Append, AppendError, Ending, Fence, Opening, OwnerId, Record};
use muster_plans::graph::Graph;
use muster_plans::guard::{Guard, holds};
use muster_plans::id::{RunId, SiteName};
use muster_plans::inventory::{Link, SiteInventory, Witness};
use muster_plans::time::{Span, Time};

use crate::standing::Standing;

/// A run as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) graph: Arc<Graph>,
    pub(crate) opening: Opening,
    pub(crate) ending: Option<Ending>,
    /// Nothing else may take its place yet.
    pub(crate) active: bool,
}

/// What a site reported last.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub(crate) inventory: SiteInventory,
    pub(crate) links: Vec<Link>,
    pub(crate) witnesses: Vec<Witness>,
}

/// Everything that is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    pub(crate) incarnation: u64,
    epoch: u64,
    pub(crate) runs: BTreeMap<RunId, Row>,
    pub(crate) records: BTreeMap<RunId, Vec<Record>>,
    leases: BTreeMap<RunId, (Fence, Time)>,
    pub(crate) standing: Standing,
    pub(crate) reported: BTreeMap<SiteName, Reported>,
    /// It was put back from a backup, and nobody has released it.
    pub(crate) on_hold: bool,
    /// Sites that were off when it was released: told of the new incarnation when they return.
    pub(crate) untold: BTreeSet<SiteName>,
    pub(crate) commits: u64,
}

impl Database {
    pub(crate) fn new() -> Database {
        Database { incarnation: 1, ..Database::default() }
    }

    /// An older copy takes the place of everything. What lies beside the database tells that it is one:
    /// it gets a new incarnation, and nothing is done by it until somebody has looked.
    pub(crate) fn put_back(&mut self, backup: Database) {
        let incarnation = self.incarnation + 1;
        // Whoever held a lease held it in another life.
        let leases = BTreeMap::new();
        *self = Database { incarnation, on_hold: true, leases, ..backup };
    }

    /// Appends, as far as each run's fence and position allow.
    pub(crate) fn append(&mut self, entry: &Append) -> Result<(), AppendError> {
        self.commits += 1;
        if holds(Guard::CompareAndSet) {
            self.may_append(entry)?;
        }
        let records = self.records.entry(entry.run).or_default();
        records.extend(entry.records.iter().cloned());
        Ok(())
    }

    fn may_append(&self, entry: &Append) -> Result<(), AppendError> {
        let held = self.leases.get(&entry.run).is_some_and(|(fence, _)| *fence == entry.fence);
        if !held || entry.fence.incarnation != self.incarnation {
            return Err(AppendError::FencedOff);
        }
        if !self.runs.contains_key(&entry.run) {
            return Err(AppendError::NoRun);
        }
        let end = self.records.get(&entry.run).map_or(0, Vec::len) as u64;
        if entry.records.first().is_some_and(|first| first.seq != end) {
            return Err(AppendError::Gap(end));
        }
        Ok(())
    }

    pub(crate) fn acquire(
        &mut self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Option<Fence> {
        let over = self.runs.get(&run).is_some_and(|row| row.ending.is_some());
        if over && holds(Guard::NotOver) {
            return None;
        }
        let held = self.leases.get(&run).is_some_and(|(_, until)| *until > now);
        if held && holds(Guard::Lease) {
            return None;
        }
        self.epoch += 1;
        let fence =
            Fence { owner: owner.clone(), epoch: self.epoch, incarnation: self.incarnation };
        self.leases.insert(run, (fence.clone(), now + ttl));
        Some(fence)
    }

    pub(crate) fn renew(&mut self, run: RunId, fence: &Fence, now: Time, ttl: Span) -> bool {
        let Some((_, until)) = self.leases.get_mut(&run).filter(|(held, _)| held == fence) else {
            return false;
        };
        *until = now + ttl;
        true
    }

    pub(crate) fn release(&mut self, run: RunId, fence: &Fence) -> bool {
        let held = self.leases.get(&run).is_some_and(|(held, _)| held == fence);
        if held {
            self.leases.remove(&run);
        }
        held
    }

    /// Stores a run with the plan's new state, if nothing has changed since that was read.
    pub(crate) fn create(&mut self, id: RunId, row: Row, read: u64, next: Standing) -> bool {
        let stale = self.standing.version != read;
        if self.on_hold || (stale && holds(Guard::OneRun)) {
            return false;
        }
        if let Some(halted) = self.standing.active.and_then(|run| self.runs.get_mut(&run)) {
            halted.active = false;
        }
        self.runs.insert(id, row);
        self.standing = next;
        self.commits += 1;
        true
    }

    /// Takes in the end of a run, once.
    pub(crate) fn finish(
        &mut self,
        id: RunId,
        ending: Ending,
        next: impl FnOnce(&Standing, &Graph) -> Option<Standing>,
    ) -> bool {
        let Some(row) = self.runs.get_mut(&id).filter(|row| row.ending != Some(ending)) else {
            return false;
        };
        if self.standing.active != Some(id) {
            return false;
        }
        let Some(next) = next(&self.standing, &row.graph) else { return false };
        row.ending = Some(ending);
        row.active = ending == Ending::Halted;
        self.standing = next;
        self.commits += 1;
        true
    }

    /// A halted run goes on.
    pub(crate) fn resumed(&mut self, id: RunId, next: Standing) -> bool {
        let Some(row) = self.runs.get_mut(&id) else { return false };
        row.ending = None;
        self.standing = next;
        self.commits += 1;
        true
    }

    /// Runs that somebody should execute.
    pub(crate) fn open_runs(&self) -> Vec<(RunId, Arc<Graph>, Opening)> {
        let open = self.runs.iter().filter(|(_, row)| row.active && row.ending.is_none());
        open.map(|(id, row)| (*id, Arc::clone(&row.graph), row.opening.clone())).collect()
    }
}
