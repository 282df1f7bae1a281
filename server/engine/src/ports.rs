//! What the engine is handed: journal, leases, sites, callouts, clock.

use std::sync::Arc;

use async_trait::async_trait;
use muster_contract::{OpContext, Outcome, Receipt, SiteAdapter};
use muster_plans::id::{CalloutName, RunId, SiteName};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::event::{Ordinal, Record};

/// A server process: made anew at each start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerId(pub String);

/// Who may write a run's journal. Every append is conditional on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// The owner.
    pub owner: OwnerId,
    /// Drawn from one counter for all runs, anew at each change of owner, so that of two runs over
    /// one group the later one is higher.
    pub epoch: u64,
    /// Which life of the journal.
    pub incarnation: u64,
}

/// Records of one run, to be appended in one piece. Positions run on from the journal's end.
#[derive(Clone, Debug)]
pub struct Append {
    /// The run.
    pub run: RunId,
    /// Under whose name.
    pub fence: Fence,
    /// Consecutive records; the first one's position must be the journal's length.
    pub records: Vec<Record>,
}

/// Why records of one run were not appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Somebody else owns the run now, or the journal lives another life. Stop at once.
    #[error("the run belongs to another owner")]
    FencedOff,
    /// The journal does not end where the writer believes.
    #[error("the journal ends at {0}, not where these records begin")]
    Gap(Ordinal),
    /// There is no such run.
    #[error("there is no such run")]
    NoRun,
}

/// The journal could not be reached or written; whether records are in it is not known.
#[derive(Debug, thiserror::Error)]
#[error("the journal does not answer")]
pub struct JournalError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// An append-only journal for each run.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Appends for many runs in one durable transaction. Each run succeeds or fails by itself: the
    /// answer holds one result per entry, in order. When this returns `Ok`, what was appended
    /// survives a power loss.
    ///
    /// # Errors
    /// [`JournalError`] where nobody can say whether anything was written.
    async fn append(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<(), AppendError>>, JournalError>;

    /// All records of a run from a position on.
    ///
    /// # Errors
    /// [`JournalError`] where the journal cannot be read.
    async fn read(&self, run: RunId, from: Ordinal) -> Result<Vec<Record>, JournalError>;
}

/// A lease as somebody sees it who does not hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseSight {
    /// Who holds it.
    pub fence: Fence,
    /// Until when, by the holder's clock.
    pub until: Time,
}

/// Who executes a run. A lease is for liveness only: safety comes from the fence in each append and
/// the token in each operation.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes a run that nobody holds, or whose lease has run out, drawing a new epoch. `None`:
    /// somebody holds it.
    ///
    /// # Errors
    /// [`JournalError`] where the store does not answer.
    async fn acquire(
        &self,
        run: RunId,
        owner: &OwnerId,
        now: Time,
        ttl: Span,
    ) -> Result<Option<Fence>, JournalError>;

    /// Keeps it. `false`: it was lost.
    ///
    /// # Errors
    /// [`JournalError`] where the store does not answer.
    async fn renew(
        &self,
        run: RunId,
        fence: &Fence,
        now: Time,
        ttl: Span,
    ) -> Result<bool, JournalError>;

    /// Gives it back.
    ///
    /// # Errors
    /// [`JournalError`] where the store does not answer.
    async fn release(&self, run: RunId, fence: &Fence) -> Result<(), JournalError>;

    /// The lease of a run, if there is one, whether or not it has run out.
    ///
    /// # Errors
    /// [`JournalError`] where the store does not answer.
    async fn held(&self, run: RunId) -> Result<Option<LeaseSight>, JournalError>;

    /// Ends a lease that is still as it was seen. `false`: it was renewed, given back or taken meanwhile.
    ///
    /// # Errors
    /// [`JournalError`] where the store does not answer.
    async fn end(&self, run: RunId, seen: &LeaseSight) -> Result<bool, JournalError>;
}

/// Time, handed in.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now, for journals and deadlines.
    fn now(&self) -> Time;
    /// For how long this clock has run. Never jumps, whoever sets the time.
    fn steady(&self) -> Span;
    /// Waits.
    async fn sleep(&self, span: Span);
}

/// Finds a site's agent.
pub trait Sites: Send + Sync {
    /// The agent of a site, if one is configured.
    fn adapter(&self, site: &SiteName) -> Option<Arc<dyn SiteAdapter>>;
}

/// One call of a registered callout.
#[derive(Clone, Debug, PartialEq)]
pub struct CalloutCall {
    /// Which.
    pub name: CalloutName,
    /// The VM beside which it stands, by name.
    pub vm: Option<Arc<str>>,
    /// Given up after this long; its whole process group is ended.
    pub timeout: Span,
}

/// Runs registered callouts.
#[async_trait]
pub trait Callouts: Send + Sync {
    /// Runs it once. A callout that was cut off is `Unknown`.
    async fn call(&self, ctx: &OpContext, call: &CalloutCall) -> Outcome<Receipt>;
}

/// An error with everything that caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
