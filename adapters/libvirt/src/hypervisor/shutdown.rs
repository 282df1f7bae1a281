//! Asks the guest to shut down, and powers off when it does not.

use std::time::Duration;

use muster_contract::{Instance, OpContext, Receipt};
use muster_plans::id::VmId;
use muster_plans::time::Span;

use super::Libvirt;
use super::answer::{Stop, already, done, dry, noted};
use crate::rpc::{SetAutostart, Shutdown};
use muster_plans::inventory::Power;

/// How often it is looked whether the guest is down. Its end is told, too, but a telling can be missed.
const LOOK: Duration = Duration::from_millis(250);

impl Libvirt {
    pub(super) async fn shutdown(
        &self,
        ctx: &OpContext,
        vm: VmId,
        guest: bool,
        timeout: Span,
    ) -> Result<Receipt, Stop> {
        let Some(there) = self.find(&Instance::Production(vm)).await? else { return Ok(already()) };
        let power = self.power(&there).await?;
        if power == Power::Off && !self.autostart(&there).await? {
            return Ok(already());
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        if !guest || power != Power::On {
            self.stop(&there).await?;
            return Ok(done());
        }
        let domain = there.domain.clone();
        // Before it is down: nothing may start it again in between.
        let never = SetAutostart { domain: domain.clone(), autostart: 0 };
        there.host.ask(&never).await.map_err(|error| super::answer::changed(&error))?;
        // By its agent or by its power button, whichever there is. A guest that does not hear is powered off
        // below, so that the answer does not matter.
        let asked = there.host.ask(&Shutdown { domain, flags: 0 }).await;
        let until = tokio::time::Instant::now() + Duration::from_millis(timeout.0);
        let until = if asked.is_ok() { until } else { tokio::time::Instant::now() };
        loop {
            if self.power(&there).await.map_err(|error| Stop::from(error).unsure())? == Power::Off {
                return Ok(done());
            }
            if tokio::time::Instant::now() >= until {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        self.stop(&there).await.map_err(Stop::unsure)?;
        let why = asked.map_or_else(
            |error| format!("the guest could not be asked ({error}); powered off"),
            |()| "the guest did not shut down in time; powered off".to_owned(),
        );
        Ok(noted(why))
    }
}
