//! ATK-04, 10 and 18: what an agent still knows after it was killed.

use std::time::Duration;

use super::bench::{Bench, said};
use super::hand::{Count, Hook};
use super::{Finding, Stop, ensure, failed};
use crate::context::OpContext;
use crate::observed::Observation;
use crate::outcome::{OpStatus, Outcome};
use crate::query::Query;
use crate::token::Token;

/// How often ATK-18 kills.
const KILLS: u32 = 20;

async fn restart(bench: &Bench<'_>) -> Result<(), Stop> {
    let hand = bench.hand(Hook::Restart)?;
    hand.restart().await.map_err(|why| failed(format!("it was not started again: {why}")))
}

pub(super) async fn same_id(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (ctx, name, other) = (bench.ctx(), bench.name("restart"), bench.name("restart-other"));
    let first = bench.settled(&ctx, &pet.make(&name)).await?;
    restart(bench).await?;
    let status = bench.adapter.operation(&ctx.op_id).await;
    ensure(status == Ok(OpStatus::Ended(first.clone())), || {
        format!("it was {}, and after a restart the agent says {status:?}", said(&first))
    })?;
    let second = bench.settled(&ctx, &pet.make(&name)).await?;
    ensure(first == second, || {
        format!("first {}, and after a restart {}", said(&first), said(&second))
    })?;
    bench.refused(&ctx, &pet.make(&other)).await?;
    bench.see(&other, false).await?;
    bench.see(&name, true).await?;
    bench.once(&ctx.op_id).await
}

pub(super) async fn token(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (name, open) = (bench.name("floor"), bench.name("high"));
    let (old, old_removal) = (bench.ctx(), bench.ctx());
    bench.done(&bench.ctx(), &pet.make(&open)).await?;
    // Below what the object has seen, and below no fence yet.
    restart(bench).await?;
    bench.refused(&old_removal, &pet.remove(&open)).await?;
    bench.see(&open, true).await?;
    let floor = bench.token();
    bench.raised(floor).await?;
    restart(bench).await?;
    bench.refused(&OpContext { token: old.token, ..bench.ctx() }, &pet.make(&name)).await?;
    bench.see(&name, false).await?;
    let holds = high_water(bench).await?;
    ensure(holds >= floor, || {
        format!("the fence was raised to {floor}; after a restart the highest token is {holds}")
    })?;
    bench.done(&bench.ctx(), &pet.make(&name)).await?;
    Ok("after a restart; what a new installation does was not asked".to_owned())
}

async fn high_water(bench: &Bench<'_>) -> Result<Token, Stop> {
    match bench.look(&Query::Alive).await?.state {
        Observation::Alive { high_water } => Ok(high_water),
        other => Err(failed(format!("asked whether it is alive, it answers {other:?}"))),
    }
}

/// Kills at moments that are spread over an operation's whole way, and a little beyond its end.
pub(super) async fn kills(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let name = bench.name("killed");
    let begin = bench.now();
    bench.done(&bench.ctx(), &pet.make(&name)).await?;
    let takes = bench.now().since(begin).0.max(4);
    let mut unsure = 0;
    for kill in 0..KILLS {
        let there = kill % 2 == 1;
        let op = if there { pet.make(&name) } else { pet.remove(&name) };
        let ctx = bench.ctx();
        let moment = Duration::from_millis(bench.chance() % (takes + takes / 4));
        let strike = async {
            tokio::time::sleep(moment).await;
            restart(bench).await
        };
        let (answer, struck) = futures_util::future::join(bench.execute(&ctx, &op), strike).await;
        struck?;
        unsure += u32::from(matches!(answer, Outcome::Unknown(_)));
        let again = bench.settled(&ctx, &op).await?;
        let at = || format!("kill {kill}, {} ms after the request", moment.as_millis());
        ensure(matches!(again, Outcome::Done(_)), || {
            format!("{}: asked again it is {}", at(), said(&again))
        })?;
        bench.see(&name, there).await?;
        bench.once(&ctx.op_id).await?;
    }
    Ok(format!("{KILLS} kills, {unsure} of them before the answer"))
}

impl Bench<'_> {
    /// Fails the case where an operation is known to have had its effect more than once.
    pub(super) async fn once(&self, id: &crate::OpId) -> Finding {
        let Ok(hand) = self.hand(Hook::Effects) else { return Ok(String::new()) };
        let effects = hand.count(&Count::Effects(*id)).await.map_err(failed)?;
        ensure(effects <= 1, || format!("{id} had its effect {effects} times"))?;
        Ok(String::new())
    }
}
