//! Powers off at once.

use muster_contract::{Instance, OpContext, Receipt};

use super::Libvirt;
use super::answer::{Stop, already, changed, done, dry};
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
        let Some(there) = self.find(instance).await? else { return Ok(already()) };
        if self.power(&there).await? == Power::Off && !self.autostart(&there).await? {
            return Ok(already());
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        self.stop(&there).await?;
        Ok(done())
    }

    /// Stops a domain for good: it does not start by itself either.
    pub(super) async fn stop(&self, there: &Found) -> Result<(), Stop> {
        let domain = there.domain.clone();
        let never = SetAutostart { domain: domain.clone(), autostart: 0 };
        there.host.ask(&never).await.map_err(|error| changed(&error))?;
        match self.power(there).await? {
            Power::Off => return Ok(()),
            Power::Suspended if self.is_saved(there).await? => {
                let forget = ManagedSaveRemove { domain, flags: 0 };
                return there.host.ask(&forget).await.map_err(|error| changed(&error));
            }
            Power::On | Power::Suspended => {}
        }
        match there.host.ask(&Destroy { domain }).await {
            Ok(()) => Ok(()),
            Err(error) => match self.power(there).await {
                Ok(Power::Off) => Ok(()),
                Ok(_) => Err(changed(&error)),
                Err(_) => Err(changed(&error).unsure()),
            },
        }
    }
}
