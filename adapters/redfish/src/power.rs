//! The adapter itself: hosts, and what is remembered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use muster_contract::file::{self, FileError};
use muster_contract::stop::later;
use muster_contract::{OpContext, Reason, Receipt};
use muster_plans::id::SiteName;
use muster_plans::time::Time;
use tokio::time::Instant;

use crate::config::{Config, Now};
use crate::host::{Host, Limits};
use crate::state::{Hold, Holds};
use crate::way::Way;
use crate::wrong::{ConfigError, Wrong};

/// Kept back of the time that an operation has, to say what came of it.
const SPARE: Duration = Duration::from_millis(300);

/// Power of hosts. Made by [`HostPower::open`]; nothing runs beside what is asked of it.
pub struct HostPower {
    pub(crate) site: SiteName,
    pub(crate) hosts: Vec<Host>,
    pub(crate) limits: Limits,
    pub(crate) opened: Time,
    now: Now,
    state: PathBuf,
    /// Operations that are being carried out, by their object.
    pub(crate) under_way: Mutex<BTreeMap<String, usize>>,
    /// Held while holds change.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl HostPower {
    /// Makes the folder for what is remembered. Speaks to no BMC yet.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is wrong with the configuration.
    pub fn open(config: Config, site: SiteName, now: Now) -> Result<Arc<HostPower>, ConfigError> {
        let mut wrong = config.check();
        if !wrong.is_empty() {
            return Err(ConfigError(wrong));
        }
        let limits = Limits {
            land: Duration::from_secs(config.land_seconds),
            confirm: Duration::from_secs(config.confirm_seconds),
        };
        let answer = Duration::from_secs(config.answer_seconds);
        let mut hosts = Vec::new();
        for host in &config.hosts {
            match Way::all(host, answer) {
                Err(error) => wrong.push(error),
                Ok(ways) => hosts.push(Host {
                    id: host.id.clone(),
                    site: host.site.clone(),
                    ways,
                    limits,
                    now: now.clone(),
                    told_at: Mutex::default(),
                }),
            }
        }
        if let Err(error) = std::fs::create_dir_all(&config.state) {
            wrong.push(Wrong::State(config.state.clone(), error.to_string()));
        }
        let power = HostPower {
            site,
            hosts,
            limits,
            opened: now(),
            now,
            state: config.state.clone(),
            under_way: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        };
        // A file of ours that cannot be read is found now and not in the middle of a failover.
        if let Err(error) = power.holds() {
            wrong.push(Wrong::State(config.state, error.to_string()));
        }
        if wrong.is_empty() { Ok(Arc::new(power)) } else { Err(ConfigError(wrong)) }
    }

    pub(crate) fn now(&self) -> Time {
        (self.now)()
    }

    /// When an operation must be over; refused where it is.
    pub(crate) fn end(&self, ctx: &OpContext) -> Result<Instant, Reason> {
        let left = Duration::from_millis(ctx.deadline.since(self.now()).0).saturating_sub(SPARE);
        if left.is_zero() {
            return Err(later("the deadline has passed"));
        }
        Ok(Instant::now() + left)
    }

    pub(crate) fn hosts_of(&self, site: &SiteName) -> Vec<&Host> {
        self.hosts.iter().filter(|host| host.site == *site).collect()
    }

    fn file(&self) -> PathBuf {
        self.state.join("fence.json")
    }

    fn holds(&self) -> Result<Holds, FileError> {
        Ok(file::read(&self.file())?.unwrap_or_default())
    }

    pub(crate) fn hold(&self, site: &SiteName) -> Result<Option<Hold>, FileError> {
        Ok(self.holds()?.sites.remove(site))
    }

    /// Under `turn`.
    pub(crate) fn note(&self, site: &SiteName, hold: Option<Hold>) -> Result<(), FileError> {
        let before = self.holds()?;
        let mut after = before.clone();
        match hold {
            Some(hold) => after.sites.insert(site.clone(), hold),
            None => after.sites.remove(site),
        };
        if after == before { Ok(()) } else { file::write(&self.file(), &after) }
    }

    pub(crate) fn receipt(&self, already: bool, note: Option<String>) -> Receipt {
        Receipt { already, at: Some(self.now()), note }
    }
}
