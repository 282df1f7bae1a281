//! ATK-26 and 39: a test copy with two network cards, on a clone of the lab's group.

use std::collections::BTreeSet;

use muster_plans::id::{ConsistencyGroupId, HostId, VolumeId};
use muster_plans::inventory::{HostState, Power, SiteInventory, VirtualMachine};

use super::bench::{Bench, said};
use super::hand::{Aim, Hook};
use super::journey::of_group;
use super::{Finding, Stop, ensure, failed};
use crate::capability::OperationKind as Kind;
use crate::context::{Mode, OpContext};
use crate::observed::{Observation, VmState};
use crate::operation::{HypervisorOp, Instance, Operation, StorageOp, TestNicSpec};
use crate::operation::{TestVmSpec, VmSpec};
use crate::outcome::Outcome;
use crate::query::Query;

/// Addresses from the range that nobody owns.
const MACS: [&str; 2] = ["02:4d:55:53:54:01", "02:4d:55:53:54:02"];

/// What the copy takes.
const KINDS: [Kind; 10] = [
    Kind::SnapshotForTest,
    Kind::MountTest,
    Kind::RegisterTest,
    Kind::ConnectTestNics,
    Kind::PowerOn,
    Kind::PowerOff,
    Kind::Unregister,
    Kind::DropTest,
    Kind::CreateBubble,
    Kind::DropBubble,
];

/// A test copy that is to be made.
struct Copy {
    spec: TestVmSpec,
    /// The group that its clone is of.
    group: ConsistencyGroupId,
    bubble: String,
}

/// A host of a site that is up.
pub(super) fn host(inventory: &SiteInventory) -> Result<HostId, Stop> {
    let up = inventory.hosts.iter().find(|host| host.state == HostState::Up);
    up.map(|host| host.id.clone())
        .ok_or_else(|| Stop::NotApplicable("no host is up at this site".to_owned()))
}

/// How a VM is registered on a host, with those of its volumes that `keep` says.
pub(super) fn spec(vm: &VirtualMachine, host: HostId, keep: impl Fn(&VolumeId) -> bool) -> VmSpec {
    // Two objects may lie in one volume.
    let mut seen = BTreeSet::new();
    let kept = vm.objects.iter().filter(|object| keep(&object.volume));
    let kept = kept.filter(|object| seen.insert(&object.volume));
    let (volumes, policies) =
        kept.map(|object| (object.volume.clone(), object.policy.clone())).unzip();
    VmSpec {
        id: vm.id,
        name: vm.name.clone(),
        host,
        vcpus: vm.vcpus,
        memory_mib: vm.memory_mib,
        volumes,
        policies,
    }
}

impl Copy {
    async fn plan(bench: &Bench<'_>, name: &str) -> Result<Copy, Stop> {
        if let Some(kind) = KINDS.iter().find(|k| !bench.capabilities.operations.contains_key(k)) {
            return Err(Stop::NotApplicable(format!("the operation {kind:?} is not declared")));
        }
        let lab = bench.hand(Hook::Lab)?.lab().ok_or_else(|| failed("the hand has no lab"))?;
        let theirs = lab.peer.inventory().await;
        let theirs = theirs.map_err(|error| failed(format!("the peer: {error}")))?;
        let members = of_group(&theirs, &lab.group);
        let Some(vm) = theirs.vms.iter().find(|vm| members.contains(&vm.id)) else {
            let why = "no VM of the lab's group is at the peer".to_owned();
            return Err(Stop::NotApplicable(why));
        };
        let here = &bench.inventory;
        let in_group = |volume: &VolumeId| {
            let mut own = here.volumes.iter();
            own.any(|own| &own.id == volume && own.group.as_ref() == Some(&lab.group))
        };
        let copy_of = spec(vm, host(here)?, in_group);
        let clone = bench.name(&format!("{name}-disks"));
        let spec = TestVmSpec { copy_of, clones: vec![clone], tag: bench.probe.tag() };
        Ok(Copy { spec, group: lab.group, bubble: bench.name(&format!("{name}-net")) })
    }

    fn instance(&self) -> Instance {
        Instance::Test(self.spec.copy_of.id, self.spec.tag.clone())
    }

    fn connect(&self) -> Operation {
        let nic = |mac: &str| TestNicSpec { mac: mac.into(), network: self.bubble.as_str().into() };
        Operation::Hypervisor(HypervisorOp::ConnectTestNics {
            vm: self.spec.copy_of.id,
            tag: self.spec.tag.clone(),
            nics: MACS.map(nic).into(),
        })
    }

    /// Up to where its cards are connected.
    async fn make(&self, bench: &Bench<'_>) -> Result<(), Stop> {
        let bubble = HypervisorOp::CreateBubble { name: self.bubble.as_str().into() };
        bench.done(&bench.ctx(), &Operation::Hypervisor(bubble)).await?;
        for clone in &self.spec.clones {
            let (group, name) = (self.group.clone(), clone.clone());
            let snapshot = StorageOp::SnapshotForTest { group, clone: name.clone() };
            bench.done(&bench.ctx(), &Operation::Storage(snapshot)).await?;
            let mount = HypervisorOp::MountTest { clone: name };
            bench.done(&bench.ctx(), &Operation::Hypervisor(mount)).await?;
        }
        let register = HypervisorOp::RegisterTest(self.spec.clone());
        bench.done(&bench.ctx(), &Operation::Hypervisor(register)).await?;
        Ok(())
    }

