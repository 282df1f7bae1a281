//! ATK-29 and 30: a backend that is busy, and one that does not accept the agent any more.

use std::time::Duration;

use super::bench::{Bench, said};
use super::hand::{Aim, Count, Hook};
use super::{Finding, Stop, ensure, failed};
use crate::error::ErrorClass;
use crate::outcome::Outcome;

/// How long the backend is busy, in seconds, and how many calls it may get in one of them.
const BUSY: u64 = 3;
const CALLS_A_SECOND: u64 = 5;

/// How many calls one refused operation may cost: itself, one renewal and itself again, and as many
/// looks.
const CALLS_A_REFUSAL: u64 = 6;

async fn calls(bench: &Bench<'_>) -> Result<u64, Stop> {
    bench.hand(Hook::Calls)?.count(&Count::Calls).await.map_err(failed)
}

/// Asks one operation while the backend throttles, and lets the agent do about it what it likes.
pub(super) async fn throttled(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("throttled");
    let (ctx, op) = (bench.ctx(), pet.make(&name));
    let before = calls(bench).await?;
    bench.harm(Hook::Throttle, Aim::default()).await?;
    let busy = async {
        tokio::time::sleep(Duration::from_secs(BUSY)).await;
        let calls = calls(bench).await;
        bench.heal().await?;
        calls
    };
    let (answer, after) = futures_util::future::join(bench.execute(&ctx, &op), busy).await;
    let calls = after?.saturating_sub(before);
    let apt = match &answer {
        Outcome::Refused(reason) => reason.class == ErrorClass::Retry,
        Outcome::Done(_) | Outcome::Unknown(_) => true,
    };
    ensure(apt, || format!("throttled, the operation is {}", said(&answer)))?;
    ensure(calls <= BUSY * CALLS_A_SECOND, || {
        format!("{calls} calls in {BUSY} s of one operation that is throttled")
    })?;
    let ended = bench.converged(&ctx.op_id).await?;
    let done = matches!(answer, Outcome::Done(_)) || matches!(ended, Some(Outcome::Done(_)));
    bench.see(&name, done).await?;
    bench.done(&bench.ctx(), &op).await?;
    Ok(format!("{calls} calls in {BUSY} s, then {}", said(&answer)))
}

/// Expired once: renewed, or said. Expired for good: said, and not tried for ever.
pub(super) async fn expired(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (once, ever) = (bench.name("expired-once"), bench.name("expired"));
    let aim = Aim { times: Some(1), ..Aim::default() };
    bench.harm(Hook::Expire, Aim { object: Some(pet.make(&once).object()), ..aim }).await?;
    let first = bench.execute(&bench.ctx(), &pet.make(&once)).await;
    bench.heal().await?;
    let refused = |outcome: &Outcome<crate::Receipt>| matches!(outcome, Outcome::Refused(reason) if reason.class == ErrorClass::Auth);
    ensure(matches!(first, Outcome::Done(_)) || refused(&first), || {
        format!("expired once, the operation is {}", said(&first))
    })?;
    bench.see(&once, matches!(first, Outcome::Done(_))).await?;
    let counts = bench.hand(Hook::Calls).is_ok();
    let before = if counts { calls(bench).await? } else { 0 };
    bench.harm(Hook::Expire, Aim::default()).await?;
    let second = bench.execute(&bench.ctx(), &pet.make(&ever)).await;
    let after = if counts { calls(bench).await? } else { 0 };
    let seen = bench.adapter.query(&pet.query(&ever)).await;
    bench.heal().await?;
    ensure(refused(&second), || format!("expired, the operation is {}", said(&second)))?;
    let apt = seen.as_ref().map_or_else(|error| error.class == ErrorClass::Auth, |_| true);
    ensure(apt, || format!("expired, a query is {seen:?}"))?;
    let cost = after.saturating_sub(before);
    ensure(cost <= CALLS_A_REFUSAL, || format!("{cost} calls for one operation that is refused"))?;
    bench.see(&ever, false).await?;
    // Not for ever, once there are new ones.
    bench.done(&bench.ctx(), &pet.make(&ever)).await?;
    let first = if matches!(first, Outcome::Done(_)) { "renewed once" } else { "not renewed" };
    let cost = if counts { format!(", {cost} calls for a refusal") } else { String::new() };
    Ok(format!("{first}{cost}"))
}
