//! The database that all servers share: journal, leases, runs, where the plan stands.
//!
//! One value under one lock; each function is one transaction. A copy of it is a backup, and putting
//! a backup back is the worst fault there is: the end of the journal is forgotten.
//!
//! With [`Sql`] beside it the product's own store does every transaction as well, and the servers get
//! the store's answers; where the two differ, one of them is wrong.

mod agree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_engine::{Append, AppendError, Ending, Fence, LeaseSight, Opening, OwnerId, Record};
use muster_plans::graph::Graph;
use muster_plans::guard::{Guard, holds};
use muster_plans::id::{GroupName, RunId, SiteName};
use muster_plans::inventory::{Link, SiteInventory, Witness};
use muster_plans::time::{Span, Time};

use crate::sql::{Answer, Found, Question, Sql, Transaction};
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
    /// Protection groups of the plan.
    groups: Vec<GroupName>,
    /// The product's store, where it takes part.
    sql: Option<Sql>,
    /// What the product's store did otherwise, the first time.
    pub(crate) differs: Option<String>,
}

impl Database {
    pub(crate) fn new(groups: Vec<GroupName>, sql: Option<Sql>) -> Database {
        Database { incarnation: 1, groups, sql, ..Database::default() }
    }

    /// An older copy takes the place of everything. What lies beside the database tells that it is one:
    /// it gets a new incarnation, and nothing is done by it until somebody has looked.
    pub(crate) fn put_back(&mut self, backup: Database) {
        let seen = self.incarnation;
        let incarnation = seen + 1;
        let mut sql = self.sql.take();
        let answer = sql.as_mut().zip(backup.sql.as_ref());
        let answer = answer.map(|(sql, backup)| sql.put_back(backup, seen));
        // Whoever held a lease held it in another life.
        let (leases, differs) = (BTreeMap::new(), self.differs.take());
        *self = Database { incarnation, on_hold: true, leases, sql, differs, ..backup };
        if let Some(answer) = answer {
            self.compare(&"a backup", &Answer::Life(incarnation), answer);
        }
        self.check_standing();
    }

    /// Appends, as far as each run's fence and position allow.
    pub(crate) fn append(&mut self, entry: &Append) -> Result<(), AppendError> {
        self.commits += 1;
        let may = match holds(Guard::CompareAndSet) {
            true => self.may_append(entry),
            false => Ok(()),
        };
        let answer =
            self.also(Answer::Appended(may.clone()), || Transaction::Append(entry.clone()));
        if may.is_ok() {
            let records = self.records.entry(entry.run).or_default();
            records.extend(entry.records.iter().cloned());
        }
        match answer {
            Answer::Appended(answer) => answer,
            _ => may,
        }
    }

    fn may_append(&self, entry: &Append) -> Result<(), AppendError> {
        let held = self.leases.get(&entry.run).is_some_and(|(fence, _)| *fence == entry.fence);
        if !self.runs.contains_key(&entry.run) {
            return Err(AppendError::NoRun);
        }
        if !held || entry.fence.incarnation != self.incarnation {
            return Err(AppendError::FencedOff);
        }
        let end = self.records.get(&entry.run).map_or(0, Vec::len) as u64;
        if entry.records.first().is_some_and(|first| first.seq != end) {
            return Err(AppendError::Gap(end));
        }
        Ok(())
    }

    /// A run's journal.
    pub(crate) fn read(&mut self, run: RunId) -> Vec<Record> {
        let records = self.records.get(&run).cloned().unwrap_or_default();
        if self.sql.is_none() {
            return records;
        }
        match self.same(Question::Records(run), Found::Records(records.clone())) {
            Found::Records(records) => records,
            _ => records,
        }
    }

