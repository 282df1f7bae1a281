//! Asks the guest to shut down, and powers off when it does not.

use std::time::Duration;

use muster_contract::{Instance, OpContext, Receipt};
use muster_plans::id::VmId;
use muster_plans::time::Span;

use super::Libvirt;
use super::answer::{Stop, already, besides, changed, done, dry, noted};
use crate::edit::note_shutdown;
use crate::pool::Found;
use crate::rpc::{CallError, DefineXml, SetAutostart, Shutdown};
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
        let (there, blind) = self.living(&Instance::Production(vm)).await?;
        let Some(there) = there else { return Ok(already()) };
        let receipt = self.shut_down(ctx, &there, guest, timeout).await?;
        Ok(besides(receipt, blind))
    }

    async fn shut_down(
        &self,
        ctx: &OpContext,
        there: &Found,
        guest: bool,
        timeout: Span,
    ) -> Result<Receipt, Stop> {
        let power = self.power(there).await?;
        if power == Power::Off && !self.autostart(there).await? {
            return Ok(already());
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        if !guest || power != Power::On {
            self.stop(there).await?;
            return Ok(done());
        }
        let domain = there.domain.clone();
        // The guest goes on with it whatever becomes of this agent, and nobody else can say so.
        let (xml, _) = self.described(there).await?;
        let call = DefineXml { xml: note_shutdown(&xml, (self.now)() + timeout)?, flags: 0 };
        there.host.ask(&call).await.map_err(|error| changed(&error))?;
        // Before it is down: nothing may start it again in between.
        if self.autostart(there).await? {
            let never = SetAutostart { domain: domain.clone(), autostart: 0 };
            there.host.ask(&never).await.map_err(|error| changed(&error))?;
        }
        // By its agent or by its power button, whichever there is. By the agent the answer comes when the guest is
        // down, so that it is looked meanwhile whether it is.
        let given = Duration::from_millis(timeout.0);
        let until = tokio::time::Instant::now() + given;
        let call = Shutdown { domain, flags: 0 };
        let asking = there.host.ask_for(&call, given.max(LOOK));
        tokio::pin!(asking);
        let mut asked = None;
        loop {
            if self.power(there).await.map_err(|error| Stop::from(error).unsure())? == Power::Off {
                return Ok(done());
            }
            let deaf = matches!(
                asked,
                Some(Err(CallError::NotSent(_) | CallError::Refused(_) | CallError::Nonsense(_)))
            );
            if deaf || tokio::time::Instant::now() >= until {
                break;
            }
            tokio::select! {
                answer = &mut asking, if asked.is_none() => asked = Some(answer),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.stop(there).await.map_err(Stop::unsure)?;
        let why = match asked {
            Some(Err(error)) if !matches!(error, CallError::Lost(_)) => {
                format!("the guest could not be asked ({error}); powered off")
            }
            _ => "the guest did not shut down in time; powered off".to_owned(),
        };
        Ok(noted(why))
    }
}
