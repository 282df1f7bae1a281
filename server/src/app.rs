//! What every part of the running server holds.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use muster_engine::{Clock, Engine};
use muster_plans::time::Time;
use muster_store::Store;
use tokio::sync::{Mutex, Notify, RwLock};

use crate::auth::Auth;
use crate::callout::Registry;
use crate::clock::SystemClock;
use crate::http::PublicUrl;
use crate::landscape::Current;
use crate::ops::Outlooks;
use crate::sim::SimClient;
use crate::sites::SiteRegistry;
use crate::tasks::Tasks;

/// How a server runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder for the database and the server's files.
    pub data: PathBuf,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// How often every site is asked what is there.
    pub poll: Duration,
    /// How browsers reach it, where a proxy stands before it.
    pub public_url: Option<PublicUrl>,
    /// Address of a simulated world that may be broken and healed through this server.
    pub sim_url: Option<String>,
    /// A sentence above every page.
    pub banner: Option<String>,
}

impl Options {
    /// With the usual settings.
    pub fn new(data: PathBuf, listen: SocketAddr) -> Options {
        Options {
            data,
            listen,
            poll: Duration::from_secs(2),
            public_url: None,
            sim_url: None,
            banner: None,
        }
    }
}

/// The running server.
#[derive(Debug)]
pub struct App {
    /// How it runs.
    pub options: Options,
    /// The database.
    pub store: Store,
    /// Executes runs.
    pub engine: Engine,
    /// Time.
    pub clock: Arc<SystemClock>,
    /// The sites' agents.
    pub sites: Arc<SiteRegistry>,
    /// Documents, inventory, groups.
    pub current: Current,
    /// Who may what.
    pub auth: Auth,
    /// Registered callouts.
    pub callouts: Arc<Registry>,
    /// What a failover of each plan would be.
    pub outlooks: Outlooks,
    /// The simulated world, where there is one.
    pub sim: Option<SimClient>,
    /// Background work.
    pub tasks: Tasks,
    /// Wakes the inventory before its time.
    pub look_again: Notify,
    /// Starting and ending runs is one at a time: what was checked is what is stored.
    pub starting: Mutex<()>,
    /// Held by whoever reads the sites; by one alone where nothing older may come in after it.
    pub reading: RwLock<()>,
    /// How many rounds of questions to all sites have begun.
    pub rounds: AtomicU64,
}

impl App {
    /// Now.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}
