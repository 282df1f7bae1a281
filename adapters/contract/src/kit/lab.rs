//! ATK-22, 35, 37 and 38: a group that may really be failed over, there and back.

use muster_plans::id::VmId;
use muster_plans::inventory::{Power, SiteInventory};

use super::bench::Bench;
use super::copy::{host, spec};
use super::hand::{Aim, Count, Hook, Lab};
use super::journey::Journey;
use super::{Finding, Stop, ensure, failed};
use crate::context::{Mode, OpContext};
use crate::error::ErrorClass;
use crate::observed::Observation;
use crate::operation::{HypervisorOp, Instance, Operation};
use crate::outcome::Outcome;
use crate::query::Query;

/// Promotes with evidence while the source is a black hole, and nobody asks it for anything.
pub(super) async fn black_hole(bench: &Bench<'_>) -> Finding {
    let journey = Journey::plan(bench).await?;
    let finding = cut_off(bench, &journey).await;
    let home = journey.home().await;
    let finding = finding?;
    home?;
    Ok(finding)
}

async fn cut_off(bench: &Bench<'_>, journey: &Journey<'_>) -> Finding {
    journey.power(false).await?;
    bench.harm(Hook::Cut, Aim::default()).await?;
    let counts = bench.hand(Hook::Contacts).ok();
    let contacts = async || match counts {
        Some(hand) => hand.count(&Count::Contacts).await.map_err(failed),
        None => Ok(0),
    };
    let before = contacts().await?;
    let leg = bench.leg(&journey.lab.group).await?;
    let point = leg.points.first().map(|point| point.id.clone());
    let begin = bench.now();
    journey.promote_here(Mode::Unplanned, point.clone(), 0).await?;
    let took = bench.now().since(begin);
    let after = contacts().await?;
    bench.heal().await?;
    ensure(before == after, || {
        format!("in an unplanned run the failed site was asked {} times", after - before)
    })?;
    let leg = bench.leg(&journey.lab.group).await?;
    ensure(leg.writable, || "promoted, and it cannot be written".to_owned())?;
    ensure(point.is_none() || leg.promoted_point == point, || {
        format!("asked for the point {point:?}, it promoted {:?}", leg.promoted_point)
    })?;
    Ok(match counts {
        Some(_) => format!("promoted in {took}, no request to the peer"),
        None => format!("promoted in {took}; requests to the peer were not counted"),
    })
}

pub(super) async fn generations(bench: &Bench<'_>) -> Finding {
    let journey = Journey::plan(bench).await?;
    let finding = over_and_back(&journey).await;
    let home = journey.home().await;
    let finding = finding?;
    home?;
    Ok(finding)
}

async fn over_and_back(journey: &Journey<'_>) -> Finding {
    let mut last = journey.generations().await?;
    let start = last;
    for (side, place) in [(0, "here"), (1, "at the peer")] {
        // Somebody knows of promotions that neither array has heard of.
        let above = last[0].max(last[1]) + 10;
        if side == 0 {
            journey.power(false).await?;
            journey.over(above).await?;
        } else {
            journey.back(above).await?;
        }
        let now = journey.generations().await?;
        ensure(now[side] > last[0].max(last[1]), || {
            format!("promoted {place}, the generations went from {last:?} to {now:?}")
        })?;
        ensure(now[side] > above, || {
            format!("promoted {place} above {above}, the generations are {now:?}")
        })?;
        // The other copy may have taken it over with the data by now.
        ensure(now[side] >= now[1 - side], || {
            format!("promoted {place}, the other copy's generation is above: {now:?}")
        })?;
        last = now;
    }
    Ok(format!("from {} to {} and {}", start[0].max(start[1]), last[0], last[1]))
}

/// Promotes a point that lacks the source's last writes, and turns replication round.
pub(super) async fn snapshot_first(bench: &Bench<'_>) -> Finding {
    let hand = bench.hand(Hook::Snapshots)?;
    let journey = Journey::plan(bench).await?;
    journey.written().await?;
    let count = Count::Snapshots(journey.lab.group.clone());
    let before = hand.count(&count).await.map_err(failed)?;
    let finding = async {
        journey.power(false).await?;
        bench.harm(Hook::Cut, Aim::default()).await?;
        let point = bench.leg(&journey.lab.group).await?.points.first().map(|p| p.id.clone());
        journey.promote_here(Mode::Unplanned, point, 0).await?;
        bench.heal().await?;
        journey.demote_peer().await?;
        journey.reverse_here().await
    };
    let finding = finding.await;
    let home = journey.home().await;
    finding?;
    home?;
    let made = hand.count(&count).await.map_err(failed)?.saturating_sub(before);
    ensure(made > 0, || "data was discarded, and no snapshot of it was made before".to_owned())?;
    Ok(format!("{made} made"))
}

/// Registers here what runs at the peer, and tries to power it on.
pub(super) async fn locked(bench: &Bench<'_>) -> Finding {
    let lab = bench.hand(Hook::Lab)?.lab().ok_or_else(|| failed("the hand has no lab"))?;
    let theirs = lab.peer.inventory().await;
    let theirs = theirs.map_err(|error| failed(format!("the peer: {error}")))?;
    let running = runs_there(&lab, &theirs)?;
    let Some(vm) = theirs.vms.iter().find(|vm| vm.id == running) else {
        return Err(failed(format!("the VM {running} is not at the peer")));
    };
    let here: std::collections::BTreeSet<_> =
        bench.inventory.volumes.iter().map(|volume| volume.id.clone()).collect();
    let spec = spec(vm, host(&bench.inventory)?, |volume| here.contains(volume));
    let instance = Instance::Production(vm.id);
    let planned = || OpContext { mode: Mode::Planned, run_tag: None, ..bench.ctx() };
    let hypervisor = Operation::Hypervisor;
    bench.done(&planned(), &hypervisor(HypervisorOp::Register(spec))).await?;
    let on = bench.settled(&planned(), &hypervisor(HypervisorOp::PowerOn(instance.clone()))).await;
    let seen = bench.look(&Query::Vm(instance.clone())).await;
    let runs = matches!(&seen, Ok(seen) if matches!(&seen.state,
        Observation::Vm(Some(state)) if state.power == Power::On));
    if runs || matches!(on, Ok(Outcome::Done(_))) {
        let off = hypervisor(HypervisorOp::PowerOff(instance.clone()));
        bench.done(&planned(), &off).await?;
    }
    bench.done(&planned(), &hypervisor(HypervisorOp::Unregister(instance))).await?;
    ensure(!runs, || "it runs here and at the peer".to_owned())?;
    match on? {
        Outcome::Refused(reason) if reason.class == ErrorClass::Precondition => Ok(reason.message),
        other => Err(failed(format!("a second power-on is {}", super::bench::said(&other)))),
    }
}

fn runs_there(lab: &Lab, theirs: &SiteInventory) -> Result<VmId, Stop> {
    if let Some(vm) = lab.locked {
        return Ok(vm);
    }
    let on = |vm: &&muster_plans::inventory::VirtualMachine| vm.power == Power::On;
    let of_the_group = super::journey::of_group(theirs, &lab.group);
    let found = theirs.vms.iter().filter(on).find(|vm| of_the_group.contains(&vm.id));
    found
        .map(|vm| vm.id)
        .ok_or_else(|| Stop::NotApplicable("no VM of the lab's group runs at the peer".to_owned()))
}
