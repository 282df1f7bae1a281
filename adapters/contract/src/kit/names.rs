//! ATK-27 and 28: a name is not an identity.

use super::bench::Bench;
use super::hand::{Aim, Hook};
use super::{Finding, Stop, ensure, failed};
use crate::context::{Mode, OpContext};
use crate::observed::Observation;
use crate::operation::Instance;
use crate::query::Query;

/// A name is made, removed, and made again by somebody else: it is theirs now.
pub(super) async fn reused(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("reused");
    let first = bench.ctx();
    let receipt = bench.done(&first, &pet.make(&name)).await?;
    let clean = || OpContext { mode: Mode::Cleanup, ..bench.ctx() };
    bench.done(&clean(), &pet.remove(&name)).await?;
    let other = || OpContext { run_tag: Some(bench.probe.other_tag()), ..bench.ctx() };
    let second = bench.done(&other(), &pet.make(&name)).await?;
    ensure(!second.already, || "made anew, it is called there already".to_owned())?;
    let theirs = Some(bench.probe.other_tag());
    bench.refused(&clean(), &pet.remove(&name)).await?;
    bench.refused(&bench.ctx(), &pet.make(&name)).await?;
    let owner = bench.owner(&name).await?;
    ensure(owner == theirs, || format!("it was made under another tag, and is of {owner:?}"))?;
    // The first operation still has its own answer, and does nothing for it.
    let again = bench.done(&first, &pet.make(&name)).await?;
    ensure(again == receipt, || "the first operation has another answer now".to_owned())?;
    let owner = bench.owner(&name).await?;
    ensure(owner == theirs, || format!("asked again, the first one made it one of {owner:?}"))?;
    let own = bench.leftovers(&bench.probe.tag()).await?;
    ensure(!own.contains(&pet.leftover(&name)), || {
        "it is still listed under the tag that it had first".to_owned()
    })?;
    Ok(String::new())
}

pub(super) async fn renamed(bench: &Bench<'_>) -> Finding {
    let hand = bench.hand(Hook::Rename)?;
    let find = async || {
        let found = bench.adapter.inventory().await;
        found.map_err(|error| failed(format!("no inventory: {error}")))
    };
    let before = find().await?;
    let Some(vm) = before.vms.iter().find(|vm| vm.run_tag.is_none()) else {
        return Err(Stop::NotApplicable("there is no VM at this site".to_owned()));
    };
    let instance = Instance::Production(vm.id);
    let aim = Aim { object: Some(format!("vm/{}", vm.id)), ..Aim::default() };
    hand.harm(Hook::Rename, &aim).await.map_err(failed)?;
    let seen = bench.look(&Query::Vm(instance)).await?.state;
    ensure(matches!(seen, Observation::Vm(Some(_))), || {
        format!("renamed behind its back, asked for by its UUID: {seen:?}")
    })?;
    let after = find().await?;
    let same: Vec<_> = after.vms.iter().filter(|other| other.id == vm.id).collect();
    ensure(same.len() == 1 && same[0].name != vm.name, || {
        let names: Vec<_> = same.iter().map(|vm| vm.name.to_string()).collect();
        format!("`{}` was renamed; the inventory has it as {names:?}", vm.name)
    })?;
    ensure(after.vms.len() == before.vms.len(), || {
        format!("{} VMs before and {} after", before.vms.len(), after.vms.len())
    })?;
    Ok(format!("`{}` is `{}` now", vm.name, same[0].name))
}
