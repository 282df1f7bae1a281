//! The hosts of a site: opened when they are needed, and again when their line is gone.

use std::collections::HashSet;
use std::sync::{Arc, Mutex as Shared, PoisonError};

use muster_contract::{AdapterError, ErrorClass};
use muster_plans::id::HostId;
use tokio::sync::{Mutex, broadcast};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use crate::config::{HostConfig, LibvirtConfig};
use crate::host::Host;
use crate::known::{Known, Silent};
use crate::rpc::{CallError, DomainRef, Tls, Told};
use crate::tls::{BadCertificate, client};
use crate::uri::{BadUri, HostUri};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A host's place.
    #[error("host `{host}`: {source}")]
    Uri {
        /// Which host.
        host: HostId,
        /// Why.
        source: BadUri,
    },
    /// Certificates.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// There is none.
    #[error("no host is configured; name at least one under `hosts`")]
    Empty,
    /// One name for two.
    #[error("two hosts are called `{0}`")]
    Twice(HostId),
}

/// How long after a line was lost nothing of it is left on its way.
const SETTLE: Duration = Duration::from_secs(5);

/// All hosts of a site.
pub(crate) struct Pool {
    pub(crate) slots: Vec<Slot>,
    tls: Option<Tls>,
    told: broadcast::Sender<(HostId, Told)>,
}

/// One host.
pub(crate) struct Slot {
    pub(crate) config: HostConfig,
    uri: HostUri,
    open: Mutex<Option<(Arc<Host>, Instant)>>,
    /// What it knew when it was heard last; `None`: it never was.
    knew: Shared<Option<HashSet<Uuid>>>,
}

/// A domain on the host that knows it.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) id: HostId,
    pub(crate) host: Arc<Host>,
    pub(crate) domain: DomainRef,
}

impl Pool {
    /// Reads the places and certificates; contacts nobody.
    pub(crate) fn new(config: &LibvirtConfig) -> Result<Pool, PoolError> {
        let mut slots: Vec<Slot> = Vec::with_capacity(config.hosts.len());
        for host in &config.hosts {
            if slots.iter().any(|slot| slot.config.id == host.id) {
                return Err(PoolError::Twice(host.id.clone()));
            }
            let uri = host
                .uri
                .parse()
                .map_err(|source| PoolError::Uri { host: host.id.clone(), source })?;
            slots.push(Slot {
                config: host.clone(),
                uri,
                open: Mutex::default(),
                knew: Shared::default(),
            });
        }
        if slots.is_empty() {
            return Err(PoolError::Empty);
        }
        let tls = config.tls.as_ref().map(client).transpose()?;
        Ok(Pool { slots, tls, told: broadcast::channel(1024).0 })
    }

