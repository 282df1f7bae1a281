//! Moves a running VM to a host of the other site.
//!
//! The host that has it speaks to the other one itself (peer to peer), so that the move goes on and ends in one of
//! two ways whatever becomes of this agent: the VM runs there and is unknown here, or it runs on here.

use std::time::Duration;

use muster_contract::{ErrorClass, Instance, NicSpec, OpContext, Receipt};
use muster_plans::id::{HostId, SiteName, VmId};
use muster_plans::inventory::Power;
use muster_plans::mobility::Method;

use super::Libvirt;
use super::answer::{Stop, changed, done, dry, noted};
use crate::edit::{Wire, connect};
use crate::host::Host;
use crate::pool::{Found, failed};
use crate::rpc::{AbortJob, GetXml, Job, JobStats, MigratePerform, Param, Value};

/// Alive, peer to peer, kept there, unknown here; the guest is slowed down where it dirties memory faster than it is
/// sent, and an error of a disk breaks the move off.
const FLAGS: u32 = 1 | 2 | 8 | 16 | 4096 | 8192;

/// As it can be sent to another host, with what is secret.
const MIGRATABLE: u32 = 8 | 1;

/// How long breaking off may take.
const ABORT: Duration = Duration::from_secs(30);

/// Where a VM is to go.
pub(super) struct Move<'a> {
    pub(super) vm: VmId,
    pub(super) method: Method,
    pub(super) to_site: &'a SiteName,
    pub(super) to_host: &'a HostId,
    pub(super) nics: &'a [NicSpec],
}

impl Libvirt {
    pub(super) async fn migrate(&self, ctx: &OpContext, to: &Move<'_>) -> Result<Receipt, Stop> {
        if !super::METHODS.contains(&to.method) {
            let text = format!("hosts under libvirt cannot move a VM by {}", to.method);
            return Err(Stop::no(ErrorClass::Unsupported, text));
        }
        let Some(place) = self.config.peer_host(to.to_site, to.to_host) else {
            let text = format!(
                "the agent of `{}` was not told where host `{}` of `{}` is (`peers`)",
                self.site, to.to_host, to.to_site
            );
            return Err(Stop::no(ErrorClass::NotFound, text));
        };
        // Where it has arrived already it is unknown here, and whoever asks looks there.
        let there = self.registered(&Instance::Production(to.vm)).await?;
        if self.power(&there).await? != Power::On {
            return Err(Stop::not_now("it does not run; only a running VM moves live".to_owned()));
        }
        let (next, _) = self.described(&there).await?;
        let running = GetXml { domain: there.domain.clone(), flags: MIGRATABLE };
        let running = there.host.ask(&running).await.map_err(|error| failed(&error))?.text;
        let wires: Vec<Wire<'_>> =
            to.nics.iter().map(|nic| Wire { mac: &nic.mac, network: &nic.network }).collect();
        let text =
            |field: &str, xml: String| Param { field: field.to_owned(), value: Value::Text(xml) };
        let call = MigratePerform {
            domain: there.domain.clone(),
            to: Some(place.to_owned()),
            params: vec![
                text("destination_xml", connect(&running, &wires)?.0),
                text("persistent_xml", connect(&next, &wires)?.0),
            ],
            cookie: String::new(),
            flags: FLAGS,
        };
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        let patience = Duration::from_millis(ctx.deadline.since((self.now)()).0);
        match there.host.ask_for(&call, patience).await {
            Ok(_) => Ok(self.measured(place, &there).await.map_or_else(done, noted)),
            Err(crate::rpc::CallError::Lost(_)) => self.break_off(&there).await,
            // The daemon's word is the end of it, but not of where the VM is: it may have arrived all the same.
            Err(error) => match self.power(&there).await {
                Ok(Power::On) => Err(changed(&error)),
                Ok(_) | Err(_) => Err(changed(&error).unsure()),
            },
        }
    }

    /// It has not come to its end in time.
    async fn break_off(&self, there: &Found) -> Result<Receipt, Stop> {
        let abort = AbortJob { domain: there.domain.clone() };
        // It may have ended in between; the look tells.
        let _ = there.host.ask(&abort).await;
        let until = tokio::time::Instant::now() + ABORT;
        while tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let under_way = job(&there.host, there, 0).await.is_none_or(|job| job.kind != 0);
            if !under_way && matches!(self.power(there).await, Ok(Power::On)) {
                let text =
                    "it did not come to its end in time, and was broken off; the VM runs on here";
                return Err(Stop::no(ErrorClass::Retry, text.to_owned()));
            }
        }
        Err(Stop::not_now("the move was to be broken off, and is under way".to_owned()).unsure())
    }

    /// For how long the VM stood still, as its new host says.
    async fn measured(&self, place: &str, there: &Found) -> Option<String> {
        let uri = place.parse().ok()?;
        let (host, _) = Host::open(&uri, self.pool.tls()).await.ok()?;
        let uuid = uuid::Uuid::from_bytes(there.domain.uuid.0);
        let domain = host.domain(uuid).await.ok()??;
        let job = host.ask(&JobStats { domain, flags: 1 }).await.ok()?;
        let (downtime, total) = (job.number("downtime")?, job.number("time_elapsed")?);
        let rounds = job.number("memory_iteration").unwrap_or_default();
        Some(format!("stood still for {downtime} ms of {total} ms, {rounds} rounds of memory"))
    }
}

/// What is under way with a domain; `None`: it is not known there any more.
pub(super) async fn job(host: &Host, there: &Found, flags: u32) -> Option<Job> {
    host.ask(&JobStats { domain: there.domain.clone(), flags }).await.ok()
}
