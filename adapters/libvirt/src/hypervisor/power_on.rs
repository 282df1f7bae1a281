//! Powers on.

use std::time::Duration;

use muster_contract::{AdapterError, ErrorClass, Instance, OpContext, Receipt};
use muster_plans::id::NetworkName;
use muster_plans::inventory::NetworkRole;

use super::answer::{Stop, already, changed, done, dry};
use super::{Libvirt, words};
use crate::domain::Domain;
use crate::pool::Found;
use crate::rpc::Create;
use muster_plans::inventory::Power;

/// How long a daemon has to start a VM.
const START: Duration = Duration::from_secs(60);

impl Libvirt {
    pub(super) async fn power_on(
        &self,
        ctx: &OpContext,
        instance: &Instance,
    ) -> Result<Receipt, Stop> {
        self.own_instance(ctx, instance)?;
        let there = self.registered(instance).await?;
        match self.power(&there).await? {
            Power::On => return Ok(already()),
            Power::Suspended => {
                return Err(Stop::not_now(format!("{} is suspended; resume it", words(instance))));
            }
            Power::Off => {}
        }
        let (_, domain) = self.described(&there).await?;
        self.ready(instance, &domain).await?;
        self.alone(&there).await?;
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        self.start(&there).await?;
        Ok(done())
    }

    /// Starts a domain, whether it was off or its memory was kept.
    pub(super) async fn start(&self, there: &Found) -> Result<(), Stop> {
        let call = Create { domain: there.domain.clone(), flags: 0 };
        match there.host.ask_for(&call, START).await {
            Ok(_) => Ok(()),
            // Somebody else may have been faster.
            Err(error) => match self.power(there).await {
                Ok(Power::On) => Ok(()),
                Ok(_) => Err(changed(&error)),
                Err(_) => Err(changed(&error).unsure()),
            },
        }
    }

    /// Whether all storage of an instance can be written here, and none of it belongs to production where it
    /// is a test copy.
    pub(super) async fn ready(
        &self,
        instance: &Instance,
        domain: &Domain,
    ) -> Result<(), AdapterError> {
        let test = matches!(instance, Instance::Test(..));
        for disk in domain.disks.iter().filter(|disk| !disk.read_only) {
            let Some(source) = &disk.source else { continue };
            let Some(place) = source.place() else {
                if test {
                    let text = format!("disk {} of a test copy is in no clone", disk.target);
                    return Err(refuse(text));
                }
                continue;
            };
            let bound = self.volumes.volume_at(&place).await?;
            match (instance, bound) {
                (Instance::Production(_), Some(bound)) => {
                    let open = self.volumes.writable(&bound.volume).await?;
                    if !open {
                        return Err(refuse(format!("{} cannot be written here", bound.volume)));
                    }
                    if !bound.mounted {
                        return Err(refuse(format!("{} is not mounted here", bound.volume)));
                    }
                }
                (Instance::Test(..), Some(bound)) => {
                    return Err(refuse(format!("{} belongs to production", bound.volume)));
                }
                (_, None) => {}
            }
        }
        if let Instance::Test(_, tag) = instance {
            for network in
                domain.nics.iter().filter(|card| card.up).filter_map(|c| c.network.as_ref())
            {
                let name = NetworkName::from(network.as_str());
                let marked = self.role(&name) == Some(NetworkRole::Test);
                if !marked && self.bubble(&name).await?.as_ref() != Some(tag) {
                    return Err(refuse(format!("the network {network} is not for this test")));
                }
            }
        }
        Ok(())
    }

    /// No other host of this site runs the same.
    async fn alone(&self, there: &Found) -> Result<(), Stop> {
        let uuid = there.domain.uuid.0;
        for other in self.pool.all().await?.iter().filter(|other| other.id != there.id) {
            if other.domain.uuid.0 == uuid && self.power(other).await? != Power::Off {
                let text = format!("it runs on {} of this site already", other.id);
                return Err(Stop::not_now(text));
            }
        }
        Ok(())
    }
}

fn refuse(text: String) -> AdapterError {
    AdapterError::new(ErrorClass::Precondition, text)
}