    /// What this agent shows to hosts.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// What hosts tell from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<(HostId, Told)> {
        self.told.subscribe()
    }

    /// A host by its id.
    pub(crate) async fn host(&self, id: &HostId) -> Result<Arc<Host>, AdapterError> {
        let slot = self.slots.iter().find(|slot| &slot.config.id == id);
        match slot {
            Some(slot) => self.open(slot).await,
            None => Err(AdapterError::new(ErrorClass::NotFound, format!("no host `{id}` here"))),
        }
    }

    /// The host of a slot. A line that is gone is opened anew.
    pub(crate) async fn open(&self, slot: &Slot) -> Result<Arc<Host>, AdapterError> {
        let mut open = slot.open.lock().await;
        if let Some((host, _)) = open.as_ref().filter(|(host, _)| host.is_open()) {
            return Ok(Arc::clone(host));
        }
        *open = None;
        let opened = Host::open(&slot.uri, self.tls.as_ref()).await;
        let (host, mut events) = opened.map_err(|error| {
            let text = format!("host `{}` is out of reach: {error}", slot.config.id);
            AdapterError::new(ErrorClass::Retry, text)
        })?;
        let (told, id) = (self.told.clone(), slot.config.id.clone());
        host.attend(async move {
            loop {
                match events.recv().await {
                    // Nobody may listen.
                    Ok(event) => drop(told.send((id.clone(), event))),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        let host = Arc::new(host);
        *open = Some((Arc::clone(&host), Instant::now()));
        Ok(host)
    }

    /// Whether all that was asked over earlier lines has reached the daemons: what a client has sent is read
    /// and begun soon after, or never.
    pub(crate) async fn is_settled(&self) -> Result<bool, AdapterError> {
        for slot in &self.slots {
            self.open(slot).await?;
            let open = slot.open.lock().await;
            let settled =
                |(host, since): &(Arc<Host>, Instant)| host.is_quiet() && since.elapsed() >= SETTLE;
            if !open.as_ref().is_some_and(settled) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where a domain is known: where it runs, if it does. `None` only where every host has said that it knows
    /// none, and one that does not run only where every host has said that it runs none.
    pub(crate) async fn find(&self, uuid: Uuid) -> Result<Option<Found>, AdapterError> {
        self.known(uuid).await.one()
    }

    /// All registrations of a domain; a host that was left behind may have one more.
    pub(crate) async fn find_all(&self, uuid: Uuid) -> Result<Vec<Found>, AdapterError> {
        self.known(uuid).await.surely()
    }

    /// What all hosts say of a domain.
    pub(crate) async fn known(&self, uuid: Uuid) -> Known {
        let mut known = Known { found: Vec::new(), silent: Vec::new() };
        for slot in &self.slots {
            let asked = async {
                let host = self.open(slot).await?;
                let domain = host.domain(uuid).await.map_err(|error| failed(&error))?;
                Ok(domain.map(|domain| Found { id: slot.config.id.clone(), host, domain }))
            };
            match asked.await {
                Ok(found) => {
                    slot.said(uuid, found.is_some());
                    known.found.extend(found);
                }
                Err(error) => {
                    let (id, may_know) = (slot.config.id.clone(), slot.may_know(uuid));
                    known.silent.push(Silent { id, error, may_know });
                }
            }
        }
        known
    }

    /// All domains of all hosts.
    pub(crate) async fn all(&self) -> Result<Vec<Found>, AdapterError> {
        let (found, silent) = self.each().await;
        silent.map_or(Ok(found), Err)
    }

    /// The same of all hosts that answer, and why one does not.
    pub(crate) async fn each(&self) -> (Vec<Found>, Option<AdapterError>) {
        let (mut found, mut silent) = (Vec::new(), None);
        for slot in &self.slots {
            let asked = async {
                let host = self.open(slot).await?;
                self.domains(slot, &host).await
            };
            match asked.await {
                Ok(domains) => found.extend(domains),
                Err(error) => drop(silent.get_or_insert(error)),
            }
        }
        (found, silent)
    }

    /// All domains of a host.
    pub(crate) async fn domains(
        &self,
        slot: &Slot,
        host: &Arc<Host>,
    ) -> Result<Vec<Found>, AdapterError> {
        let domains = host.domains().await.map_err(|error| failed(&error))?;
        let knows = domains.iter().map(|domain| Uuid::from_bytes(domain.uuid.0)).collect();
        *slot.knew.lock().unwrap_or_else(PoisonError::into_inner) = Some(knows);
        let found = |domain| Found { id: slot.config.id.clone(), host: Arc::clone(host), domain };
        Ok(domains.into_iter().map(found).collect())
    }
}

impl Slot {
    /// Notes what a host says of a domain.
    fn said(&self, uuid: Uuid, knows: bool) {
        if let Some(knew) = &mut *self.knew.lock().unwrap_or_else(PoisonError::into_inner) {
            if knows {
                knew.insert(uuid)
            } else {
                knew.remove(&uuid)
            };
        }
    }

    /// Whether a domain may be known there, by what was heard last.
    fn may_know(&self, uuid: Uuid) -> bool {
        let knew = self.knew.lock().unwrap_or_else(PoisonError::into_inner);
        knew.as_ref().is_none_or(|knew| knew.contains(&uuid))
    }
}

/// An error of a look.
pub(crate) fn failed(error: &CallError) -> AdapterError {
    let class = match error {
        CallError::NotSent(_) | CallError::Lost(_) => ErrorClass::Retry,
        CallError::Refused(refusal) => crate::rpc::class(refusal.code),
        CallError::Nonsense(_) => ErrorClass::Bug,
    };
    AdapterError::new(class, error.to_string())
}
