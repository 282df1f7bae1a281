//! The programs `rbd` and `ceph`: the only place that starts them, and what they are told.

mod ask;
mod ceph;
mod command;
mod rbd;

use ask::Asker;
pub(crate) use rbd::spec;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use muster_plans::time::Time;

use crate::config::Now;

/// How long anything may take that moves no data. A cluster that is between two quorums answers late.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// How long the other site's cluster is waited for: it may be gone.
pub(crate) const PEER_LIMIT: Duration = Duration::from_secs(8);

/// One cluster, as one user.
#[derive(Clone)]
pub(crate) struct Cli {
    pub(super) conf: PathBuf,
    pub(super) name: String,
    pub(super) keyring: Option<PathBuf>,
    pub(super) limit: Duration,
    /// What the children of this adapter carry in their environment.
    pub(super) mark: String,
    pub(super) now: Now,
    /// When a program was ended by us last, before it had answered.
    pub(super) cut: Arc<Mutex<Option<Time>>>,
    asker: Arc<Asker>,
}

impl Cli {
    pub(crate) fn new(
        conf: PathBuf,
        user: &str,
        keyring: Option<PathBuf>,
        mark: String,
        now: Now,
    ) -> Cli {
        let name = format!("client.{user}");
        let cut = Arc::default();
        Cli { conf, name, keyring, limit: LIMIT, mark, now, cut, asker: Arc::default() }
    }

    /// The same cluster, waited for no longer than this.
    pub(crate) fn within(&self, limit: Duration) -> Cli {
        Cli { limit: limit.min(self.limit), ..self.clone() }
    }

    /// The same cluster, waited for that long, however long that is.
    pub(crate) fn patient(&self, limit: Duration) -> Cli {
        Cli { limit, ..self.clone() }
    }

    /// When a program was ended by us last.
    pub(crate) fn cut_at(&self) -> Option<Time> {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
