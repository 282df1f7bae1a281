//! A site that does everything it is asked for, after a fixed time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, Instance, NicState, Observation, Observed,
    OpContext, OpId, OpStatus, Operation, Outcome, Query, Receipt, SiteAdapter, Token, VmState,
};
use muster_engine::Sites;
use muster_plans::id::{NetworkName, SiteName};
use muster_plans::inventory::{Link, Power, SiteInventory, Witness};
use muster_plans::time::Time;

use super::timer::Timer;
use super::workload::{NETWORK, address, mac, number_of};
use crate::clock::now;

/// Keeps no object: what a VM looks like follows from its number, so that the adapter's memory does
/// not count as the engine's.
#[derive(Debug)]
pub(crate) struct Prompt {
    site: SiteName,
    network: NetworkName,
    /// How long a step takes; `None`: no time at all.
    timer: Option<Timer>,
    /// When the first question or request arrived, and the first request.
    first_contact: OnceLock<Instant>,
    first_request: OnceLock<Instant>,
    requests: AtomicU64,
    /// Nanoseconds that requests were kept waiting in all.
    worked: AtomicU64,
}

impl Prompt {
    /// A site whose operations take this long.
    pub(crate) fn new(step: Duration) -> Arc<Prompt> {
        Arc::new(Prompt {
            site: SiteName::from("lyon"),
            network: NetworkName::from(NETWORK),
            timer: (!step.is_zero()).then(|| Timer::new(step)),
            first_contact: OnceLock::new(),
            first_request: OnceLock::new(),
            requests: AtomicU64::new(0),
            worked: AtomicU64::new(0),
        })
    }

    /// When anything was asked or told first.
    pub(crate) fn first_contact(&self) -> Option<Instant> {
        self.first_contact.get().copied()
    }

    /// When an operation was asked for first.
    pub(crate) fn first_request(&self) -> Option<Instant> {
        self.first_request.get().copied()
    }

    /// How many operations were asked for.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How long an operation took on average, in seconds: the timer never rings too early.
    pub(crate) fn mean_step(&self) -> f64 {
        self.worked.load(Ordering::Relaxed) as f64 / 1e9 / self.requests().max(1) as f64
    }

    /// A VM of which everything was done.
    fn vm(&self, vm: &Instance) -> VmState {
        let n = number_of(vm.vm());
        let network = Some(self.network.clone());
        VmState {
            power: Power::On,
            host: None,
            nics: vec![NicState { mac: mac(n), network, address: address(n) }],
            heartbeat: true,
            wrote: true,
            open_ports: Vec::new(),
            autostart: true,
            tag: None,
            moving: None,
        }
    }
}

impl Sites for PromptSites {
    fn adapter(&self, _site: &SiteName) -> Option<Arc<dyn SiteAdapter>> {
        Some(Arc::clone(&self.0) as Arc<dyn SiteAdapter>)
    }
}

/// All sites are one.
#[derive(Debug)]
pub(crate) struct PromptSites(pub(crate) Arc<Prompt>);

fn not_asked() -> AdapterError {
    AdapterError::new(ErrorClass::Unsupported, "nobody asks for this here")
}

#[async_trait]
impl SiteAdapter for Prompt {
    fn site(&self) -> &SiteName {
        &self.site
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        Err(not_asked())
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        Err(not_asked())
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        Err(not_asked())
    }

    async fn execute(&self, _ctx: &OpContext, _op: &Operation) -> Outcome<Receipt> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if self.first_request.get().is_none() {
            let at = *self.first_request.get_or_init(now);
            self.first_contact.get_or_init(|| at);
        }
        if let Some(timer) = &self.timer {
            let start = now();
            timer.wait().await;
            let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.worked.fetch_add(took, Ordering::Relaxed);
        }
        Outcome::Done(Receipt::default())
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        if self.first_contact.get().is_none() {
            self.first_contact.get_or_init(now);
        }
        match query {
            Query::Vm(vm) => Ok(Observed {
                as_of: Time(0),
                pending: Vec::new(),
                state: Observation::Vm(Some(self.vm(vm))),
            }),
            _ => Err(not_asked()),
        }
    }

    async fn operation(&self, _id: &OpId) -> Result<OpStatus, AdapterError> {
        Ok(OpStatus::NotKnown)
    }

    async fn cancel(&self, _id: &OpId) -> Outcome<()> {
        Outcome::Done(())
    }

    async fn raise_fence(&self, _domain: &FenceDomain, token: Token) -> Outcome<Token> {
        Outcome::Done(token)
    }
}
