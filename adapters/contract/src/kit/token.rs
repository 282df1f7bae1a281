//! ATK-06 and 09: old tokens have no effect.

use super::bench::Bench;
use super::{Finding, ensure, failed};
use crate::context::OpContext;
use crate::error::ErrorClass;
use crate::outcome::Outcome;

pub(super) async fn lower(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("lower");
    let old = bench.token();
    bench.done(&bench.ctx(), &pet.make(&name)).await?;
    let low = OpContext { token: old, ..bench.ctx() };
    let reason = bench.refused(&low, &pet.remove(&name)).await?;
    ensure(reason.class == ErrorClass::Precondition, || {
        format!("its class is {:?}, not precondition: {}", reason.class, reason.message)
    })?;
    bench.see(&name, true).await?;
    Ok(String::new())
}

pub(super) async fn fenced(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (name, open) = (bench.name("fenced"), bench.name("open"));
    // Accepted nowhere yet, and older than the fence.
    let old = bench.ctx();
    bench.done(&bench.ctx(), &pet.make(&open)).await?;
    let old_removal = bench.ctx();
    let floor = bench.token();
    bench.raised(floor).await?;
    bench.refused(&old, &pet.make(&name)).await?;
    bench.refused(&old_removal, &pet.remove(&open)).await?;
    bench.see(&name, false).await?;
    bench.see(&open, true).await?;
    // A lower fence changes nothing and says so.
    let lower = crate::Token { seq: floor.seq.saturating_sub(1), ..floor };
    match bench.adapter.raise_fence(&bench.domain(), lower).await {
        Outcome::Done(holds) if holds >= floor => {}
        other => return Err(failed(format!("raised to less, it answers {other:?}"))),
    }
    // What is newer goes on.
    bench.done(&bench.ctx(), &pet.make(&name)).await?;
    Ok(String::new())
}
