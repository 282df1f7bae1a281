//! ATK-07, 08 and 34: what goes on while an operation is under way.

use std::time::Duration;

use muster_plans::time::Span;

use super::bench::{Bench, said};
use super::hand::{Aim, Hook};
use super::{Finding, Stop, ensure, failed};
use crate::context::{OpContext, OpId};
use crate::error::ErrorClass;
use crate::outcome::{OpStatus, Outcome};

/// How much later an operation has its effect that timed out, and how much longer one that hangs is
/// waited for than one beside it.
const LATER: Span = Span(2000);

/// Waits until an operation is under way; `false`: it was over before it could be seen.
async fn under_way(bench: &Bench<'_>, id: &OpId) -> Result<bool, Stop> {
    let until = bench.now() + bench.probe.patience;
    while bench.now() < until {
        match bench.adapter.operation(id).await {
            Ok(OpStatus::Pending) => return Ok(true),
            Ok(OpStatus::Ended(_)) => return Ok(false),
            Ok(OpStatus::NotKnown) | Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
    Err(failed(format!("{id} was asked for and never heard of")))
}

fn too_quick() -> Stop {
    Stop::NotApplicable("the operation was over before it could be seen under way".to_owned())
}

/// How often it is tried to see an operation under way.
pub(super) const TRIES: u32 = 8;

pub(super) async fn lower(bench: &Bench<'_>) -> Finding {
    for _ in 0..TRIES {
        if overtaken(bench).await? {
            return Ok(String::new());
        }
    }
    Err(too_quick())
}

/// Whether the higher one was seen in flight when the lower one came.
async fn overtaken(bench: &Bench<'_>) -> Result<bool, Stop> {
    let pet = bench.pet()?;
    let name = bench.name(&format!("overtaken-{}", bench.token().seq));
    let old = bench.token();
    let (ctx, low) = (bench.ctx(), OpContext { token: old, ..bench.ctx() });
    let (make, remove) = (pet.make(&name), pet.remove(&name));
    let second = async {
        let seen = under_way(bench, &ctx.op_id).await?;
        Ok::<_, Stop>((seen, bench.settled(&low, &remove).await?))
    };
    let (first, second) = futures_util::future::join(bench.done(&ctx, &make), second).await;
    first?;
    let (seen, outcome) = second?;
    let apt = matches!(
        &outcome,
        Outcome::Refused(reason) if reason.class == ErrorClass::Precondition
    );
    ensure(apt, || format!("the lower token's operation is {}", said(&outcome)))?;
    bench.see(&name, true).await?;
    Ok(seen)
}

/// A fence is raised over an operation that was accepted and has not had its effect: what the fence
/// found is what stays.
pub(super) async fn at_the_effect(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("fenced-late");
    let (ctx, op) = (bench.ctx(), pet.make(&name));
    let late = bench.hand(Hook::Late);
    if late.is_ok() {
        let aim = Aim { object: Some(op.object()), times: Some(1), delay: Some(LATER) };
        bench.harm(Hook::Late, aim).await?;
    }
    let fence = async {
        if !under_way(bench, &ctx.op_id).await? {
            return Err(too_quick());
        }
        let floor = bench.token();
        let until = bench.now() + bench.probe.patience;
        // An agent that cannot know yet what becomes of it says so, and is asked again.
        while let Outcome::Unknown(hint) = bench.adapter.raise_fence(&bench.domain(), floor).await {
            ensure(bench.now() < until, || format!("the fence stays unknown: {}", hint.message))?;
            bench.wait().await;
        }
        bench.raised(floor).await?;
        bench.owner(&name).await
    };
    let (_, fenced) = futures_util::future::join(bench.execute(&ctx, &op), fence).await;
    let then = fenced?.is_some();
    // Longer than the operation can still be on its way.
    tokio::time::sleep(Duration::from_millis(LATER.0 * 2)).await;
    let ended = bench.converged(&ctx.op_id).await?;
    let now = bench.owner(&name).await?.is_some();
    ensure(then == now, || {
        let (then, now) = (place(then), place(now));
        format!("when the fence was up the object {then}, and later it {now}")
    })?;
    let done = matches!(ended, Some(Outcome::Done(_)));
    ensure(done == now, || {
        format!(
            "the operation is {}, and the object {}",
            ended.as_ref().map_or_else(|| "not known".to_owned(), said),
            place(now)
        )
    })?;
    Ok(if late.is_ok() { "with an effect that came late".to_owned() } else { String::new() })
}

fn place(there: bool) -> &'static str {
    if there { "was there" } else { "was not there" }
}

pub(super) async fn side_by_side(bench: &Bench<'_>) -> Finding {
    if bench.hand(Hook::Hang).is_ok() {
        return beside_one_that_hangs(bench).await;
    }
    let pet = bench.pet()?;
    let begin = bench.now();
    bench.done(&bench.ctx(), &pet.make(&bench.name("alone"))).await?;
    let alone = bench.now().since(begin);
    let names: Vec<String> = (0..6).map(|nr| bench.name(&format!("beside-{nr}"))).collect();
    let begin = bench.now();
    let all = names
        .iter()
        .map(|name| async { bench.done(&bench.ctx(), &pet.make(name)).await.map(|_| ()) });
    futures_util::future::try_join_all(all).await?;
    let together = bench.now().since(begin);
    if alone < Span(200) {
        let why = "operations are over too quickly to tell; needs the hook `hang`";
        return Err(Stop::NotApplicable(why.to_owned()));
    }
    ensure(together.0 < alone.0 * 4, || format!("one takes {alone}, and six at once {together}"))?;
    Ok(format!("one takes {alone}, and six at once {together}"))
}

async fn beside_one_that_hangs(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let begin = bench.now();
    bench.done(&bench.ctx(), &pet.make(&bench.name("alone"))).await?;
    let takes = bench.now().since(begin);
    let (stuck, free) = (bench.name("stuck"), bench.name("free"));
    let op = pet.make(&stuck);
    let aim = Aim { object: Some(op.object()), times: Some(1), delay: None };
    bench.harm(Hook::Hang, aim).await?;
    // Time enough for the other one, and over long before the one that hangs is given up.
    let until = bench.now() + takes + takes + Span(500);
    let ctx = OpContext { deadline: until + LATER, ..bench.ctx() };
    let other = async {
        let hangs = under_way(bench, &ctx.op_id).await?;
        let beside = OpContext { deadline: until, ..bench.ctx() };
        let outcome = bench.execute(&beside, &pet.make(&free)).await;
        let status = bench.adapter.operation(&ctx.op_id).await;
        bench.heal().await?;
        ensure(matches!(outcome, Outcome::Done(_)), || {
            format!("beside an operation that hangs, another one is {}", said(&outcome))
        })?;
        ensure(hangs && status == Ok(OpStatus::Pending), || {
            format!("the operation that was to hang is {status:?}")
        })
    };
    let (_, other) = futures_util::future::join(bench.execute(&ctx, &op), other).await;
    other?;
    // Whatever it is, it does not stay open.
    bench.converged(&ctx.op_id).await?;
    Ok("beside one that hung".to_owned())
}
