//! Hosts under libvirt as the hypervisor of a site: one file for each verb.

mod addressing;
mod answer;
mod bubble;
mod cards;
mod inventory;
mod ip;
mod keeper;
mod look;
mod migrate;
mod mount;
mod power_off;
mod power_on;
mod register;
mod shutdown;
mod suspend;
mod unreadable;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use muster_contract::{
    AdapterError, ErrorClass, HypervisorAdapter, HypervisorOp, Instance, Observed, OpContext,
    Outcome, Query, Receipt, VolumeAdapter,
};
use muster_plans::id::{SiteName, VmId};
use muster_plans::inventory::SiteInventory;
use muster_plans::mobility::Method;
use muster_plans::time::Time;
use uuid::Uuid;

use crate::config::LibvirtConfig;
use crate::domain::{BadDomain, Domain};
use crate::guest::Guest;
use crate::known::foremost;
use crate::pool::{Found, Pool, PoolError, failed};

use addressing::Addressing;
use answer::Stop;
use migrate::Move;

/// Live moves that hosts under libvirt can do, where the storage is written at both sites.
pub const METHODS: [Method; 2] = [Method::VMotion, Method::LongDistanceActiveActive];

/// Says what time it is.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// The hosts of one site.
pub struct Libvirt {
    site: SiteName,
    config: LibvirtConfig,
    pool: Pool,
    volumes: Arc<dyn VolumeAdapter>,
    now: Now,
    /// What guests' agents have said last; for lists only, never for a decision.
    guests: Mutex<HashMap<Uuid, Guest>>,
    /// What VMs were made of when they were last understood; for lists only as well.
    understood: Mutex<HashMap<Uuid, Domain>>,
    addressing: Mutex<Addressing>,
}

impl Libvirt {
    /// Reads the configuration; contacts nobody yet.
    ///
    /// # Errors
    /// [`PoolError`] where a host's place or a certificate cannot be used.
    pub fn new(
        site: SiteName,
        config: LibvirtConfig,
        volumes: Arc<dyn VolumeAdapter>,
        now: Now,
    ) -> Result<Libvirt, PoolError> {
        let pool = Pool::new(&config)?;
        Ok(Libvirt {
            site,
            config,
            pool,
            volumes,
            now,
            guests: Mutex::default(),
            understood: Mutex::default(),
            addressing: Mutex::default(),
        })
    }

    /// Where an instance is registered; `None` only where all hosts have said that it is not.
    async fn find(&self, instance: &Instance) -> Result<Option<Found>, AdapterError> {
        self.pool.find(uuid(instance)).await
    }

    /// The same for what makes no writer, with who was not asked for people.
    async fn living(
        &self,
        instance: &Instance,
    ) -> Result<(Option<Found>, Option<String>), AdapterError> {
        let living = self.pool.known(uuid(instance)).await.living()?;
        Ok((foremost(living.found), living.blind))
    }

    /// The same as [`Libvirt::find`] of one that has to be there.
    async fn registered(&self, instance: &Instance) -> Result<Found, AdapterError> {
        self.find(instance).await?.ok_or_else(|| self.absent(instance))
    }

    fn absent(&self, instance: &Instance) -> AdapterError {
        let text = format!("{} is not registered at `{}`", words(instance), self.site);
        AdapterError::new(ErrorClass::NotFound, text)
    }

    /// What a domain is made of, as it will be started next.
    async fn described(&self, found: &Found) -> Result<(String, Domain), AdapterError> {
        let (xml, domain) = self.seen(found).await?;
        Ok((xml, domain?))
    }

    /// The same, where it need not be understood.
    async fn seen(
        &self,
        found: &Found,
    ) -> Result<(String, Result<Domain, AdapterError>), AdapterError> {
        let xml = found.host.xml(&found.domain, true).await.map_err(|error| failed(&error))?;
        let domain = Domain::read(&xml).map_err(|bad| unreadable(&found.domain.name, &bad));
        Ok((xml, domain))
    }

    fn guest(&self, uuid: Uuid) -> Option<Guest> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner).get(&uuid).cloned()
    }

    fn remember(&self, uuid: Uuid, guest: Guest) {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner).insert(uuid, guest);
    }
}

/// A description that nobody understands is no VM that anything could be done with.
fn unreadable(name: &str, bad: &BadDomain) -> AdapterError {
    AdapterError::new(ErrorClass::Bug, format!("the description of {name}: {bad}"))
}

/// What identifies an instance on every host. A test copy has an id of its own that is made of the VM's and
/// of the test's tag, so that whoever resumes the test finds it.
fn uuid(instance: &Instance) -> Uuid {
    match instance {
        Instance::Production(VmId(uuid)) => *uuid,
        Instance::Test(VmId(uuid), tag) => Uuid::new_v5(uuid, tag.as_str().as_bytes()),
    }
}

fn words(instance: &Instance) -> String {
    match instance {
        Instance::Production(vm) => format!("the VM {vm}"),
        Instance::Test(vm, tag) => format!("the test copy {tag} of {vm}"),
    }
}

#[async_trait]
impl HypervisorAdapter for Libvirt {
    async fn apply(&self, ctx: &OpContext, op: &HypervisorOp) -> Outcome<Receipt> {
        use HypervisorOp as H;
        let done = match op {
            H::Register(spec) => self.register(ctx, spec).await,
            H::RegisterTest(spec) => self.register_test(ctx, spec).await,
            H::Unregister(instance) => self.unregister(ctx, instance).await,
            H::ConnectNics { vm, nics } => self.connect(ctx, *vm, nics).await,
            H::ConnectTestNics { vm, tag, nics } => self.connect_test(ctx, *vm, tag, nics).await,
            H::CustomizeIp { instance, addresses } => {
                self.customize(ctx, instance, addresses).await
            }
            H::PowerOn(instance) => self.power_on(ctx, instance).await,
            H::Shutdown { vm, guest, timeout } => self.shutdown(ctx, *vm, *guest, *timeout).await,
            H::PowerOff(instance) => self.power_off(ctx, instance).await,
            H::Suspend(vm) => self.suspend(ctx, *vm).await,
            H::Resume(vm) => self.resume(ctx, *vm).await,
            H::CreateBubble { name } => self.make_bubble(ctx, name).await,
            H::DropBubble { name } => self.drop_bubble(ctx, name).await,
            H::Unmount { group } => self.unmount(ctx, group).await,
            H::Mount { group } => self.mount(ctx, group).await,
            H::MountTest { clone } => self.mount_test(ctx, clone).await,
            // Files and RBD images are found by their names whenever a VM is started.
            H::Rescan => Ok(answer::already()),
            H::Migrate { vm, method, to_site, to_host, nics } => {
                let to = Move { vm: *vm, method: *method, to_site, to_host, nics };
                self.migrate(ctx, &to).await
            }
            H::WakeHost(_) => Err(Stop::no(
                ErrorClass::Unsupported,
                "hosts under libvirt are not woken".to_owned(),
            )),
        };
        done.into()
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.look(query).await
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        self.idle(object).await
    }

    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        self.list(into).await
    }
}

#[cfg(test)]
mod tests;
