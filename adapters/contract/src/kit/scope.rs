//! ATK-20 and 21: what a test may touch, and what its cleanup removes.

use muster_plans::inventory::Power;

use super::bench::Bench;
use super::{Finding, ensure};
use crate::context::{Mode, OpContext};
use crate::operation::{FencingOp, HypervisorOp, Instance, Operation, StorageOp};

/// Production is named in dry runs only, so that an agent that fails the case does no harm.
pub(super) async fn test_mode(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("foreign");
    let other = OpContext { run_tag: Some(bench.probe.other_tag()), ..bench.ctx() };
    bench.done(&other, &pet.make(&name)).await?;
    bench.refused(&bench.ctx(), &pet.remove(&name)).await?;
    let untagged = OpContext { run_tag: None, ..bench.ctx() };
    bench.refused(&untagged, &pet.make(&bench.name("untagged"))).await?;
    bench.see(&name, true).await?;
    bench.see(&bench.name("untagged"), false).await?;
    let mut asked = 0;
    for op in production(bench) {
        if bench.capabilities.operations.contains_key(&op.kind()) {
            bench.refused(&OpContext { dry_run: true, ..bench.ctx() }, &op).await?;
            asked += 1;
        }
    }
    Ok(format!("{asked} operations on production objects were refused"))
}

fn production(bench: &Bench<'_>) -> Vec<Operation> {
    let mut all = Vec::new();
    if let Some(vm) = bench.inventory.vms.iter().find(|vm| vm.run_tag.is_none()) {
        let instance = Instance::Production(vm.id);
        let power = match vm.power {
            Power::On => HypervisorOp::PowerOff(instance.clone()),
            Power::Off | Power::Suspended => HypervisorOp::PowerOn(instance.clone()),
        };
        all.push(Operation::Hypervisor(power));
        all.push(Operation::Hypervisor(HypervisorOp::Unregister(instance)));
    }
    if let Some(group) = bench.inventory.groups.first() {
        let group = group.id.clone();
        all.push(Operation::Storage(StorageOp::Demote { group: group.clone() }));
        let (point, forced, above) = (None, true, 0);
        all.push(Operation::Storage(StorageOp::Promote {
            group: group.clone(),
            point,
            forced,
            above,
        }));
        all.push(Operation::Storage(StorageOp::Reverse { group: group.clone() }));
        all.push(Operation::Hypervisor(HypervisorOp::Unmount { group: group.clone() }));
        let peer = bench.inventory.groups[0].peer.clone();
        all.push(Operation::Fencing(FencingOp::FenceSite { site: peer }));
    }
    all
}

pub(super) async fn cleanup(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (own, foreign) = (bench.name("own"), bench.name("not-own"));
    let other = Some(bench.probe.other_tag());
    bench.done(&bench.ctx(), &pet.make(&own)).await?;
    bench.done(&OpContext { run_tag: other, ..bench.ctx() }, &pet.make(&foreign)).await?;
    let clean = || OpContext { mode: Mode::Cleanup, ..bench.ctx() };
    bench.done(&clean(), &pet.remove(&own)).await?;
    bench.done(&clean(), &pet.remove(&own)).await?;
    bench.refused(&clean(), &pet.remove(&foreign)).await?;
    bench.see(&own, false).await?;
    bench.see(&foreign, true).await?;
    let left = bench.leftovers(&bench.probe.tag()).await?;
    ensure(!left.contains(&pet.leftover(&own)), || format!("still listed: {}", left.join(", ")))?;
    let theirs = bench.leftovers(&bench.probe.other_tag()).await?;
    ensure(theirs.contains(&pet.leftover(&foreign)), || {
        format!("not listed under its own tag: {}", theirs.join(", "))
    })?;
    Ok(String::new())
}
