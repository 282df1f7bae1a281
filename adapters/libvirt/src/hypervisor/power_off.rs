//! Powers off at once.

use muster_contract::{Instance, OpContext, Receipt};

use super::answer::{Stop, already, besides, changed, done, dry};
use super::{Libvirt, uuid};
use crate::pool::Found;
use crate::rpc::{Destroy, ManagedSaveRemove, SetAutostart};
use muster_plans::inventory::Power;

impl Libvirt {
    pub(super) async fn power_off(
        &self,
        ctx: &OpContext,
        instance: &Instance,
    ) -> Result<Receipt, Stop> {
        self.own_instance(ctx, instance)?;
        // What is not there does not run.
        let mut on = Vec::new();
        let living = self.pool.known(uuid(instance)).await.living()?;
        for there in living.found {
            if self.power(&there).await? != Power::Off || self.autostart(&there).await? {
                on.push(there);
            }
        }
        if on.is_empty() {
            return Ok(besides(already(), living.blind));
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        for (nr, there) in on.iter().enumerate() {
            let stopped = self.stop(there).await;
            if nr > 0 { stopped.map_err(Stop::unsure)? } else { stopped? }
        }
        Ok(besides(done(), living.blind))
    }

    /// Stops a domain for good: it does not start by itself either.
    pub(super) async fn stop(&self, there: &Found) -> Result<(), Stop> {
        let domain = there.domain.clone();
        if self.autostart(there).await? {
            let never = SetAutostart { domain: domain.clone(), autostart: 0 };
            there.host.ask(&never).await.map_err(|error| changed(&error).unsure())?;
        }
        match self.power(there).await.map_err(|error| Stop::from(error).unsure())? {
            Power::Off => return Ok(()),
            Power::Suspended if self.is_saved(there).await.unwrap_or_default() => {
                let forget = ManagedSaveRemove { domain, flags: 0 };
                return there.host.ask(&forget).await.map_err(|error| changed(&error).unsure());
            }
            Power::On | Power::Suspended => {}
        }
        match there.host.ask(&Destroy { domain }).await {
            Ok(()) => Ok(()),
            Err(error) => match self.power(there).await {
                Ok(Power::Off) => Ok(()),
                // Whether it starts by itself may have changed.
                Ok(_) | Err(_) => Err(changed(&error).unsure()),
            },
        }
    }
}
