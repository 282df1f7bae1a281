//! ATK-11, 12 and 19: what is already so, what cannot be, and what is only asked.

use super::bench::{Bench, said};
use super::sample::nobody;
use super::{Finding, ensure};
use crate::capability::OperationKind;
use crate::context::{Mode, OpContext};
use crate::error::ErrorClass;
use crate::observed::Observation;
use crate::operation::{HypervisorOp, Instance, Operation};
use crate::outcome::Outcome;
use crate::query::Query;

pub(super) async fn already(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("already");
    let first = bench.done(&bench.ctx(), &pet.make(&name)).await?;
    ensure(!first.already, || "what was not there is called there already".to_owned())?;
    let second = bench.done(&bench.ctx(), &pet.make(&name)).await?;
    ensure(second.already, || "made twice, and not called there already".to_owned())?;
    bench.done(&bench.ctx(), &pet.remove(&name)).await?;
    let gone = bench.done(&bench.ctx(), &pet.remove(&name)).await?;
    ensure(gone.already, || "removed twice, and not called gone already".to_owned())?;
    Ok(String::new())
}

/// A test copy that does not exist cannot be powered on; a bubble of another test cannot be removed.
pub(super) async fn wrong_start(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    if bench.capabilities.operations.contains_key(&OperationKind::PowerOn) {
        let instance = Instance::Test(nobody(), bench.probe.tag());
        let op = Operation::Hypervisor(HypervisorOp::PowerOn(instance.clone()));
        let reason = bench.refused(&bench.ctx(), &op).await?;
        let apt = [ErrorClass::Precondition, ErrorClass::NotFound].contains(&reason.class);
        ensure(apt, || format!("its class is {:?}: {}", reason.class, reason.message))?;
        let seen = bench.look(&Query::Vm(instance)).await?.state;
        ensure(seen == Observation::Vm(None), || format!("afterwards: {seen:?}"))?;
    }
    let name = bench.name("wrong");
    bench.done(&bench.ctx(), &pet.make(&name)).await?;
    let other = OpContext { run_tag: Some(bench.probe.other_tag()), ..bench.ctx() };
    let reason = bench.refused(&other, &pet.make(&name)).await?;
    ensure(reason.class == ErrorClass::Precondition, || {
        format!("its class is {:?}: {}", reason.class, reason.message)
    })?;
    let owner = bench.owner(&name).await?;
    ensure(owner == Some(bench.probe.tag()), || format!("afterwards it belongs to {owner:?}"))?;
    Ok(String::new())
}

pub(super) async fn dry_run(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (name, there) = (bench.name("dry"), bench.name("dry-there"));
    bench.done(&bench.ctx(), &pet.make(&there)).await?;
    let before = bench.leftovers(&bench.probe.tag()).await?;
    for (op, mode) in [(pet.make(&name), Mode::Test), (pet.remove(&there), Mode::Cleanup)] {
        let ctx = OpContext { dry_run: true, mode, ..bench.ctx() };
        let outcome = bench.execute(&ctx, &op).await;
        ensure(matches!(outcome, Outcome::Done(_)), || {
            format!("a dry run of what can be done is {}", said(&outcome))
        })?;
    }
    bench.see(&name, false).await?;
    bench.see(&there, true).await?;
    let after = bench.leftovers(&bench.probe.tag()).await?;
    ensure(before == after, || format!("before: {before:?}; after: {after:?}"))?;
    Ok(String::new())
}
