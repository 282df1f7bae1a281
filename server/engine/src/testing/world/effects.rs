//! What operations do to objects.

use muster_contract::{
    BubbleState, CloneState, ErrorClass, FencingOp, HypervisorOp, Instance, NicState, OpContext,
    Operation, Outcome, StorageOp, VmState,
};
use muster_plans::graph::Address;
use muster_plans::id::{ConsistencyGroupId, RunTag, SiteName};
use muster_plans::inventory::{HostState, Power, ReplicaRole};
use muster_plans::time::Span;

use super::objects::{Objects, power, registered};

/// Whether anything was changed, or why it was refused.
pub(super) type Effect = Result<bool, (ErrorClass, String)>;

impl Objects {
    /// Does an operation at a site.
    pub(super) fn apply(&mut self, site: &SiteName, ctx: &OpContext, op: &Operation) -> Effect {
        let before = self.clone_for_compare();
        match op {
            Operation::Storage(op) => self.storage(site, ctx, op)?,
            Operation::Hypervisor(op) => self.hypervisor(site, ctx, op)?,
            Operation::Fencing(op) => self.fencing(site, op),
        }
        Ok(before.is_none_or(|before| before != *self))
    }

    /// Comparing all objects is quick only while there are few of them.
    fn clone_for_compare(&self) -> Option<Objects> {
        (self.vms.len() <= 64).then(|| self.clone())
    }

    fn leg(
        &mut self,
        site: &SiteName,
        group: &ConsistencyGroupId,
    ) -> Result<&mut muster_contract::GroupState, (ErrorClass, String)> {
        let key = (site.clone(), group.clone());
        self.groups.get_mut(&key).ok_or_else(|| missing("group"))
    }

    fn storage(
        &mut self,
        site: &SiteName,
        ctx: &OpContext,
        op: &StorageOp,
    ) -> Result<(), (ErrorClass, String)> {
        match op {
            StorageOp::Sync { group } => self.leg(site, group)?.lag = Some(Span::ZERO),
            StorageOp::Demote { group } => {
                let leg = self.leg(site, group)?;
                (leg.writable, leg.drained, leg.lag) = (false, true, Some(Span::ZERO));
                leg.role = ReplicaRole::Target;
            }
            StorageOp::Promote { group, .. } => self.promote(site, group)?,
            StorageOp::Reverse { group } => {
                let leg = self.leg(site, group)?;
                (leg.role, leg.writable) = (ReplicaRole::Source, true);
            }
            StorageOp::SetPreference { group, site: preferred } => {
                let legs = self.groups.iter_mut().filter(|((_, id), _)| id == group);
                legs.for_each(|(_, leg)| leg.preferred = Some(preferred.clone()));
            }
            StorageOp::SnapshotForTest { clone, .. } => {
                let state = CloneState { mounted: false, tag: tag(ctx) };
                self.clones.entry((site.clone(), clone.clone())).or_insert(state);
            }
            StorageOp::DropTest { clone, .. } => {
                _ = self.clones.remove(&(site.clone(), clone.clone()))
            }
        }
        Ok(())
    }

    /// A leg that is written already stays as it is.
    fn promote(
        &mut self,
        site: &SiteName,
        group: &ConsistencyGroupId,
    ) -> Result<(), (ErrorClass, String)> {
        let highest = self.groups.iter().filter(|((_, id), _)| id == group);
        let highest = highest.map(|(_, leg)| leg.generation).max().unwrap_or(0);
        let leg = self.leg(site, group)?;
        if !leg.writable {
            (leg.writable, leg.mounted, leg.generation) = (true, true, highest + 1);
            (leg.drained, leg.lag) = (false, Some(Span::secs(30)));
            leg.role = ReplicaRole::Source;
        }
        Ok(())
    }

    fn vm(&mut self, site: &SiteName, vm: &Instance) -> Result<&mut VmState, (ErrorClass, String)> {
        self.vms.get_mut(&(site.clone(), vm.clone())).ok_or_else(|| missing("VM"))
    }

    fn register(&mut self, site: &SiteName, vm: Instance, mut state: VmState) {
        let key = (site.clone(), vm);
        if let Some(shelved) = self.shelved.remove(&key) {
            state = shelved;
        }
        self.vms.entry(key).or_insert(state);
    }

