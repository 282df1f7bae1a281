//! Suspends VMs that make room, and resumes them.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_contract::{AdapterError, Instance, Mode, OpContext, Receipt};
use muster_plans::id::{VmId, VolumeId};

use super::Libvirt;
use super::answer::{Stop, already, besides, changed, done, dry};
use crate::domain::Domain;
use crate::edit::{Notes, note_memory};
use crate::rpc::{DefineXml, ManagedSave, Resume};
use muster_plans::inventory::Power;

/// Memory is written to a disk meanwhile.
const SAVE: Duration = Duration::from_secs(600);

impl Libvirt {
    /// Its memory is kept in a file of the host, so that it makes room.
    pub(super) async fn suspend(&self, ctx: &OpContext, vm: VmId) -> Result<Receipt, Stop> {
        let instance = Instance::Production(vm);
        let (there, blind) = self.living(&instance).await?;
        let there = there.ok_or_else(|| self.absent(&instance))?;
        match self.power(&there).await? {
            Power::Suspended => return Ok(besides(already(), blind)),
            Power::Off => return Err(Stop::not_now("it does not run".to_owned())),
            Power::On => {}
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        // Before it stands still: afterwards nobody could tell any more what it was.
        let (xml, domain) = self.described(&there).await?;
        let xml = note_memory(&xml, &self.histories(&domain).await?)?;
        let call = DefineXml { xml, flags: 0 };
        there.host.ask(&call).await.map_err(|error| changed(&error))?;
        let call = ManagedSave { domain: there.domain.clone(), flags: 0 };
        match there.host.ask_for(&call, SAVE).await {
            Ok(()) => Ok(besides(done(), blind)),
            Err(error) => match self.power(&there).await {
                Ok(Power::Suspended) => Ok(besides(done(), blind)),
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
        let (xml, domain) = self.described(&there).await?;
        if matches!(ctx.mode, Mode::Test | Mode::Cleanup) && ctx.run_tag.is_none() {
            return Err(Stop::not_now("a test without a tag".to_owned()));
        }
        self.ready(&instance, &domain).await?;
        let saved = self.is_saved(&there).await?;
        if saved && let Some(why) = outdated(&Notes::read(&xml), &self.histories(&domain).await?) {
            return Err(Stop::not_now(why));
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        if saved {
            self.start(&there).await?;
        } else {
            let call = Resume { domain: there.domain.clone() };
            there.host.ask(&call).await.map_err(|error| changed(&error))?;
        }
        Ok(done())
    }
    /// What the volumes of a VM are now, where the storage says so.
    async fn histories(&self, domain: &Domain) -> Result<BTreeMap<VolumeId, String>, AdapterError> {
        let mut all = BTreeMap::new();
        for place in domain.disks.iter().filter_map(|disk| disk.source.as_ref()?.place()) {
            if let Some(bound) = self.volumes.volume_at(&place).await?
                && let Some(history) = self.volumes.history(&bound.volume).await?
            {
                all.insert(bound.volume, history);
            }
        }
        Ok(all)
    }
}

/// Why memory that was kept does not belong to the disks. A guest that goes on with it would write over them what it
/// remembers of other ones.
fn outdated(notes: &Notes, now: &BTreeMap<VolumeId, String>) -> Option<String> {
    let changed = now.iter().find(|(volume, of)| notes.memory.get(*volume) != Some(of));
    changed.map(|(volume, _)| {
        format!(
            "its memory was kept when {volume} was in another state, or nobody noted in which: it does not belong to \
             these disks; remove it (virsh managedsave-remove), and it starts as after a power loss"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_on_with_the_disks_that_it_was_kept_with() {
        let of = |words: &[(&str, &str)]| -> BTreeMap<VolumeId, String> {
            words.iter().map(|(id, of)| (VolumeId::from(*id), (*of).to_owned())).collect()
        };
        let notes = Notes { memory: of(&[("erp/a", "3"), ("erp/b", "3")]), shutdown: None };
        assert_eq!(outdated(&notes, &of(&[("erp/a", "3"), ("erp/b", "3")])), None);
        assert!(
            outdated(&notes, &of(&[("erp/a", "3"), ("erp/b", "4")])).unwrap().contains("erp/b")
        );
        assert!(outdated(&notes, &of(&[("erp/c", "3")])).is_some(), "nobody noted it");
        // A storage that says nothing.
        assert_eq!(outdated(&notes, &of(&[])), None);
        assert_eq!(outdated(&Notes::default(), &of(&[])), None);
    }
}