    pub(crate) fn acquire(
        &mut self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Option<Fence> {
        let own = self.take(run, owner, now, ttl);
        let answer = self.also(Answer::Lease(own.clone()), || {
            let owner = owner.clone();
            Transaction::Acquire { run, owner, now, ttl }
        });
        match answer {
            Answer::Lease(fence) => fence,
            _ => own,
        }
    }

    fn take(&mut self, run: RunId, owner: &OwnerId, now: Time, ttl: Span) -> Option<Fence> {
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
        let lease = self.leases.get_mut(&run).filter(|(held, _)| held == fence);
        let held = lease.map(|(_, until)| *until = now + ttl).is_some();
        let answer = self.also(Answer::of(held), || {
            let fence = fence.clone();
            Transaction::Renew { run, fence, now, ttl }
        });
        answer == Answer::Done
    }

    pub(crate) fn release(&mut self, run: RunId, fence: &Fence) -> bool {
        let held = self.leases.get(&run).is_some_and(|(held, _)| held == fence);
        if held {
            self.leases.remove(&run);
        }
        let fence = fence.clone();
        self.also(Answer::Done, || Transaction::Release { run, fence });
        held
    }

    /// A run's lease.
    pub(crate) fn held(&mut self, run: RunId) -> Option<LeaseSight> {
        let held = self.leases.get(&run).cloned();
        let held = held.map(|(fence, until)| LeaseSight { fence, until });
        self.same(Question::Lease(run), Found::Lease(held.clone()));
        held
    }

    /// Ends a lease that is as it was seen.
    pub(crate) fn end_lease(&mut self, run: RunId, seen: &LeaseSight) -> bool {
        let same = |(fence, until): &(Fence, Time)| (fence, until) == (&seen.fence, &seen.until);
        let ended = self.leases.get(&run).is_some_and(same);
        if ended {
            self.leases.remove(&run);
        }
        let answer = self.also(Answer::of(ended), || {
            let seen = seen.clone();
            Transaction::EndLease { run, seen }
        });
        answer == Answer::Done
    }

    /// Stores a run with the plan's new state, if nothing has changed since that was read.
    pub(crate) fn create(&mut self, id: RunId, row: Row, read: u64, next: Standing) -> bool {
        let stale = self.standing.version != read;
        if self.on_hold || (stale && holds(Guard::OneRun)) {
            return false;
        }
        if let Some(halted) = self.standing.active
            && let Some(other) = self.runs.get_mut(&halted)
        {
            other.active = false;
            self.also(Answer::Done, || Transaction::Finish {
                run: halted,
                ending: Ending::Halted,
                free: true,
                stand: None,
            });
        }
        let (groups, stand) = (self.groups.clone(), self.change(&next));
        let (graph, digest) = (Arc::clone(&row.graph), row.opening.graph_digest.clone());
        let answer = self.also(Answer::Done, || Transaction::Create {
            run: id,
            graph,
            digest,
            groups,
            stand,
        });
        self.runs.insert(id, row);
        self.standing = next;
        self.commits += 1;
        answer == Answer::Done
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
        self.end(id, ending, next);
        true
    }

    /// A run is over, and the plan stands there.
    fn end(&mut self, run: RunId, ending: Ending, next: Standing) {
        let (free, stand) = (ending != Ending::Halted, Some(self.change(&next)));
        self.also(Answer::Done, || Transaction::Finish { run, ending, free, stand });
        self.standing = next;
        self.commits += 1;
    }

    /// A halted run goes on.
    pub(crate) fn resumed(&mut self, id: RunId, next: Standing) -> bool {
        let Some(row) = self.runs.get_mut(&id) else { return false };
        row.ending = None;
        let stand = Some(self.change(&next));
        self.also(Answer::Done, || Transaction::Reopen { run: id, stand });
        self.standing = next;
        self.commits += 1;
        true
    }

    /// The plan stands elsewhere, without a run.
    pub(crate) fn stand(&mut self, next: Standing) {
        let stand = self.change(&next);
        self.also(Answer::Done, || Transaction::Stand(stand));
        self.standing = next;
    }

    /// One that has halted is open again, for a last record.
    pub(crate) fn open_again(&mut self, run: RunId) -> Option<Arc<Graph>> {
        let row = self.runs.get_mut(&run)?;
        let graph = Arc::clone(&row.graph);
        if row.ending.take().is_some() {
            self.also(Answer::Done, || Transaction::Reopen { run, stand: None });
        }
        Some(graph)
    }

    /// After a restore the plan stands where the storage says, and its run is given up.
    pub(crate) fn reckoned(&mut self, given_up: Option<RunId>, next: Standing) {
        let run = given_up.and_then(|run| Some((run, self.runs.get_mut(&run)?)));
        let Some((run, row)) = run else {
            self.stand(next);
            self.commits += 1;
            return;
        };
        row.ending = Some(Ending::Abandoned);
        row.active = false;
        self.end(run, Ending::Abandoned, next);
    }

    /// The server goes on; these sites are told when they return.
    pub(crate) fn let_go(&mut self, untold: BTreeSet<SiteName>) {
        self.untold = untold;
        self.on_hold = false;
        self.also(Answer::Done, || Transaction::Settle);
        self.check_standing();
    }

    /// Runs that somebody should execute.
    pub(crate) fn open_runs(&mut self) -> Vec<(RunId, Arc<Graph>, Opening)> {
        let open = self.runs.iter().filter(|(_, row)| row.active && row.ending.is_none());
        let open: Vec<_> =
            open.map(|(id, row)| (*id, Arc::clone(&row.graph), row.opening.clone())).collect();
        let ids = open.iter().map(|(id, ..)| *id).collect();
        self.same(Question::OpenRuns, Found::OpenRuns(ids));
        open
    }
}