    fn hypervisor(
        &mut self,
        site: &SiteName,
        ctx: &OpContext,
        op: &HypervisorOp,
    ) -> Result<(), (ErrorClass, String)> {
        match op {
            HypervisorOp::Register(spec) => {
                let state = registered(Some(spec.host.clone()));
                self.register(site, Instance::Production(spec.id), state);
            }
            HypervisorOp::RegisterTest(spec) => {
                let mut state = registered(Some(spec.copy_of.host.clone()));
                state.tag = Some(spec.tag.clone());
                self.register(site, Instance::Test(spec.copy_of.id, spec.tag.clone()), state);
            }
            HypervisorOp::Unregister(vm) => {
                let key = (site.clone(), vm.clone());
                if let (Some(state), Instance::Production(_)) = (self.vms.remove(&key), vm) {
                    self.shelved.insert(key, state);
                }
            }
            HypervisorOp::ConnectNics { vm, nics } => {
                let nics = nics.iter().map(|n| (n.mac.to_string(), n.network.clone()));
                self.vm(site, &Instance::Production(*vm))?.nics = nics.map(card).collect();
            }
            HypervisorOp::ConnectTestNics { vm, tag, nics } => {
                let nics = nics.iter().map(|n| (n.mac.to_string(), n.network.clone()));
                self.vm(site, &Instance::Test(*vm, tag.clone()))?.nics = nics.map(card).collect();
            }
            HypervisorOp::CustomizeIp { instance, addresses } => {
                let vm = self.vm(site, instance)?;
                let cards = vm.nics.iter_mut().zip(addresses);
                cards.for_each(|(card, new)| card.address = new.clone().unwrap_or_default());
            }
            HypervisorOp::PowerOn(vm) => power(self.vm(site, vm)?, Power::On),
            HypervisorOp::Resume(vm) => {
                power(self.vm(site, &Instance::Production(*vm))?, Power::On);
            }
            HypervisorOp::Shutdown { vm, .. } => self.off(site, &Instance::Production(*vm)),
            HypervisorOp::PowerOff(vm) => self.off(site, vm),
            HypervisorOp::Suspend(vm) => {
                power(self.vm(site, &Instance::Production(*vm))?, Power::Suspended);
            }
            HypervisorOp::Migrate { .. } => self.migrate(site, op)?,
            HypervisorOp::CreateBubble { name } => {
                let state = BubbleState { tag: tag(ctx) };
                self.bubbles.entry((site.clone(), name.clone())).or_insert(state);
            }
            HypervisorOp::DropBubble { name } => {
                _ = self.bubbles.remove(&(site.clone(), name.clone()))
            }
            HypervisorOp::Unmount { group } => self.leg(site, group)?.mounted = false,
            HypervisorOp::Mount { group } => self.leg(site, group)?.mounted = true,
            HypervisorOp::MountTest { clone } => {
                let clone = self.clones.get_mut(&(site.clone(), clone.clone()));
                clone.ok_or_else(|| missing("clone"))?.mounted = true;
            }
            HypervisorOp::Rescan => {}
            HypervisorOp::WakeHost(host) => {
                let host = self.hosts.get_mut(&(site.clone(), host.clone()));
                host.ok_or_else(|| missing("host"))?.state = HostState::Up;
            }
        }
        Ok(())
    }

    /// What is not registered is off.
    fn off(&mut self, site: &SiteName, vm: &Instance) {
        if let Ok(vm) = self.vm(site, vm) {
            power(vm, Power::Off);
        }
    }

    fn migrate(&mut self, site: &SiteName, op: &HypervisorOp) -> Result<(), (ErrorClass, String)> {
        let HypervisorOp::Migrate { vm, to_site, to_host, nics, .. } = op else {
            return Ok(());
        };
        let vm = Instance::Production(*vm);
        if self.vms.contains_key(&(to_site.clone(), vm.clone())) {
            return Ok(());
        }
        let state = self.vms.remove(&(site.clone(), vm.clone()));
        let mut state = state.ok_or_else(|| missing("VM"))?;
        state.host = Some(to_host.clone());
        let cards = nics.iter().map(|n| (n.mac.to_string(), n.network.clone()));
        state.nics = cards.map(card).collect();
        self.vms.insert((to_site.clone(), vm), state);
        Ok(())
    }

    fn fencing(&mut self, site: &SiteName, op: &FencingOp) {
        match op {
            FencingOp::FenceSite { site: against } => {
                self.fences.insert((site.clone(), against.clone()));
            }
            FencingOp::UnfenceSite { site: against } => {
                self.fences.remove(&(site.clone(), against.clone()));
            }
            FencingOp::PowerOffHost { host } => {
                if let Some(host) = self.hosts.get_mut(&(site.clone(), host.clone())) {
                    host.state = HostState::Down;
                }
            }
        }
    }
}

fn missing(what: &str) -> (ErrorClass, String) {
    (ErrorClass::NotFound, format!("there is no such {what} here"))
}

fn tag(ctx: &OpContext) -> RunTag {
    ctx.run_tag.clone().unwrap_or_else(|| RunTag::from("none"))
}

fn card((mac, network): (String, muster_plans::id::NetworkName)) -> NicState {
    NicState { mac, network: Some(network), address: Address::default() }
}

/// An effect as an outcome.
pub(super) fn outcome(effect: &Effect) -> Outcome<muster_contract::Receipt> {
    match effect {
        Ok(changed) => Outcome::Done(muster_contract::Receipt {
            already: !changed,
            ..muster_contract::Receipt::default()
        }),
        Err((class, words)) => Outcome::refused(*class, words.clone()),
    }
}