    /// All of it, in whatever state it is.
    async fn remove(&self, bench: &Bench<'_>) -> Result<(), Stop> {
        let mut ops: Vec<_> = Vec::new();
        if self.look(bench).await.is_ok() {
            ops.push(Operation::Hypervisor(HypervisorOp::PowerOff(self.instance())));
        }
        ops.push(Operation::Hypervisor(HypervisorOp::Unregister(self.instance())));
        for clone in &self.spec.clones {
            let (group, clone) = (self.group.clone(), clone.clone());
            ops.push(Operation::Storage(StorageOp::DropTest { group, clone }));
        }
        let name = self.bubble.as_str().into();
        ops.push(Operation::Hypervisor(HypervisorOp::DropBubble { name }));
        for op in ops {
            bench.done(&OpContext { mode: Mode::Cleanup, ..bench.ctx() }, &op).await?;
        }
        Ok(())
    }

    async fn look(&self, bench: &Bench<'_>) -> Result<VmState, Stop> {
        match bench.look(&Query::Vm(self.instance())).await?.state {
            Observation::Vm(Some(state)) => Ok(state),
            other => Err(failed(format!("asked for the test copy, it answers {other:?}"))),
        }
    }

    /// Which of its two cards are connected to the bubble, and that nothing else is connected.
    async fn connected(&self, bench: &Bench<'_>) -> Result<usize, Stop> {
        let state = self.look(bench).await?;
        let (mut own, mut other) = (0, Vec::new());
        for nic in &state.nics {
            match &nic.network {
                Some(network) if network.as_str() == self.bubble => own += 1,
                Some(network) => other.push(network.to_string()),
                None => {}
            }
        }
        ensure(other.is_empty(), || format!("a test copy is connected to {}", other.join(", ")))?;
        Ok(own)
    }
}

/// Does something with a copy, and removes it, whatever came of it.
macro_rules! with_copy {
    ($bench:expr, $name:literal, $case:path) => {{
        let copy = Copy::plan($bench, $name).await?;
        let finding = $case($bench, &copy).await;
        let removed = copy.remove($bench).await;
        let finding = finding?;
        removed?;
        Ok(finding)
    }};
}

pub(super) async fn half_way(bench: &Bench<'_>) -> Finding {
    bench.hand(Hook::HalfWay)?;
    with_copy!(bench, "half", half)
}

pub(super) async fn cards_first(bench: &Bench<'_>) -> Finding {
    with_copy!(bench, "copy", cards)
}

/// The backend stops after the first of two cards.
async fn half(bench: &Bench<'_>, copy: &Copy) -> Finding {
    copy.make(bench).await?;
    let op = copy.connect();
    let aim = Aim { object: Some(op.object()), times: Some(1), delay: None };
    bench.harm(Hook::HalfWay, aim).await?;
    let answer = bench.execute(&bench.ctx(), &op).await;
    bench.heal().await?;
    let connected = copy.connected(bench).await?;
    let apt = match &answer {
        Outcome::Unknown(_) => true,
        Outcome::Done(_) => connected == MACS.len(),
        Outcome::Refused(_) => connected == 0,
    };
    ensure(apt, || {
        format!("done by half, it is {}; {connected} cards are connected", said(&answer))
    })?;
    bench.done(&bench.ctx(), &op).await?;
    let all = copy.connected(bench).await?;
    ensure(all == MACS.len(), || format!("tried again, {all} cards are connected"))?;
    Ok(format!("{connected} of {} cards were seen after the first try", MACS.len()))
}

async fn cards(bench: &Bench<'_>, copy: &Copy) -> Finding {
    copy.make(bench).await?;
    let fresh = copy.look(bench).await?;
    ensure(fresh.power == Power::Off && !fresh.autostart, || {
        format!("just registered, its power is {:?}, autostart {}", fresh.power, fresh.autostart)
    })?;
    let before = copy.connected(bench).await?;
    ensure(before == 0, || format!("just registered, {before} cards are connected"))?;
    bench.done(&bench.ctx(), &copy.connect()).await?;
    let seen = copy.connected(bench).await?;
    ensure(seen == MACS.len(), || format!("connected, and {seen} of 2 cards are seen to be"))?;
    let power = copy.look(bench).await?.power;
    ensure(power == Power::Off, || "connecting its cards powered it on".to_owned())?;
    let on = Operation::Hypervisor(HypervisorOp::PowerOn(copy.instance()));
    bench.done(&bench.ctx(), &on).await?;
    let power = copy.look(bench).await?.power;
    ensure(power == Power::On, || format!("powered on, it is {power:?}"))?;
    let still = copy.connected(bench).await?;
    ensure(still == MACS.len(), || format!("powered on, {still} of 2 cards are connected"))?;
    Ok(String::new())
}
