//! Makes VMs and test copies known, and unknown.

use std::collections::BTreeMap;

use muster_contract::{
    AdapterError, ErrorClass, Instance, OpContext, Place, Receipt, TestVmSpec, VmSpec,
};
use muster_plans::id::{HostId, VolumeId};

use super::answer::{Stop, already, changed, done, dry};
use super::{Libvirt, uuid, words};
use crate::domain::Domain;
use crate::edit::{Copy, Disks, Kept, production, test};
use crate::pool::Found;
use crate::rpc::{DefineXml, SetAutostart, Undefine};
use muster_plans::inventory::Power;

/// What goes with a registration: saved memory (1) and the records of snapshots (2) and checkpoints (16).
const WITH_IT: u32 = 1 | 2 | 16;

/// What the firmware (8) and a TPM (64) keep stays with the VM in production.
const KEPT: u32 = 8 | 64;

/// A copy's firmware settings are its own, and go.
const GOES: u32 = 4;

impl Libvirt {
    pub(super) async fn register(&self, ctx: &OpContext, spec: &VmSpec) -> Result<Receipt, Stop> {
        let instance = Instance::Production(spec.id);
        let there = self.find(&instance).await?;
        if let Some(there) = &there {
            match self.power(there).await? {
                Power::On => return Ok(already()),
                Power::Suspended => {
                    let text = format!(
                        "{} is registered on {} with the memory of another time, which does not belong to \
                         these disks; remove it there (virsh managedsave-remove)",
                        spec.name, there.id
                    );
                    return Err(Stop::not_now(text));
                }
                Power::Off => {}
            }
        }
        let home = self.home_of(spec, None).await?;
        let places = self.places(&Kept::read(&home)?, spec, &[]).await?;
        let xml = production(&home, spec, &self.disks(&places))?;
        if let Some(there) = there.as_ref().filter(|there| there.id == spec.host) {
            // What is left of an earlier time may describe another machine.
            let (_, known) = self.described(there).await?;
            if is_same(&known, &xml) && !self.autostart(there).await? {
                return Ok(already());
            }
        }
        // Before anything is taken away.
        self.pool.host(&spec.host).await?;
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        let mut moved = false;
        if let Some(there) = there.filter(|there| there.id != spec.host) {
            // Placed on another host it is still one registration.
            self.undefine(&there, WITH_IT | KEPT).await?;
            moved = true;
        }
        let defined = self.define(&spec.host, xml).await;
        if moved { defined.map_err(Stop::unsure) } else { defined }
    }

    pub(super) async fn register_test(
        &self,
        ctx: &OpContext,
        spec: &TestVmSpec,
    ) -> Result<Receipt, Stop> {
        self.own(ctx, Some(&spec.tag), "the test copy")?;
        let vm = &spec.copy_of;
        let instance = Instance::Test(vm.id, spec.tag.clone());
        if self.find(&instance).await?.is_some() {
            return Ok(already());
        }
        let mut home = None;
        for clone in &spec.clones {
            if let Ok(found) = self.home_of(vm, Some(clone)).await {
                home = Some(found);
            }
        }
        let Some(home) = home else {
            let text = format!("no clone holds the home of {}", vm.name);
            return Err(Stop::no(ErrorClass::NotFound, text));
        };
        let places = self.places(&Kept::read(&home)?, vm, &spec.clones).await?;
        let copy = Copy { uuid: uuid(&instance), tag: &spec.tag };
        let xml = test(&home, vm, &copy, &self.disks(&places))?;
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        self.define(&vm.host, xml).await
    }

    pub(super) async fn unregister(
        &self,
        ctx: &OpContext,
        instance: &Instance,
    ) -> Result<Receipt, Stop> {
        self.own_instance(ctx, instance)?;
        let all = self.pool.find_all(uuid(instance)).await?;
        if all.is_empty() {
            return Ok(already());
        }
        for there in &all {
            if self.power(there).await? != Power::Off {
                return Err(Stop::not_now(format!("{} is not off", words(instance))));
            }
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        let flags = match instance {
            Instance::Production(_) => WITH_IT | KEPT,
            Instance::Test(..) => WITH_IT | GOES,
        };
        for (nr, there) in all.iter().enumerate() {
            let gone = self.undefine(there, flags).await;
            if nr > 0 { gone.map_err(Stop::unsure)? } else { gone? }
        }
        Ok(done())
    }

    async fn undefine(&self, there: &Found, flags: u32) -> Result<(), Stop> {
        let call = Undefine { domain: there.domain.clone(), flags };
        there.host.ask(&call).await.map_err(|error| changed(&error))
    }

    async fn define(&self, host: &HostId, xml: String) -> Result<Receipt, Stop> {
        let host = self.pool.host(host).await?;
        let domain =
            host.ask(&DefineXml { xml, flags: 0 }).await.map_err(|error| changed(&error))?;
        // A new definition has no autostart; an older one of the same name may.
        let off = SetAutostart { domain, autostart: 0 };
        host.ask(&off).await.map_err(|error| changed(&error).unsure())?;
        Ok(done())
    }

    /// The text of a VM's home.
    async fn home_of(&self, spec: &VmSpec, clone: Option<&str>) -> Result<String, AdapterError> {
        let none = |text: String| AdapterError::new(ErrorClass::NotFound, text);
        let Some(beside) = spec.volumes.first() else {
            return Err(none(format!("{} has no volume", spec.name)));
        };
        let home = self.volumes.home(beside, spec.id);
        self.volumes.read(&home, clone).await?.ok_or_else(|| {
            none(format!(
                "the home of {} ({home}) is not there: the agent of its site has not written it yet",
                spec.name
            ))
        })
    }

    /// Where the disks of a VM are: each on a volume that the request names, too.
    async fn places(
        &self,
        kept: &Kept,
        spec: &VmSpec,
        clones: &[String],
    ) -> Result<BTreeMap<String, Place>, Stop> {
        let mut places = BTreeMap::new();
        for (disk, volume) in &kept.volumes {
            if !spec.volumes.contains(volume) {
                let text = format!(
                    "disk {disk} of {} is on {volume}, which is not among its volumes",
                    spec.name
                );
                return Err(Stop::not_now(text));
            }
            places.insert(disk.clone(), self.place(volume, clones).await?);
        }
        Ok(places)
    }

    fn disks<'a>(&'a self, places: &'a BTreeMap<String, Place>) -> Disks<'a> {
        Disks { places, rbd: self.config.rbd.as_ref() }
    }

    async fn place(&self, volume: &VolumeId, clones: &[String]) -> Result<Place, AdapterError> {
        if clones.is_empty() {
            return Ok(self.volumes.bind(volume, None).await?.place);
        }
        let mut absent = None;
        for clone in clones {
            match self.volumes.bind(volume, Some(clone)).await {
                Ok(bound) => return Ok(bound.place),
                Err(error) => absent = Some(error),
            }
        }
        Err(absent.unwrap_or_else(|| AdapterError::new(ErrorClass::NotFound, "no clone")))
    }
}

/// Whether a registration is of the machine that is to be registered. Its cards may be connected by now.
fn is_same(known: &Domain, wanted: &str) -> bool {
    Domain::read(wanted).is_ok_and(|wanted| {
        let disks = |domain: &Domain| -> Vec<_> {
            domain.disks.iter().map(|disk| (disk.target.clone(), disk.source.clone())).collect()
        };
        (known.vcpus, known.memory_mib, &known.name)
            == (wanted.vcpus, wanted.memory_mib, &wanted.name)
            && disks(known) == disks(&wanted)
    })
}
