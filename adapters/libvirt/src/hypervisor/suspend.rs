//! Suspends VMs that make room, and resumes them.

use std::time::Duration;

use muster_contract::{Instance, Mode, OpContext, Receipt};
use muster_plans::id::VmId;

use super::Libvirt;
use super::answer::{Stop, already, changed, done, dry};
use crate::rpc::{ManagedSave, Resume};
use muster_plans::inventory::Power;

/// Memory is written to a disk meanwhile.
const SAVE: Duration = Duration::from_secs(600);

impl Libvirt {
    /// Its memory is kept in a file of the host, so that it makes room.
    pub(super) async fn suspend(&self, ctx: &OpContext, vm: VmId) -> Result<Receipt, Stop> {
        let there = self.registered(&Instance::Production(vm)).await?;
        match self.power(&there).await? {
            Power::Suspended => return Ok(already()),
            Power::Off => return Err(Stop::not_now("it does not run".to_owned())),
            Power::On => {}
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        let call = ManagedSave { domain: there.domain.clone(), flags: 0 };
        match there.host.ask_for(&call, SAVE).await {
            Ok(()) => Ok(done()),
            Err(error) => match self.power(&there).await {
                Ok(Power::Suspended) => Ok(done()),
                Ok(_) => Err(changed(&error)),
                Err(_) => Err(changed(&error).unsure()),
            },
        }
    }

    pub(super) async fn resume(&self, ctx: &OpContext, vm: VmId) -> Result<Receipt, Stop> {
        let instance = Instance::Production(vm);
        let there = self.registered(&instance).await?;
        match self.power(&there).await? {
            Power::On => return Ok(already()),
            Power::Off => return Err(Stop::not_now("it is not suspended".to_owned())),
            Power::Suspended => {}
        }
        let (_, domain) = self.described(&there).await?;
        if matches!(ctx.mode, Mode::Test | Mode::Cleanup) && ctx.run_tag.is_none() {
            return Err(Stop::not_now("a test without a tag".to_owned()));
        }
        self.ready(&instance, &domain).await?;
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        if self.is_saved(&there).await? {
            self.start(&there).await?;
        } else {
            let call = Resume { domain: there.domain.clone() };
            there.host.ask(&call).await.map_err(|error| changed(&error))?;
        }
        Ok(done())
    }
}
