//! The site agent: what stands between everybody and the backends of one site.
//!
//! It alone holds the site's backend secrets. On its own disk it keeps the results by operation id
//! and the highest tokens, so that a request that comes twice has one effect and an old one has
//! none, whatever the backend knows of such things. It goes on answering when other sites are gone.
//!
//! [`Agent`] wraps any [`muster_contract::SiteAdapter`]; [`compose`] makes one of a storage, a
//! hypervisor and a fencing product. [`run`] is `muster agent`.

mod adapter;
mod admit;
mod cancel;
mod compose;
mod config;
mod fence;
mod fences;
mod ledger;
mod links;
mod locks;
mod open;
mod perform;
mod scope;
mod serve;
mod settle;
mod state;
mod storage;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use muster_adapter_remote::client::Now;
use muster_adapter_remote::tasks::Tasks;
use muster_contract::{OpId, SiteAdapter};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};
use tokio::sync::{Notify, OnceCell};

pub use compose::{Products, compose};
pub use config::{ConfigError, options};
pub use ledger::LedgerError;
pub use links::Neighbour;
pub use serve::{AgentError, AgentOptions, Work, run, serve};

use ledger::Ledger;
use locks::Locks;
use state::State;

/// How long results are kept. A run that is resumed later than this has long been settled by hand.
const KEPT: Span = Span(30 * 24 * 3_600_000);

/// How an agent behaves.
#[derive(Clone)]
pub struct Settings {
    /// Its own folder; no second agent may use it.
    pub data: PathBuf,
    /// Against which deadlines are measured.
    pub now: Now,
    /// How long after its deadline a backend's answer is still waited for before the object is
    /// given free. Whoever asked is told at the deadline that the outcome is unknown.
    pub linger: Duration,
    /// How long a raised fence waits for older operations that are at the backend already.
    pub drain: Duration,
}

impl Settings {
    /// With the usual patience: 60 s for a late answer, 20 s for a fence.
    pub fn new(data: PathBuf, now: Now) -> Settings {
        Settings { data, now, linger: Duration::from_secs(60), drain: Duration::from_secs(20) }
    }
}

/// The agent of one site. Cheap to clone; all clones are one agent.
#[derive(Clone)]
pub struct Agent {
    inner: Arc<Inner>,
}

struct Inner {
    site: SiteName,
    backend: Arc<dyn SiteAdapter>,
    settings: Settings,
    ledger: Ledger,
    state: Mutex<State>,
    locks: Locks,
    /// Something ended; whoever raises a fence looks again.
    ended: Notify,
    /// Whether a new ledger has taken over the backend's high-water mark.
    adopted: OnceCell<()>,
    tasks: Tasks,
}

impl Agent {
    /// Opens the ledger, compacts it, and waits for requests. Does not contact the backend.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger belongs to another site or process, is damaged, or cannot
    /// be written. An agent does not start without its memory.
    pub fn open(settings: Settings, backend: Arc<dyn SiteAdapter>) -> Result<Agent, LedgerError> {
        let site = backend.site().clone();
        let now = (settings.now)();
        let opened = Ledger::open(&settings.data, &site)?;
        let mut state = State::default();
        for record in opened.records {
            state.replay(record);
        }
        state.forget_before(now - KEPT);
        let ledger = opened.files.start(&site, &state.snapshot())?;
        let inner = Inner {
            site,
            backend,
            settings,
            ledger,
            state: Mutex::new(state),
            locks: Locks::default(),
            ended: Notify::new(),
            adopted: if opened.fresh { OnceCell::new() } else { OnceCell::new_with(Some(())) },
            tasks: Tasks::default(),
        };
        Ok(Agent { inner: Arc::new(inner) })
    }

    /// Takes a person's word that nothing of an operation is left to be done at a backend that
    /// cannot tell: fences and its object do not wait for it any more. `false`: it was not open.
    ///
    /// # Errors
    /// [`LedgerError`] where it cannot be written down.
    pub async fn settled(&self, id: OpId) -> Result<bool, LedgerError> {
        self.inner.settled_by_hand(id).await
    }

    /// Waits until nothing is under way any more.
    pub async fn drain(&self) {
        self.inner.tasks.drain().await;
    }
}

impl Inner {
    fn now(&self) -> Time {
        (self.settings.now)()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state changes in single steps; a panic between them is impossible.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves at an instant, or at once where it has passed.
    async fn until(&self, instant: Time) {
        tokio::time::sleep(Duration::from_millis(instant.since(self.now()).0)).await;
    }
}
