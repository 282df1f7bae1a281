//! ATK-24, 25 and 33: what a look shows.

use std::collections::BTreeSet;
use std::time::Duration;

use muster_plans::time::Span;

use super::bench::Bench;
use super::flight::TRIES;
use super::pet::Pet;
use super::{Finding, Stop, ensure, failed};

/// How many objects make a large site.
const OBJECTS: usize = 1000;

pub(super) async fn own_write(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("seen");
    let before = bench.look(&pet.query(&name)).await?.as_of;
    let receipt = bench.done(&bench.ctx(), &pet.make(&name)).await?;
    let until = bench.now() + bench.probe.patience;
    let mut looks = 1;
    loop {
        let seen = bench.look(&pet.query(&name)).await?;
        ensure(seen.as_of >= before, || {
            format!("a later look was observed earlier: {} after {before}", seen.as_of)
        })?;
        let there = Pet::owner(seen.state).is_ok_and(|owner| owner.is_some());
        if there {
            return Ok(format!("seen at look {looks}"));
        }
        // An old look says so itself.
        ensure(receipt.at.is_none_or(|at| seen.as_of < at), || {
            format!("done at {:?}, and not seen at {}", receipt.at, seen.as_of)
        })?;
        ensure(bench.now() < until, || "never seen".to_owned())?;
        looks += 1;
        bench.wait().await;
    }
}

pub(super) async fn pending(bench: &Bench<'_>) -> Finding {
    for _ in 0..TRIES {
        if listed(bench).await? {
            return Ok("listed while it was under way".to_owned());
        }
    }
    let why = "the operation was over before it could be looked at";
    Err(Stop::NotApplicable(why.to_owned()))
}

/// Looks at an object while an operation on it is under way; whether it was seen so.
async fn listed(bench: &Bench<'_>) -> Result<bool, Stop> {
    let pet = bench.pet()?;
    let (ctx, name) = (bench.ctx(), bench.name(&format!("pending-{}", bench.token().seq)));
    let (op, query) = (pet.make(&name), pet.query(&name));
    let work = bench.settled(&ctx, &op);
    tokio::pin!(work);
    let mut seen = 0;
    loop {
        tokio::select! {
            biased;
            outcome = &mut work => {
                outcome?;
                break;
            }
            looked = bench.look(&query) => {
                let looked = looked?;
                seen += u32::from(looked.pending.contains(&ctx.op_id));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    let after = bench.look(&query).await?.pending;
    ensure(!after.contains(&ctx.op_id), || "it has ended and is still called pending".to_owned())?;
    Ok(seen > 0)
}

pub(super) async fn inventory(bench: &Bench<'_>) -> Finding {
    let limit = bench.probe.inventory_limit;
    let begin = bench.now();
    let answer = tokio::time::timeout(Duration::from_millis(limit.0), bench.adapter.inventory());
    let found = answer
        .await
        .map_err(|_| failed(format!("no inventory within {limit}")))?
        .map_err(|error| failed(format!("no inventory: {error}")))?;
    let took: Span = bench.now().since(begin);
    ensure(found.site == *bench.adapter.site(), || format!("it is of site `{}`", found.site))?;
    let vms: BTreeSet<_> = found.vms.iter().map(|vm| (vm.id, vm.run_tag.clone())).collect();
    ensure(vms.len() == found.vms.len(), || "a VM is listed twice".to_owned())?;
    let volumes: BTreeSet<_> = found.volumes.iter().map(|volume| &volume.id).collect();
    ensure(volumes.len() == found.volumes.len(), || "a volume is listed twice".to_owned())?;
    let groups: BTreeSet<_> = found.groups.iter().map(|group| &group.id).collect();
    ensure(groups.len() == found.groups.len(), || "a group is listed twice".to_owned())?;
    let objects = found.vms.len() + found.volumes.len() + found.groups.len() + found.hosts.len();
    if objects < OBJECTS {
        let why = format!("the site has {objects} objects, and the case needs {OBJECTS}");
        return Err(Stop::NotApplicable(why));
    }
    Ok(format!("{objects} objects in {took}"))
}
