//! Answers to queries.

use std::net::IpAddr;
use std::time::Duration;

use muster_contract::{
    AdapterError, BubbleState, ErrorClass, HostPowerState, Instance, MoveProgress, NicState,
    Observation, Observed, OpContext, Query, VmState,
};
use muster_plans::graph::Address;
use muster_plans::id::{HostId, NetworkName, RunTag, VmId};
use muster_plans::inventory::{HostState, Power};
use tokio::net::TcpStream;

use super::answer::Stop;
use super::{Libvirt, uuid, words};
use crate::domain::{Card, Domain};
use crate::edit::Notes;
use crate::guest::Guest;
use crate::pool::{Found, failed};
use crate::rpc::{ControlInfo, DomainStats, GetAutostart, GetState, HasManagedSave, code};

/// `virDomainState`.
const RUNNING: [i32; 3] = [1, 2, 4];
const PAUSED: [i32; 2] = [3, 7];
const OFF: i32 = 5;
const GOING_DOWN: i32 = 4;

/// Paused because it is on its way here (`VIR_DOMAIN_PAUSED_MIGRATION`).
const ARRIVING: (i32, i32) = (3, 2);

/// `VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT`.
const LEAVES: u64 = 5;

/// Numbers about disks.
const DISKS: u32 = 32;

/// How long a port has to accept.
const ACCEPT: Duration = Duration::from_millis(700);

impl Libvirt {
    pub(super) async fn look(&self, query: &Query) -> Result<Observed, AdapterError> {
        // The older end: what is read after it is at least as new.
        let as_of = (self.now)();
        let state = match query {
            Query::Vm(instance) => Observation::Vm(self.vm_state(instance).await?),
            Query::Host(id) => Observation::Host(self.host_state(id).await),
            Query::Bubble(name) => {
                let tag = self.bubble(name).await?;
                Observation::Bubble(tag.map(|tag| BubbleState { tag }))
            }
            Query::Leftovers(tag) => Observation::Leftovers(self.leftovers(tag).await?),
            other => {
                let text = format!("a hypervisor does not answer this: {other:?}");
                return Err(AdapterError::new(ErrorClass::Bug, text));
            }
        };
        Ok(Observed { as_of, pending: Vec::new(), state })
    }

    /// Whether a domain runs. One that is paused, or whose memory is kept, is suspended.
    pub(super) async fn power(&self, found: &Found) -> Result<Power, AdapterError> {
        let call = GetState { domain: found.domain.clone(), flags: 0 };
        let state = found.host.ask(&call).await.map_err(|error| failed(&error))?.state;
        if RUNNING.contains(&state) {
            return Ok(Power::On);
        }
        if PAUSED.contains(&state) || (state == OFF && self.is_saved(found).await?) {
            return Ok(Power::Suspended);
        }
        // One that has crashed may be kept with its disks open.
        Ok(if state == OFF { Power::Off } else { Power::On })
    }

    pub(super) async fn is_saved(&self, found: &Found) -> Result<bool, AdapterError> {
        let call = HasManagedSave { domain: found.domain.clone(), flags: 0 };
        Ok(found.host.ask(&call).await.map_err(|error| failed(&error))?.number == 1)
    }

    pub(super) async fn autostart(&self, found: &Found) -> Result<bool, AdapterError> {
        let call = GetAutostart { domain: found.domain.clone() };
        Ok(found.host.ask(&call).await.map_err(|error| failed(&error))?.number == 1)
    }

    async fn vm_state(&self, instance: &Instance) -> Result<Option<VmState>, AdapterError> {
        let (found, blind) = self.living(instance).await?;
        let Some(found) = found else { return Ok(None) };
        if let Some(blind) = blind {
            let vm = &found.domain.name;
            tracing::warn!(site.name = %self.site, vm, blind, "a VM was looked at without all hosts");
        }
        let power = self.power(&found).await?;
        let (_, domain) = self.described(&found).await?;
        let on = power == Power::On;
        let guest =
            if on { Guest::ask(&found.host, &found.domain).await } else { Guest::default() };
        let open_ports = match instance {
            _ if !on => Vec::new(),
            Instance::Production(_) => self.open_ports(&domain, &guest).await,
            // From outside one would reach the VM in production, which has the same address.
            Instance::Test(..) => guest.ports.clone(),
        };
        if on {
            self.remember(uuid(instance), guest.clone());
        }
        Ok(Some(VmState {
            power,
            host: Some(found.id.clone()),
            nics: domain.nics.iter().map(|card| nic(card, &domain, &guest)).collect(),
            heartbeat: guest.answers,
            wrote: on && self.wrote(&found).await?,
            open_ports,
            autostart: self.autostart(&found).await?,
            tag: domain.run_tag.as_deref().map(RunTag::from),
            moving: self.moving(&found).await?,
        }))
    }

    /// Whether a VM is on its way from here or to here. Here it stands still until it is; how far it is, is known
    /// where it comes from.
    async fn moving(&self, found: &Found) -> Result<Option<MoveProgress>, AdapterError> {
        let call = GetState { domain: found.domain.clone(), flags: 0 };
        let state = found.host.ask(&call).await.map_err(|error| failed(&error))?;
        if (state.state, state.reason) == ARRIVING {
            return Ok(Some(MoveProgress { fraction: 0.0 }));
        }
        let Some(job) = super::migrate::job(&found.host, found, 0).await else { return Ok(None) };
        let leaves = job.kind != 0 && job.number("operation") == Some(LEAVES);
        let whole = job.number("data_total").filter(|total| *total > 0);
        let fraction = whole.zip(job.number("data_processed"));
        let fraction = fraction.map_or(0.0, |(total, sent)| (sent as f64 / total as f64).min(1.0));
        Ok(leaves.then_some(MoveProgress { fraction }))
    }

