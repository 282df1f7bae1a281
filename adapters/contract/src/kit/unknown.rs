//! ATK-15, 16 and 17: what became of it, stopping it, and when to give up.

use super::bench::{Bench, said};
use super::{Finding, ensure, failed};
use crate::context::OpContext;
use crate::outcome::{OpStatus, Outcome};

pub(super) async fn status(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let never = bench.ctx().op_id;
    let status = bench.adapter.operation(&never).await;
    ensure(status == Ok(OpStatus::NotKnown), || {
        format!("asked for an operation that never was: {status:?}")
    })?;
    let (ctx, name) = (bench.ctx(), bench.name("status"));
    let outcome = bench.settled(&ctx, &pet.make(&name)).await?;
    let ended = bench.converged(&ctx.op_id).await?;
    ensure(ended.as_ref() == Some(&outcome), || {
        format!("answered {}, and then {:?}", said(&outcome), ended.as_ref().map(said))
    })?;
    // Given up after a millisecond: whatever it is, it can be found out, and it is so.
    let (mut hasty, name) = (bench.ctx(), bench.name("hasty"));
    hasty.deadline = bench.now() + muster_plans::time::Span(1);
    let first = bench.execute(&hasty, &pet.make(&name)).await;
    let ended = bench.converged(&hasty.op_id).await?;
    let there = matches!(ended, Some(Outcome::Done(_)));
    bench.see(&name, there).await?;
    let consistent = match (&first, &ended) {
        (Outcome::Unknown(_), _) => true,
        // What was refused at the door need not be remembered.
        (Outcome::Refused(_), None) => true,
        (first, ended) => ended.as_ref() == Some(first),
    };
    ensure(consistent, || {
        format!("answered {}, and then {:?}", said(&first), ended.as_ref().map(said))
    })?;
    Ok(String::new())
}

pub(super) async fn cancel(bench: &Bench<'_>) -> Finding {
    before(bench).await?;
    during(bench).await?;
    let pet = bench.pet()?;
    let (ctx, name) = (bench.ctx(), bench.name("cancel-after"));
    bench.done(&ctx, &pet.make(&name)).await?;
    let answer = bench.adapter.cancel(&ctx.op_id).await;
    let there = bench.owner(&name).await?.is_some();
    // `Done` after the end means that it was undone.
    let consistent = match answer {
        Outcome::Done(()) => !there,
        Outcome::Refused(_) => there,
        Outcome::Unknown(_) => true,
    };
    ensure(consistent, || format!("cancelled after its end: {answer:?}, there: {there}"))?;
    Ok(String::new())
}

/// What was cancelled before it came must not happen when it comes.
async fn before(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (ctx, name) = (bench.ctx(), bench.name("cancel-before"));
    if bench.adapter.cancel(&ctx.op_id).await == Outcome::Done(()) {
        bench.refused(&ctx, &pet.make(&name)).await?;
        bench.see(&name, false).await?;
    }
    Ok(String::new())
}

async fn during(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (ctx, name) = (bench.ctx(), bench.name("cancel-during"));
    let op = pet.make(&name);
    // The operation is asked first, and the cancel follows before it is answered, or at once after.
    let (outcome, answer) =
        futures_util::future::join(bench.settled(&ctx, &op), bench.adapter.cancel(&ctx.op_id))
            .await;
    let (outcome, there) = (outcome?, bench.owner(&name).await?.is_some());
    let done = matches!(outcome, Outcome::Done(_));
    if answer == Outcome::Done(()) {
        ensure(!there, || "cancelled, says the agent, and there it is".to_owned())?;
    } else {
        ensure(done == there, || format!("the operation is {}, there: {there}", said(&outcome)))?;
    }
    Ok(String::new())
}

pub(super) async fn deadline(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("overdue");
    let mut ctx: OpContext = bench.ctx();
    ctx.deadline = bench.now();
    let outcome = bench.execute(&ctx, &pet.make(&name)).await;
    if matches!(outcome, Outcome::Done(_)) {
        return Err(failed("an operation whose deadline had passed was begun and done"));
    }
    if matches!(outcome, Outcome::Refused(_)) {
        bench.see(&name, false).await?;
    }
    let late = bench.late();
    ensure(late.is_empty(), || format!("no answer in time: {}", late.join(", ")))?;
    Ok(String::new())
}
