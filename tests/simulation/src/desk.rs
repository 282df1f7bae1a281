//! A server's way to the database.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muster_engine::{
    Append, AppendError, Fence, Journal, JournalError, LeaseSight, Leases, Ordinal, OwnerId, Record,
};
use muster_plans::id::RunId;
use muster_plans::time::{Span, Time};

use crate::database::Database;
use crate::life::{Life, Place};
use crate::net::Dice;
use crate::watch::{Sight, Watch};

/// The database, shared by all servers.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Database>>);

impl Shared {
    pub(crate) fn new(database: Database) -> Shared {
        Shared(Arc::new(Mutex::new(database)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Database> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Journal and leases, as one server process reaches them.
pub(crate) struct Desk {
    pub(crate) life: Arc<Life>,
    pub(crate) shared: Shared,
    pub(crate) watch: Arc<Watch>,
    pub(crate) dice: Dice,
}

impl Desk {
    /// A commit takes some milliseconds.
    async fn disk(&self) {
        let takes = self.dice.upto(8);
        tokio::time::sleep(Duration::from_millis(takes)).await;
    }

    fn write(&self, entry: &Append) -> Result<(), AppendError> {
        let written = self.shared.lock().append(entry);
        let first = entry.records.first().map_or(0, |record| record.seq);
        let told = entry.records.last().map(|record| &record.event);
        match &written {
            Ok(()) => self.watch.see(
                &self.life.name,
                format_args!(
                    "wrote {}..+{} of {}: {told:?}",
                    first,
                    entry.records.len(),
                    short(entry.run)
                ),
                Some(Sight::Appended(entry)),
            ),
            Err(error) => {
                self.watch.note(
                    &self.life.name,
                    format_args!("may not write {}: {error}", short(entry.run)),
                );
            }
        }
        written
    }
}

/// The last digits of a run's id: they count up from 1 in a play.
pub(crate) fn short(run: RunId) -> String {
    format!("run {}", run.0.as_u128() & 0xffff)
}

#[async_trait]
impl Journal for Desk {
    async fn append(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<(), AppendError>>, JournalError> {
        if self.watch.cue().is_some_and(|cue| cue.dies_at_append(&batch, false)) {
            self.life.die();
        }
        self.life.at(Place::BeforeAppend).await;
        self.disk().await;
        if self.life.is_dead() {
            std::future::pending::<()>().await;
        }
        let written = batch.iter().map(|entry| self.write(entry)).collect();
        if self.watch.cue().is_some_and(|cue| cue.dies_at_append(&batch, true)) {
            self.life.die();
        }
        self.life.at(Place::AfterAppend).await;
        Ok(written)
    }

    async fn read(&self, run: RunId, from: Ordinal) -> Result<Vec<Record>, JournalError> {
        self.life.at(Place::Elsewhere).await;
        let records = self.shared.lock().read(run);
        Ok(records.into_iter().skip_while(|record| record.seq < from).collect())
    }
}

#[async_trait]
impl Leases for Desk {
    async fn acquire(
        &self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Result<Option<Fence>, JournalError> {
        self.life.at(Place::Elsewhere).await;
        let fence = self.shared.lock().acquire(run, owner, now, ttl);
        if let Some(fence) = &fence {
            self.watch.see(
                &self.life.name,
                format_args!("owns {} in epoch {}", short(run), fence.epoch),
                Some(Sight::Owned(run, fence)),
            );
            self.watch.judge(&Sight::Held(run, now + ttl));
        }
        self.life.at(Place::Elsewhere).await;
        Ok(fence)
    }

    async fn renew(
        &self,
        run: RunId,
        fence: &Fence,
        now: Time,
        ttl: Span,
    ) -> Result<bool, JournalError> {
        self.life.at(Place::Elsewhere).await;
        let held = self.shared.lock().renew(run, fence, now, ttl);
        if held {
            self.watch.judge(&Sight::Held(run, now + ttl));
        }
        Ok(held)
    }

    async fn release(&self, run: RunId, fence: &Fence) -> Result<(), JournalError> {
        self.life.at(Place::Elsewhere).await;
        if self.shared.lock().release(run, fence) {
            self.watch.judge(&Sight::GivenBack(run));
        }
        Ok(())
    }
    async fn held(&self, run: RunId) -> Result<Option<LeaseSight>, JournalError> {
        self.life.at(Place::Elsewhere).await;
        Ok(self.shared.lock().held(run))
    }

    async fn end(&self, run: RunId, seen: &LeaseSight) -> Result<bool, JournalError> {
        self.life.at(Place::Elsewhere).await;
        let ended = self.shared.lock().end_lease(run, seen);
        if ended {
            self.watch.see(
                &self.life.name,
                format_args!("ends the lease of {} on {}", seen.fence.owner.0, short(run)),
                Some(Sight::Deserted(run)),
            );
        }
        Ok(ended)
    }
}