    /// Whether a write of the guest was acknowledged since it was started: QEMU counts them.
    async fn wrote(&self, found: &Found) -> Result<bool, AdapterError> {
        let call = DomainStats { domains: vec![found.domain.clone()], kinds: DISKS, flags: 0 };
        let stats = found.host.ask(&call).await.map_err(|error| failed(&error))?;
        let mut numbers = stats.iter().flat_map(|one| &one.params);
        Ok(numbers.any(|param| {
            param.field.ends_with(".wr.reqs") && param.value.number().is_some_and(|n| n > 0)
        }))
    }

    /// Ports that accept, as seen from this agent; of those that the domain names, and where it names none,
    /// those that its guest says.
    async fn open_ports(&self, domain: &Domain, guest: &Guest) -> Vec<u16> {
        let cards = domain.nics.iter().filter(|card| card.up);
        let addresses: Vec<IpAddr> = cards
            .flat_map(|card| address(card, domain, guest).addresses)
            .map(|net| net.addr())
            .collect();
        let ports = if domain.ports.is_empty() { &guest.ports } else { &domain.ports };
        if addresses.is_empty() {
            return guest.ports.clone();
        }
        let mut open = Vec::new();
        for port in ports.iter().take(32) {
            for address in &addresses {
                let tried = TcpStream::connect((*address, *port));
                if matches!(tokio::time::timeout(ACCEPT, tried).await, Ok(Ok(_))) {
                    open.push(*port);
                    break;
                }
            }
        }
        open
    }

    async fn host_state(&self, id: &HostId) -> Option<HostPowerState> {
        let slot = self.pool.slots.iter().find(|slot| &slot.config.id == id)?;
        let answers = match self.pool.open(slot).await {
            Ok(host) => host.hostname().await.is_ok(),
            Err(_) => false,
        };
        Some(HostPowerState { state: if answers { HostState::Up } else { HostState::Down } })
    }

    async fn leftovers(&self, tag: &RunTag) -> Result<Vec<String>, AdapterError> {
        let mut all: Vec<String> = Vec::new();
        for found in self.pool.all().await? {
            let Some(domain) = self.concerned(&found, tag.as_str()).await? else { continue };
            if domain.run_tag.as_deref() == Some(tag.as_str()) {
                let of = domain.copy_of.unwrap_or(domain.uuid);
                all.push(format!("vm/{of}/{tag}"));
            }
        }
        for (name, _) in self.bubbles().await?.iter().filter(|(_, of)| *of == tag) {
            all.push(format!("bubble/{name}"));
        }
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Whether nothing is under way at an object. A daemon does one thing at a time with a domain, and says
    /// whether it does.
    pub(super) async fn idle(&self, object: &str) -> Result<bool, AdapterError> {
        if !self.pool.is_settled().await? {
            return Ok(false);
        }
        let mut words = object.split('/');
        let (Some("vm"), Some(vm)) = (words.next(), words.next()) else {
            // Networks and mounts take no time.
            return Ok(true);
        };
        let bad = |_| AdapterError::new(ErrorClass::Bug, format!("`{object}` names no VM"));
        let vm = VmId(vm.parse().map_err(bad)?);
        let instance = match words.next() {
            Some(tag) => Instance::Test(vm, tag.into()),
            None => Instance::Production(vm),
        };
        let Some(found) = self.find(&instance).await? else { return Ok(true) };
        let call = GetState { domain: found.domain.clone(), flags: 0 };
        let state = found.host.ask(&call).await.map_err(|error| failed(&error))?.state;
        // A save and a move are made of many small things, between which the daemon has nothing to do.
        let works = super::migrate::job(&found.host, &found, 0).await.is_some_and(|j| j.kind != 0);
        if state == GOING_DOWN || works {
            return Ok(false);
        }
        // A guest that was asked to shut down may still do so, while the daemon has nothing to do.
        if RUNNING.contains(&state) {
            let (xml, _) = self.seen(&found).await?;
            if Notes::read(&xml).shutdown.is_some_and(|until| until > (self.now)()) {
                return Ok(false);
            }
        }
        let call = ControlInfo { domain: found.domain.clone(), flags: 0 };
        match found.host.ask(&call).await {
            Ok(control) => Ok(control.state == 0),
            // It does not run.
            Err(error) if error.code() == Some(code::OPERATION_INVALID) => Ok(true),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Whether the request's tag is the one of what it touches.
    pub(super) fn own(
        &self,
        ctx: &OpContext,
        tag: Option<&RunTag>,
        what: &str,
    ) -> Result<(), Stop> {
        if tag.is_some() && tag == ctx.run_tag.as_ref() {
            return Ok(());
        }
        Err(Stop::not_now(format!("{what} does not belong to this test")))
    }

    pub(super) fn own_instance(&self, ctx: &OpContext, instance: &Instance) -> Result<(), Stop> {
        match instance {
            Instance::Production(_) => Ok(()),
            Instance::Test(_, tag) => self.own(ctx, Some(tag), &words(instance)),
        }
    }
}

fn nic(card: &Card, domain: &Domain, guest: &Guest) -> NicState {
    NicState {
        mac: card.mac.clone(),
        network: card.network.as_deref().filter(|_| card.up).map(NetworkName::from),
        address: address(card, domain, guest),
    }
}

/// What the guest says that a card has, and before it says anything, what it is to have.
pub(super) fn address(card: &Card, domain: &Domain, guest: &Guest) -> Address {
    let mac = card.mac.to_ascii_lowercase();
    let wanted = domain.addresses.get(&mac).cloned().unwrap_or_default();
    match guest.addresses.get(&mac) {
        Some(addresses) => Address { addresses: addresses.clone(), ..wanted },
        None => wanted,
    }
}
