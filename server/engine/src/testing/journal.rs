//! A journal and leases in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muster_plans::id::RunId;
use muster_plans::time::{Span, Time};

use crate::event::{Ordinal, Record};
use crate::ports::{
    Append, AppendError, Fence, Journal, JournalError, LeaseSight, Leases, OwnerId,
};

#[derive(Debug, Default)]
struct Tables {
    records: BTreeMap<RunId, Vec<Record>>,
    leases: BTreeMap<RunId, (Fence, Time)>,
    epoch: u64,
    incarnation: u64,
    appends: u64,
    stop_at: Option<usize>,
    fail: bool,
    delay: Option<Duration>,
}

/// A journal and leases in memory. Appends are conditional on the lease's fence, as in a database.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Tables>);

impl MemoryJournal {
    /// Of an incarnation.
    pub fn new(incarnation: u64) -> MemoryJournal {
        MemoryJournal(Mutex::new(Tables { incarnation, ..Tables::default() }))
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a commit takes.
    pub fn delay(&self, delay: Duration) {
        self.tables().delay = Some(delay);
    }

    /// After this many records of a run nothing is written and nobody gets an answer: the disk is gone
    /// in the middle of a commit. `None`: it is back.
    pub fn stop_after(&self, records: Option<usize>) {
        self.tables().stop_at = records;
    }

    /// Whether appends fail, so that nobody knows what was written. Nothing is.
    pub fn fail(&self, fail: bool) {
        self.tables().fail = fail;
    }

    /// All leases run out.
    pub fn expire_leases(&self) {
        self.leases_until(Time(0));
    }

    /// All leases hold until then, by the clocks of those who took them.
    pub fn leases_until(&self, time: Time) {
        for (_, until) in self.tables().leases.values_mut() {
            *until = time;
        }
    }

    /// A run's records.
    pub fn records(&self, run: RunId) -> Vec<Record> {
        self.tables().records.get(&run).cloned().unwrap_or_default()
    }

    /// Puts records there as they are.
    pub fn put(&self, run: RunId, records: Vec<Record>) {
        self.tables().records.insert(run, records);
    }

    /// One record.
    pub fn record(&self, run: RunId, seq: Ordinal) -> Option<Record> {
        self.tables().records.get(&run)?.get(usize::try_from(seq).ok()?).cloned()
    }

    /// How many commits there were.
    pub fn commits(&self) -> u64 {
        self.tables().appends
    }

    /// `None`: the disk is gone.
    fn write(&self, entry: Append) -> Option<Result<(), AppendError>> {
        let mut tables = self.tables();
        let held = tables.leases.get(&entry.run).is_some_and(|(fence, _)| *fence == entry.fence);
        if !held {
            return Some(Err(AppendError::FencedOff));
        }
        let stop_at = tables.stop_at;
        let records = tables.records.entry(entry.run).or_default();
        if entry.records.first().is_some_and(|first| first.seq != records.len() as u64) {
            return Some(Err(AppendError::Gap(records.len() as u64)));
        }
        for record in entry.records {
            if stop_at.is_some_and(|stop| records.len() >= stop) {
                return None;
            }
            records.push(record);
        }
        Some(Ok(()))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<(), AppendError>>, JournalError> {
        let (fail, delay) = {
            let mut tables = self.tables();
            tables.appends += 1;
            (tables.fail, tables.delay)
        };
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        if fail {
            return Err(JournalError("the disk is full".into()));
        }
        let mut answers = Vec::with_capacity(batch.len());
        for entry in batch {
            match self.write(entry) {
                Some(answer) => answers.push(answer),
                None => return std::future::pending().await,
            }
        }
        Ok(answers)
    }

    async fn read(&self, run: RunId, from: Ordinal) -> Result<Vec<Record>, JournalError> {
        let records = self.records(run).into_iter();
        Ok(records.skip_while(|record| record.seq < from).collect())
    }
}

#[async_trait]
impl Leases for MemoryJournal {
    async fn acquire(
        &self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Result<Option<Fence>, JournalError> {
        let mut tables = self.tables();
        if tables.leases.get(&run).is_some_and(|(_, until)| *until > now) {
            return Ok(None);
        }
        tables.epoch += 1;
        let (owner, epoch, incarnation) = (owner.clone(), tables.epoch, tables.incarnation);
        let fence = Fence { owner, epoch, incarnation };
        tables.leases.insert(run, (fence.clone(), now + ttl));
        Ok(Some(fence))
    }

    async fn renew(
        &self,
        run: RunId,
        fence: &Fence,
        now: Time,
        ttl: Span,
    ) -> Result<bool, JournalError> {
        let mut tables = self.tables();
        let Some((held, until)) = tables.leases.get_mut(&run).filter(|(held, _)| held == fence)
        else {
            return Ok(false);
        };
        debug_assert_eq!(held, fence);
        *until = now + ttl;
        Ok(true)
    }

    async fn release(&self, run: RunId, fence: &Fence) -> Result<(), JournalError> {
        let mut tables = self.tables();
        if tables.leases.get(&run).is_some_and(|(held, _)| held == fence) {
            tables.leases.remove(&run);
        }
        Ok(())
    }

    async fn held(&self, run: RunId) -> Result<Option<LeaseSight>, JournalError> {
        let held = self.tables().leases.get(&run).cloned();
        Ok(held.map(|(fence, until)| LeaseSight { fence, until }))
    }

    async fn end(&self, run: RunId, seen: &LeaseSight) -> Result<bool, JournalError> {
        let mut tables = self.tables();
        let same = |(fence, until): &(Fence, Time)| (fence, until) == (&seen.fence, &seen.until);
        let ended = tables.leases.get(&run).is_some_and(same);
        if ended {
            tables.leases.remove(&run);
        }
        Ok(ended)
    }
}
